"""When the clock was last at work, for whoever asks after the bot's health."""

import time


class Pulse:
    """A monotonic memory of the last beat."""

    def __init__(self) -> None:
        self._beat_at: float | None = None

    def beat(self) -> None:
        """The clock has looked at what is due."""
        self._beat_at = time.monotonic()

    def age_s(self) -> float | None:
        """Seconds since the last beat; None in a process that has no clock."""
        return None if self._beat_at is None else time.monotonic() - self._beat_at
