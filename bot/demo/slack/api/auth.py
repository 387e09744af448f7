"""auth.test, apps.connections.open, team.info: who the app is, and its way in."""

from bot.demo.slack.access import need_scope
from bot.demo.slack.call import Args, Method, Reply
from bot.demo.slack.pace import Tier
from bot.demo.slack.people import APP_ID, BOT_ID, BOT_USER
from bot.demo.slack.workspace import Workspace


def _test(workspace: Workspace, args: Args) -> Reply:
    return {
        "url": workspace.url,
        "team": workspace.team_domain,
        "user": workspace.people[BOT_USER].as_json(workspace.team_id, workspace.clock())["name"],
        "team_id": workspace.team_id,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def _open_connection(workspace: Workspace, args: Args) -> Reply:
    ticket = workspace.new_ticket()
    return {"url": f"{workspace.url.replace('http', 'ws', 1)}link/?ticket={ticket}&app_id={APP_ID}"}


def _team(workspace: Workspace, args: Args) -> Reply:
    need_scope(workspace, "team:read")
    return {"team": {"id": workspace.team_id, "name": "Demo", "domain": workspace.team_domain}}


METHODS = {
    "auth.test": Method(_test, Tier.SPECIAL),
    "apps.connections.open": Method(_open_connection, Tier.ONE, token="app"),  # noqa: S106
    "team.info": Method(_team, Tier.THREE),
}
