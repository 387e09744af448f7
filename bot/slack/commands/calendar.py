"""`/dify calendar [show|import|delete <name>]`: the days that schedules can be bound to."""

from bot.blocks.calendar import ask_delete
from bot.blocks.help import Help
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.operations.calendar import find_calendar
from bot.operations.recalendar import refuse_in_use
from bot.rules.access import Action, authorize
from bot.services import Services
from bot.slack.calendars import gather_for, open_import, show_list, show_one
from bot.slack.request import Request
from bot.slack.sentence import read_name

HELP = Help(
    verb="calendar",
    usage="calendar [show|import|delete <name>]",
    says="Holidays, working days, trading days, and days of your own, for `except` and `only on`.",
    examples=(
        "calendar",
        "calendar show US holidays",
        "calendar import closing days",
        "calendar delete closing days",
    ),
)
DEEDS = ("show", "import", "delete")


async def answer(request: Request, services: Services) -> Message | None:
    """The list; one calendar; the form; or the question whether to delete one."""
    deed, _, rest = request.rest.strip().partition(" ")
    deed, name = deed.lower(), read_name(rest)
    if deed in ("", "list"):
        return await show_list(services, request, request.channel_id)
    if deed not in DEEDS:
        raise Refusal(
            f"I cannot “{deed}” a calendar.",
            "Say show, import or delete.",
            choices=("/dify calendar", f"/dify calendar show {request.rest.strip()}"),
            code="unknown",
        )
    if deed == "import":
        await open_import(services, request, name)
        return None
    if not name:
        raise Refusal("Which calendar? None was named.", "`/dify calendar` shows them.", code="no_target")
    if deed == "show":
        return await show_one(services, request, request.channel_id, name)
    return await _ask_delete(request, services, name)


async def _ask_delete(request: Request, services: Services, name: str) -> Message:
    actor, _, _ = await gather_for(services, request, request.channel_id, name)
    found = await services.store.read(lambda c: find_calendar(c, actor, name))
    authorize(actor, Action.DELETE, found)
    await services.store.read(lambda c: refuse_in_use(c, actor, found))
    return ask_delete(found)
