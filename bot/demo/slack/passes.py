"""Things that open a door for a short while: triggers, and the addresses to answer an interaction."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.demo.slack.limits import RESPONSE_URL_S, RESPONSE_URL_USES, TRIGGER_S


@dataclass(slots=True)
class Trigger:
    """May open or push one view for one person."""

    id: str
    user: str
    born_at: float
    used: bool = False


@dataclass(slots=True)
class ResponsePass:
    """May answer one interaction a few times. `original` is (channel, ts, is_ephemeral) of the clicked message."""

    id: str
    user: str
    channel: str
    born_at: float
    original: tuple[str, str, bool] | None = None
    uses: int = 0


class Passes:
    """All triggers and response passes, by their unguessable id."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._triggers: dict[str, Trigger] = {}
        self._responses: dict[str, ResponsePass] = {}

    def new_trigger(self, user: str) -> str:
        """The id of a fresh trigger for a person."""
        trigger = Trigger(f"{secrets.randbelow(10**13)}.{secrets.token_hex(16)}", user, self._clock())
        self._triggers[trigger.id] = trigger
        return trigger.id

    def use_trigger(self, trigger_id: str) -> tuple[str, str]:
        """(person, "") and the trigger is spent, or ("", Slack's error)."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            return "", "invalid_trigger_id"
        if self._clock() - trigger.born_at > TRIGGER_S:
            return "", "expired_trigger_id"
        if trigger.used:
            return "", "exchanged_trigger_id"
        trigger.used = True
        return trigger.user, ""

    def new_response(self, user: str, channel: str, original: tuple[str, str, bool] | None = None) -> str:
        """The id of a fresh response pass."""
        found = ResponsePass(secrets.token_urlsafe(18), user, channel, self._clock(), original)
        self._responses[found.id] = found
        return found.id

    def use_response(self, pass_id: str) -> tuple[ResponsePass | None, str]:
        """(the pass, "") counted once more, or (None, Slack's error)."""
        found = self._responses.get(pass_id)
        if found is None or self._clock() - found.born_at > RESPONSE_URL_S:
            return None, "expired_url"
        if found.uses >= RESPONSE_URL_USES:
            return None, "used_url"
        found.uses += 1
        return found, ""
