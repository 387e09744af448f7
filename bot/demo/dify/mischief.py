"""Faults on demand: what the local Dify is told to do wrong, and to whom."""

from collections import deque
from dataclasses import dataclass
from typing import Any

ACTIONS = (
    "refuse_next",
    "fail_next",
    "hang_up_next",
    "stall_next",
    "too_many_next",
    "drop_answer_next",
    "cut_next",
    "silence_next",
    "ping_only_next",
    "drip_next",
    "compress_next",
    "revoke",
    "restore",
    "ignore_stops",
    "delay_logs",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoil:
    """One fault for one request. `on` is the kind of request: start, detail, logs, stop, info, parameters.

    `after` counts events, or bytes where `in_bytes`. A clean cut ends the answer properly, another drops the line.
    """

    kind: str
    on: str = "start"
    app: str | None = None
    status: int = 500
    after: int = 0
    in_bytes: bool = False
    is_clean: bool = False
    seconds: float = 0.0


class Mischief:
    """Every `*_next` counts down; the others hold until they are taken back."""

    def __init__(self) -> None:
        self.connections_to_refuse = 0
        self.revoked: set[str] = set()
        self.stop_works = True
        self.log_delay_s = 0.0
        self._queue: deque[Spoil] = deque()

    def take(self, on: str, app: str) -> Spoil | None:
        """The fault for this request, if one waits for it."""
        for spoil in self._queue:
            if spoil.on == on and spoil.app in (None, app):
                self._queue.remove(spoil)
                return spoil
        return None

    def refuse_next(self, times: int = 1) -> None:
        """The next connections are dropped before a byte is read."""
        self.connections_to_refuse += times

    def fail_next(self, times: int = 1, *, status: int = 500, on: str = "start", app: str | None = None) -> None:
        """Answer an HTTP error and do nothing."""
        self._add(times, Spoil(kind="fail", on=on, app=app, status=status))

    def hang_up_next(self, times: int = 1, *, on: str = "start", app: str | None = None) -> None:
        """Read the request, do nothing, drop the line."""
        self._add(times, Spoil(kind="hang_up", on=on, app=app))

    def stall_next(self, seconds: float, times: int = 1, *, on: str = "start", app: str | None = None) -> None:
        """Answer nothing for so long; then as usual."""
        self._add(times, Spoil(kind="stall", on=on, app=app, seconds=seconds))

    def too_many_next(self, times: int = 1, *, app: str | None = None) -> None:
        """Refuse by the concurrency limit."""
        self._add(times, Spoil(kind="too_many", app=app))

    def drop_answer_next(self, times: int = 1, *, app: str | None = None) -> None:
        """Accept the run, which goes on, and drop the line before any answer."""
        self._add(times, Spoil(kind="drop_answer", app=app))

    def cut_next(
        self,
        after: int,
        times: int = 1,
        *,
        in_bytes: bool = False,
        is_clean: bool = False,
        app: str | None = None,
    ) -> None:
        """End the stream after so many events (or bytes); the run goes on."""
        self._add(times, Spoil(kind="cut", app=app, after=after, in_bytes=in_bytes, is_clean=is_clean))

    def silence_next(self, after: int, times: int = 1, *, app: str | None = None) -> None:
        """After so many events nothing more is sent, no ping either; the line stays open, the run goes on."""
        self._add(times, Spoil(kind="silence", app=app, after=after))

    def ping_only_next(self, times: int = 1, *, app: str | None = None) -> None:
        """Send pings and no event; the run goes on."""
        self._add(times, Spoil(kind="ping_only", app=app))

    def drip_next(self, seconds: float, size: int = 1, times: int = 1, *, app: str | None = None) -> None:
        """Send `size` bytes at a time with a pause of `seconds`."""
        self._add(times, Spoil(kind="drip", app=app, seconds=seconds, after=size))

    def compress_next(self, times: int = 1, *, app: str | None = None) -> None:
        """Answer with a gzip bomb, which Dify never does: a thousand zeros for each byte, without end."""
        self._add(times, Spoil(kind="compress", app=app))

    def revoke(self, app: str) -> None:
        """The key of this app is unknown from now on."""
        self.revoked.add(app)

    def restore(self, app: str) -> None:
        """The key of this app works again."""
        self.revoked.discard(app)

    def ignore_stops(self, ignore: bool = True) -> None:
        """The stop call says success and stops nothing."""
        self.stop_works = not ignore

    def delay_logs(self, seconds: float) -> None:
        """A new run appears in the log only so much later."""
        self.log_delay_s = seconds

    def perform(self, order: dict[str, Any]) -> None:
        """Do `{"do": "cut_next", "after": 3}`. Raises KeyError or TypeError for an order that makes no sense."""
        action = order.pop("do")
        if action not in ACTIONS:
            raise KeyError(action)
        getattr(self, action)(**order)

    def _add(self, times: int, spoil: Spoil) -> None:
        self._queue.extend([spoil] * times)
