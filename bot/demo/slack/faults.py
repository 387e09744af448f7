"""Faults on demand: the next calls of a method fail, hang, drop, come late or are held up, as asked."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

ANY = "*"
TIMEOUT_AFTER_ACCEPT = "timeout_after_accept"  # done, but the caller never hears of it
DROP = "drop"  # the connection breaks before anything is done
DROP_AFTER_ACCEPT = "drop_after_accept"
RATE_LIMITED = "ratelimited"
_AFTER = (TIMEOUT_AFTER_ACCEPT, DROP_AFTER_ACCEPT)


@dataclass(slots=True)
class Fault:
    """One order: `times` calls of `method` (to `channel`, if given) meet `error` after `delay_s`, or once they
    are let go if they are held; "" only delays."""

    method: str
    error: str
    times: int
    channel: str | None
    retry_after_s: int
    delay_s: float
    is_held: bool = False

    @property
    def strikes_after(self) -> bool:
        return self.error in _AFTER

    @property
    def status(self) -> int:
        """The HTTP status, when the error is one (such as "503"), else 0."""
        return int(self.error) if self.error.isdigit() else 0


class Faults:
    """The orders that are still open, oldest first."""

    def __init__(self) -> None:
        self._open: list[Fault] = []
        self.let_go = asyncio.Event()

    def order(
        self,
        method: str,
        error: str,
        *,
        times: int = 1,
        channel: str | None = None,
        retry_after_s: int = 1,
        delay_s: float = 0.0,
        is_held: bool = False,
    ) -> Fault:
        """Adds an order. `error` is a name of Slack, a fault of this file (- or _), a status such as 503, or ""."""
        word = str(error).replace("-", "_")
        word = RATE_LIMITED if word == str(HTTPStatus.TOO_MANY_REQUESTS.value) else word
        fault = Fault(method, word, times, channel, retry_after_s, delay_s, is_held)
        self._open.append(fault)
        return fault

    def take(self, method: str, channel: str) -> Fault | None:
        """The order that this call meets, counted; None when it is spared."""
        for fault in self._open:
            if fault.method in (method, ANY) and fault.channel in (None, channel):
                fault.times -= 1
                if fault.times <= 0:
                    self._open.remove(fault)
                return fault
        return None

    def release(self) -> None:
        """Calls that are held up go on, and none is held up that was to be."""
        for fault in self._open:
            fault.is_held = False
        self.let_go.set()
        self.let_go = asyncio.Event()

    def clear(self) -> None:
        """Forgets all orders."""
        self._open.clear()
