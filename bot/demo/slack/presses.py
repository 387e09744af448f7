"""A person's hands on blocks: pressing buttons, choosing, filling in, submitting and closing modals."""

from collections.abc import Mapping
from typing import Any

from bot.demo.slack.acks import read_options, settle_submission, top_view
from bot.demo.slack.answer import TROUBLE, Answer, refuse
from bot.demo.slack.forms import (
    VALUES,
    State,
    fields_of,
    fill_element,
    find_complaints,
    find_option,
    options_of,
)
from bot.demo.slack.payloads import build_action, build_closing, build_submission, build_suggestion
from bot.demo.slack.place import Where, find_element, find_place
from bot.demo.slack.shown import Message, View
from bot.demo.slack.stack import clear_stack, pop_view
from bot.demo.slack.wire import INTERACTIVE, Wire
from bot.demo.slack.workspace import Workspace

_EXTERNAL = ("external_select", "multi_external_select")


class Presses:
    """Deeds on a message, a modal or the Home. Each raises LookupError when the person does not see what is meant."""

    workspace: Workspace
    wire: Wire

    async def click(
        self,
        user: str,
        where: Where,
        action: str,
        value: Any = None,
        *,
        block_id: str = "",
        confirmed: bool = False,
        state: State | None = None,
    ) -> Answer:
        """Presses a button, or uses a menu or picker with `value`.

        `action` is an action_id, `block_id/action_id`, or the text on the button. An element with a confirm dialog
        needs `confirmed=True`; without it the answer carries the dialog and nothing is sent. `state` is what the
        other fields of the place hold by now.
        """
        place = find_place(self.workspace, user, where)
        block, element = find_element(place, action, block_id)
        if element.get("confirm") and not confirmed:
            return Answer(False, "needs_confirm", confirm=element["confirm"])
        _merge_state(place, state)
        described = await self._describe(user, place, block, element, value)
        self._note(user, "click", block_id=block["block_id"], action_id=element["action_id"])
        if block["type"] == "input" and not block.get("dispatch_action"):
            self.workspace.touch()
            return Answer(True, view=top_view(self.workspace, user))
        ack = await self.wire.send(INTERACTIVE, build_action(self.workspace, user, place, described))
        if not ack.ok:
            return refuse(ack.error, TROUBLE)
        return Answer(True, view=top_view(self.workspace, user))

    async def choose(
        self, user: str, where: Where, action: str, value: Any, *, block_id: str = "", confirmed: bool = False
    ) -> Answer:
        """Chooses in a select, picker, overflow or set of boxes: by an option's value or label, an id, a date."""
        return await self.click(user, where, action, value, block_id=block_id, confirmed=confirmed)

    async def fill(self, user: str, where: Where, values: Mapping[str, Any]) -> Answer:
        """Puts values into fields without submitting; fields with dispatch_action tell the app."""
        place = find_place(self.workspace, user, where)
        answer = Answer(True)
        for block, element, value in _read_values(place, values):
            answer = await self.click(user, where, element["action_id"], value, block_id=block["block_id"])
        return answer

    async def submit(self, user: str, view_id: View | str, values: Mapping[str, Any] | None = None) -> Answer:
        """Fills in and submits a modal.

        `values` is {block_id: {action_id: value}} or {action_id, block_id or label: value}; a value is plain (an
        option's value or label, a channel id, a date, a list …) or a state object as Slack's.
        """
        view = find_place(self.workspace, user, view_id)
        if not isinstance(view, View) or view is not top_view(self.workspace, user):
            return refuse("view_not_on_top", "Only the modal on top can be submitted.")
        for block, element, value in _read_values(view, values or {}):
            filled = await self._fill(user, view, block, element, value)
            view.state[block["block_id"]][element["action_id"]] = filled
        complaints = find_complaints(view.blocks, view.state)
        if complaints:
            return Answer(False, "incomplete", errors=complaints, view=view)
        self._note(user, "submit", callback_id=view.callback_id, view_id=view.id)
        ack = await self.wire.send(INTERACTIVE, build_submission(self.workspace, user, view))
        if not ack.ok:
            return refuse(ack.error, TROUBLE)
        return settle_submission(self.workspace, view, ack.body)

    async def close_view(self, user: str, view_id: View | str, *, everything: bool = False) -> Answer:
        """Cancel or X on a modal; `everything` closes the whole stack (as clear_on_close does)."""
        view = find_place(self.workspace, user, view_id)
        if not isinstance(view, View):
            return refuse("not_a_view")
        clearing = everything or bool(view.payload.get("clear_on_close"))
        self._note(user, "close", callback_id=view.callback_id, view_id=view.id)
        stack = list(self.workspace.stacks.get(user, []))
        closed = stack if clearing else [view]
        if clearing:
            clear_stack(self.workspace, user)
        else:
            pop_view(self.workspace, view)
        for each in closed:
            if each.payload.get("notify_on_close"):
                await self.wire.send(INTERACTIVE, build_closing(self.workspace, each, clearing))
        return Answer(True, view=top_view(self.workspace, user))

    async def suggest(self, user: str, where: Where, action: str, typed: str = "", *, block_id: str = "") -> Answer:
        """Types into an external select; the answer carries options or option_groups."""
        place = find_place(self.workspace, user, where)
        block, element = find_element(place, action, block_id)
        ids = block["block_id"], element["action_id"]
        ack = await self.wire.send(INTERACTIVE, build_suggestion(self.workspace, user, place, *ids, typed))
        return read_options(self.workspace, ack.body) if ack.ok else refuse(ack.error, TROUBLE)

    async def _describe(
        self, user: str, place: Message | View, block: dict[str, Any], element: dict[str, Any], value: Any
    ) -> dict[str, Any]:
        """The entry of `actions`; what was chosen is kept in the state of the place."""
        about = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "action_ts": self.workspace.next_ts(),
        }
        if element["type"] == "overflow":
            return {**about, "selected_option": find_option(element["options"], value)}
        if element["type"] not in VALUES:
            given = {"value": value} if value is not None else {}
            kept: dict[str, Any] = {name: element[name] for name in ("text", "value", "style") if name in element}
            return {**kept, **given, **about}
        filled = await self._fill(user, place, block, element, value)
        place.state[block["block_id"]][element["action_id"]] = filled
        return {**filled, **about}

    async def _fill(
        self, user: str, place: Message | View, block: dict[str, Any], element: dict[str, Any], value: Any
    ) -> dict[str, Any]:
        if element["type"] not in _EXTERNAL:
            return fill_element(element, value, options_of(element))
        if isinstance(value, dict):
            given = value.get("selected_options") or [value.get("selected_option") or value]
            return fill_element(element, value, [each for each in given if each])
        typed = str(value) if isinstance(value, str) else ""
        where = (place.channel, place.ts) if isinstance(place, Message) else place
        found = await self.suggest(user, where, element["action_id"], typed, block_id=block["block_id"])
        grouped = [option for group in found.option_groups for option in group["options"]]
        return fill_element(element, value, [*found.options, *grouped])

    def _note(self, user: str, deed: str, **detail: Any) -> None:
        self.workspace.log.record(self.workspace.clock(), "deed", deed=deed, user=user, **detail)


def _merge_state(place: Message | View, state: State | None) -> None:
    """Takes over what the page says that the fields hold; unknown fields are left out."""
    for block_id, fields in (state or {}).items():
        for action_id, held in fields.items():
            if action_id in place.state.get(block_id, {}) and isinstance(held, dict):
                place.state[block_id][action_id] = held


def _read_values(
    place: Message | View, values: Mapping[str, Any]
) -> list[tuple[dict[str, Any], dict[str, Any], Any]]:
    """(block, element, value) of each given field, whichever way it is named."""
    found: list[tuple[dict[str, Any], dict[str, Any], Any]] = []
    for name, value in values.items():
        own = [(b, e) for b, e in fields_of(place.blocks) if b["block_id"] == name and e["type"] in VALUES]
        ids = {element["action_id"] for _, element in own}
        if own and isinstance(value, dict) and set(value) <= ids:
            found += [(b, e, value[e["action_id"]]) for b, e in own if e["action_id"] in value]
        elif len(own) == 1:
            found.append((*own[0], value))
        else:
            found.append((*find_element(place, name), value))
    return found
