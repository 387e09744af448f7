"""What a person sees happen after a deed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.demo.slack.shown import Message, View

TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(frozen=True, slots=True)
class Answer:
    """`notice` is what Slack itself says, `errors` the sentences beside the fields of a form (by block_id).

    `message` is what the app's ack put on the screen, `view` the modal that is on top afterwards (or the Home),
    `confirm` the dialog that must be agreed to first, `options` what an external select offers.
    """

    ok: bool
    error: str | None = None
    notice: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    message: Message | None = None
    view: View | None = None
    confirm: Mapping[str, Any] | None = None
    options: list[dict[str, Any]] = field(default_factory=list)
    option_groups: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The answer to the page: `ok`, the fields above that say something, `ts` of the message, `view_id`."""
        shape: dict[str, Any] = {"ok": self.ok}
        names = ("error", "notice", "errors", "confirm", "options", "option_groups")
        shape |= {name: getattr(self, name) for name in names if getattr(self, name)}
        if self.message:
            shape["ts"] = self.message.ts
        if self.view:
            shape["view_id"] = self.view.id
        return shape


def refuse(error: str, notice: str = "") -> Answer:
    """An answer that says no."""
    return Answer(False, error, notice or None)
