"""The wire of a Dify stream: bytes in, the data of each complete event out.

Law: a line ends at `\\n` and nowhere else. Dify sends raw UTF-8, so U+2028, U+2029 and U+0085 stand inside lines.
"""

MAX_EVENT_BYTES = 8 * 1024 * 1024
"""A run that answers 1.5 MB is ordinary; one event beyond this is dropped: to read it would hold up every ack."""

_FIELD_BYTES = 16
"""What stands around the data on its line and is not counted in the size of the event."""

_BOM = b"\xef\xbb\xbf"
_CR = 13


class Splitter:
    """Cuts one stream into events, whatever the borders of the chunks. Time is linear, memory is bounded.

    `pings` counts `event: ping` without data (the heartbeat of Dify), `oversized` counts the dropped events.
    """

    __slots__ = (
        "_data",
        "_first",
        "_limit",
        "_name",
        "_parts",
        "_pending",
        "_skip_event",
        "_skip_line",
        "oversized",
        "pings",
    )

    def __init__(self, limit: int = MAX_EVENT_BYTES) -> None:
        self.pings = 0
        self.oversized = 0
        self._limit = limit
        self._first = True  # no line has been read yet
        self._parts: list[bytes] = []  # the pieces of the line that has not ended yet
        self._pending = 0  # how many bytes they hold
        self._skip_line = False
        self._skip_event = False
        self._name = b""
        self._data: bytes | bytearray | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data payloads of the events that this chunk completes, in order."""
        found: list[bytes] = []
        at = self._end_begun_line(chunk, found) if self._first or self._pending or self._skip_line else 0
        is_between = self._is_between()
        while (end := chunk.find(b"\n", at)) >= 0:
            # What Dify sends is one line of data and an empty line; all else goes the long way.
            if (
                is_between
                and chunk.startswith(b"data: ", at)
                and chunk.startswith(b"\n", end + 1)
                and chunk[end - 1] != _CR
                and end - at <= self._limit
            ):
                found.append(chunk[at + 6 : end])
                at = end + 2
            else:
                self._read_line(chunk[at:end], found)
                is_between = self._is_between()
                at = end + 1
        self._keep(chunk[at:])
        return found

    def close(self) -> bool:
        """Forgets what never ended; true when the stream was cut in the middle of an event."""
        cut = bool(self._pending or self._skip_line) or not self._is_between()
        self._parts.clear()
        self._pending = 0
        self._skip_line = False
        self._reset_event()
        return cut

    def _is_between(self) -> bool:
        return self._data is None and not self._name and not self._skip_event

    def _end_begun_line(self, chunk: bytes, found: list[bytes]) -> int:
        """Reads the line that began in earlier chunks, or the first of all, if it ends here; the place after it."""
        end = chunk.find(b"\n")
        if end < 0:
            return 0
        if self._skip_line:
            self._skip_line = self._first = False
            return end + 1
        line = b"".join([*self._parts, chunk[:end]])
        self._parts.clear()
        self._pending = 0
        if self._first:
            self._first = False
            line = line.removeprefix(_BOM)
        self._read_line(line, found)
        return end + 1

    def _keep(self, rest: bytes) -> None:
        if not rest or self._skip_line:
            return
        self._parts.append(rest)
        self._pending += len(rest)
        if self._pending > self._limit + _FIELD_BYTES:
            self._parts.clear()
            self._pending = 0
            self._data = None
            self._skip_line = self._skip_event = True

    def _read_line(self, line: bytes, found: list[bytes]) -> None:
        line = line[:-1] if line.endswith(b"\r") else line
        if not line:
            self._end_event(found)
        elif self._skip_event:
            return
        elif line.startswith(b"data:") or line == b"data":
            self._add_data(line[6:] if line.startswith(b"data: ") else line[5:])
        elif line.startswith(b"event:"):
            self._name = line[6:].removeprefix(b" ")[:64]

    def _add_data(self, value: bytes) -> None:
        if self._data is None:
            self._data = value
        else:
            if isinstance(self._data, bytes):
                self._data = bytearray(self._data)
            self._data += b"\n" + value
        if len(self._data) > self._limit:
            self._data = None
            self._skip_event = True

    def _end_event(self, found: list[bytes]) -> None:
        if self._skip_event:
            self.oversized += 1
        elif self._data is not None:
            found.append(bytes(self._data))
        elif self._name == b"ping":
            self.pings += 1
        self._reset_event()

    def _reset_event(self) -> None:
        self._name = b""
        self._data = None
        self._skip_event = False
