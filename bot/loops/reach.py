"""What this server reaches: a place that it cannot reach, and others perhaps can, it leaves to them for a while."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.loops.ending import Ending

# So many servers, or one so many times, could not send a run at all before it has failed.
MAX_STARTS = 3
# So many questions in a row without an answer, and a run or a message is somebody else's.
SILENCES = 3
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
# From there on the pause is the longest; a float overflows after a thousand doublings.
MAX_DOUBLINGS = 10


@dataclass(slots=True)
class _Line:
    shut_until: datetime
    failures: int = 0


class Reach:
    """Where no other server stands over the database (`is_alone`), nothing is left to anybody."""

    def __init__(self, *, is_alone: bool) -> None:
        self.is_alone = is_alone
        self._lines: dict[str, _Line] = {}

    def note_failure(self, place: str, now: datetime) -> None:
        """It was not reached: others go first, for longer each time."""
        if self.is_alone:
            return
        line = self._lines.setdefault(place, _Line(now))
        pause_s = min(FIRST_PAUSE_S * 2.0 ** min(line.failures, MAX_DOUBLINGS), LONGEST_PAUSE_S)
        line.failures += 1
        line.shut_until = now + timedelta(seconds=pause_s)

    def leaves_to_others(self, ending: Ending, attempts: int) -> bool:
        """Whether what could not be sent from here at all is to be tried by another server."""
        return ending.is_unreached and not self.is_alone and attempts < MAX_STARTS

    def note_answer(self, place: str) -> bool:
        """It was reached; whether it was not before."""
        return self._lines.pop(place, None) is not None

    def begin_try(self, place: str, now: datetime) -> None:
        """One tries; the place stays shut for the others until that is decided."""
        if (line := self._lines.get(place)) is not None:
            line.shut_until = now + timedelta(seconds=LONGEST_PAUSE_S)

    def shut(self, now: datetime) -> Mapping[str, datetime]:
        """What is left to others, or may be tried by one: since when on."""
        longest = now + timedelta(seconds=LONGEST_PAUSE_S)
        for line in self._lines.values():
            line.shut_until = min(line.shut_until, longest)  # a clock that was ahead may be set right meanwhile
        return {place: line.shut_until for place, line in self._lines.items()}
