"""users.*: who people are and in which zone they live."""

from bot.demo.slack.call import ApiError, Args, Method, Reply
from bot.demo.slack.pace import Tier
from bot.demo.slack.paging import page_of
from bot.demo.slack.workspace import Workspace


def _info(workspace: Workspace, args: Args) -> Reply:
    person = workspace.people.get(args.need("user"))
    if person is None:
        raise ApiError("user_not_found")
    user = person.as_json(workspace.team_id, workspace.clock())
    if not args.flag("include_locale"):
        del user["locale"]
    return {"user": user}


def _list(workspace: Workspace, args: Args) -> Reply:
    now = workspace.clock()
    people = [person.as_json(workspace.team_id, now) for person in workspace.people.values()]
    return page_of("members", people, args)


METHODS = {
    "users.info": Method(_info, Tier.FOUR, ("users:read",)),
    "users.list": Method(_list, Tier.TWO, ("users:read",)),
}
