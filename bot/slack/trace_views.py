"""The trace as a stack of modals, read from its row at every step."""

import asyncio
import json

from bot.blocks.place import Place, read_place
from bot.blocks.trace import STACK, full_text, view_at
from bot.errors import DeliveryError, Refusal
from bot.rules.access import Action, authorize
from bot.services import Services
from bot.slack.request import Press
from bot.slack.seek import press_run
from storage import runs
from storage.records import NodeSpan, Run
from storage.runs import unpack_trace


async def read_spans(services: Services, run: Run) -> tuple[NodeSpan, ...]:
    """The spans of a run; unpacked in a thread, for a trace can be large."""
    blob = await services.store.read(lambda c: runs.get_trace(c, run.id))
    return await asyncio.to_thread(unpack_trace, blob) if blob is not None else ()


async def seen_place(services: Services, press: Press) -> tuple[Run, Place]:
    """Where the pressed button leads, in a run that the presser may see."""
    place = read_place(press.value)
    if place is None:
        raise Refusal("This part of the trace is not there any more.", "Close it and open the trace again.")
    actor, run = await press_run(services, press)
    authorize(actor, Action.SEE, run)
    return run, place


async def open_trace(services: Services, press: Press, run: Run, place: Place) -> None:
    """The first view of the stack; a press inside a modal puts it on that stack."""
    view = view_at(run, await read_spans(services, run), place, depth=1)
    if press.view is not None and not press.channel_id and press.view.callback_id != "home":
        await services.slack.push_view(press.trigger_id, view)
    else:
        await services.slack.open_view(press.trigger_id, view)


async def show_deeper(services: Services, press: Press, run: Run, place: Place) -> None:
    """One level deeper: pushed while Slack's stack has room, in place below that."""
    depth = _depth(press)
    if depth >= STACK:
        await show_in_place(services, press, run, place, deeper=1)
        return
    view = view_at(run, await read_spans(services, run), place, depth=depth + 1)
    await services.slack.push_view(press.trigger_id, view)


async def show_in_place(services: Services, press: Press, run: Run, place: Place, *, deeper: int) -> None:
    """Another view where the pressed one stands."""
    if press.view is None:
        return
    view = view_at(run, await read_spans(services, run), place, depth=max(1, _depth(press) + deeper))
    try:
        await services.slack.update_view(press.view.id, view, press.view.hash)
    except DeliveryError as error:
        if error.code not in ("not_found", "hash_conflict"):
            raise


async def send_full_text(services: Services, press: Press, run: Run, place: Place) -> None:
    """The whole value as a file in the reader's direct messages."""
    found = full_text(await read_spans(services, run), place)
    if found is None:
        return
    filename, text = found
    posted = await services.slack.post(press.user_id, {"text": f"The full text from run {run.id}:"})
    await services.slack.upload(posted.channel, filename, text.encode(), title=filename, thread_ts=posted.ts)


def _depth(press: Press) -> int:
    """How deep the pressed view stands, by what we wrote into it."""
    try:
        return int(json.loads(press.view.private_metadata)["depth"]) if press.view else 1
    except (ValueError, KeyError, TypeError):
        return 1
