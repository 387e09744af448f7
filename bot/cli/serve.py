"""`dify-ops serve`: the bot."""

import click

from bot.app import ROLES, build
from bot.cli._session import read_settings
from bot.errors import Refusal
from bot.process import run, serve
from bot.settings import require_slack


@click.command("serve")
@click.option("--roles", default=",".join(ROLES), show_default=True, help="What this process does, comma separated.")
def command(roles: str) -> None:
    """Run the bot until SIGTERM or Ctrl-C."""
    wanted = {role.strip() for role in roles.split(",") if role.strip()}
    if not wanted or wanted - set(ROLES):
        raise click.BadParameter(f"roles are {', '.join(ROLES)}", param_hint="--roles")
    settings = read_settings()
    if settings.slack_bot_token is None:
        raise Refusal(
            "SLACK_BOT_TOKEN is not set, so there is no Slack to serve.",
            "Set it (docs/install.md tells how to get one), or try everything without Slack: `dify-ops demo`.",
        )
    if "bot" in wanted:
        require_slack(settings)

    async def build_and_serve() -> None:
        await serve(await build(settings, roles=wanted))

    run(build_and_serve())
