"""What came over the line of one stream, and what that says of a run that has not ended. Pure."""

from dataclasses import dataclass

from bot.errors import DifyError

LIVELY_S = 60.0  # a run that told of something within this time was at work
MINUTE_S = 60
PING_BYTES = 16  # at most


@dataclass(slots=True)
class Hearing:
    """Noted by who reads the line; times are of one monotonic clock. `version` is Dify's when the stream began."""

    since: float = 0.0  # the last event, or the head of the answer
    version: str = ""
    received: int = 0  # bytes
    pings: int = 0
    _received_then: int = 0
    _pings_then: int = 0

    def begin(self, version: str, now: float) -> None:
        """The head of the answer has come."""
        self.version, self.since = version, now

    def note(self, size: int, pings: int, *, has_event: bool, now: float) -> None:
        """A piece has come; `pings` were heard in all."""
        self.received += size
        self.pings = pings
        if has_event:
            self.since, self._received_then, self._pings_then = now, self.received, pings

    def tell(self, now: float) -> str:
        """How the run was when its time was up."""
        quiet_s = now - self.since
        if quiet_s < LIVELY_S:
            return "Dify was still telling of its work."
        passed = f"{quiet_s / MINUTE_S:.0f} min"
        pings = self.pings - self._pings_then
        if self.received - self._received_then > PING_BYTES * (pings + 1):
            return f"For {passed} what Dify sent made no whole event: the line is very slow, or a proxy spoils it."
        if pings:
            return f"For {passed} Dify had sent nothing but pings: a node hangs, or waits for something."
        return f"For {passed} Dify had sent nothing at all."


def explain_end(error: BaseException | None) -> str:
    """Why the line of a run was gone before its time was up."""
    return error.message if isinstance(error, DifyError) else "The stream had ended without a result."
