"""The command line: one file a command, loaded when it is called."""

import importlib
import pkgutil
import sys

import click

from bot.errors import DifyOpsError
from storage.errors import StorageError


class _Commands(click.Group):
    """Finds a command in the file of its name, so that `next` does not pay for what `serve` imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dify-ops", prog_name="dify-ops")
def cli() -> None:
    """Schedule Dify workflows and watch their runs from Slack."""


def run_command_line() -> None:
    """Exit 0 on success, 1 when what was asked failed, 2 on wrong usage; an error is one sentence on stderr."""
    try:
        cli(prog_name="dify-ops")
    except (DifyOpsError, StorageError) as error:
        click.echo(f"dify-ops: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
