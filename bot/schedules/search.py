"""The search for the next slot of a schedule whose bounds strike out slots or move them. Works in stamps (seconds
since 1970) and in days (ordinals)."""

import time
from datetime import datetime

from bot.errors import Refusal
from bot.schedules.allowed import Days, Verdict
from bot.schedules.kind import Book, Kind, NoData, Slot
from bot.schedules.shifted import is_shifted
from bot.schedules.shifts import DAY_S, NAIVE_EPOCH, moment_of, offset_of, resolve_wall, stamp_of
from storage.records import Schedule

BUDGET_S = 0.05  # no schedule may hold a thread: an honest search takes a few milliseconds
EPOCH_DAY = NAIVE_EPOCH.toordinal()


class Search:
    """One question about one schedule; its budget counts from here. Raises Refusal `never` when that is spent, and
    NoData where a calendar would have to be asked about a year that it does not know."""

    def __init__(self, schedule: Schedule, kind: Kind, book: Book | None) -> None:
        # The thread's own time, so that a busy machine cannot make a good schedule look endless.
        self._deadline = time.thread_time() + BUDGET_S
        self._schedule = schedule
        self._kind = kind
        self._days = Days(schedule, book)
        self._start = stamp_of(schedule.start_at) if schedule.start_at else None
        self._until = stamp_of(schedule.until_at) if schedule.until_at else None

    def first_after(self, after: int) -> Slot | None:
        """The first slot later than `after`; where two come to one instant, the one that never moved."""
        after = after if self._start is None else max(after, self._start - 1)
        today = self._day_of(after)
        cursor = self._first_cursor(after, today)
        best: Slot | None = None
        while (nominal := self._next_counting(cursor, best)) is not None:
            day = self._day_of(nominal)
            if best is not None and self._is_settled(best, day):
                break
            target = self._target(day)
            at = nominal if target == day else self._same_time(nominal, target) if target else None
            if at is not None and at > after and self._happens(at):
                best = _earlier(best, Slot(moment_of(at), moment_of(nominal), self._note(at, nominal)))
                if not self._days.roll:
                    break
                cursor = self._start_of(day + 1) - 1
            elif target is None or target < today:
                cursor = self._start_of(day + 1) - 1
            else:
                early = self._same_time(after, day) - 1 if target == today else nominal
                cursor = max(nominal, early)
        return best

    def first_allowed(self, at: datetime) -> datetime | None:
        """The first instant at or after this one that fixed_delay may take: from a day that does not count it moves
        to the next that does, at the same local time; from a window that is struck out, to its end."""
        stamp = stamp_of(at) if self._start is None else max(stamp_of(at), self._start)
        moved = at if stamp == stamp_of(at) else moment_of(stamp)
        while self._is_within(stamp):
            day = self._day_of(stamp)
            if self._days.judge(day) is not Verdict.KEEP:
                stamp = self._same_time(stamp, self._next_day(day, Verdict.MOVE, Verdict.HOLIDAY, Verdict.EXCLUDED))
            elif (end := self._struck_until(stamp)) is not None:
                stamp = end
            else:
                return moved
            moved = moment_of(stamp)
        return None

    def why_struck(self, nominal: int) -> str:
        """`holiday`, `excluded`, or empty for a slot that happens or moves. Empty too once the budget is spent."""
        verdict = self._days.judge(self._day_of(nominal))
        if verdict in (Verdict.HOLIDAY, Verdict.EXCLUDED):
            return str(verdict.value)
        return "excluded" if self._struck_until(nominal) is not None else ""

    @property
    def is_spent(self) -> bool:
        return time.thread_time() - self._days.loading_s > self._deadline

    def _first_cursor(self, after: int, today: int) -> int:
        """Behind which stamp the rhythm is asked, so that nothing is missed that moves to later than `after`."""
        source = self._days.first_source(today)
        moves = source < today or (self._days.roll == "next" and self._days.judge(today) is Verdict.MOVE)
        cursor = self._start_of(source) - 1 if moves else after
        return cursor if self._start is None else max(cursor, self._start - 1)

    def _next_counting(self, cursor: int, best: Slot | None) -> int | None:
        """The next slot of the rhythm that nothing strikes out. What nobody knows ends the search where a slot is
        found already."""
        try:
            return self._next_nominal(cursor)
        except NoData:
            if best is None:
                raise
            return None

    def _next_nominal(self, cursor: int) -> int | None:
        while True:
            found = self._kind.next_after(self._schedule, moment_of(cursor))
            if found is None or not self._is_within(nominal := stamp_of(found)):
                return None
            day = self._day_of(nominal)
            if self._days.judge(day) in (Verdict.HOLIDAY, Verdict.EXCLUDED):
                cursor = self._start_of(self._next_day(day, Verdict.HOLIDAY, Verdict.EXCLUDED)) - 1
            elif (end := self._struck_until(nominal)) is not None:
                cursor = max(nominal, end - 1)
            else:
                return nominal

    def _target(self, day: int) -> int | None:
        return day if self._days.judge(day) is Verdict.KEEP else self._days.landing(day)

    def _happens(self, at: int) -> bool:
        """By the rules that look at the time to which a slot may have moved."""
        return self._is_within(at) and self._struck_until(at) is None

    def _is_within(self, stamp: int) -> bool:
        """Not behind the end. Every loop passes here, so the budget is watched here, too."""
        if self.is_spent:
            raise Refusal(
                "What is left of this schedule comes too rarely to be found.",
                "Leave out fewer days or times.",
                code="never",
            )
        return self._until is None or stamp <= self._until

    def _is_settled(self, best: Slot, day: int) -> bool:
        """Nothing of this day or of later ones can come before `best`."""
        target = self._day_of(stamp_of(best.at))
        return day > target and not self._days.comes_back_to(day, target)

    def _next_day(self, day: int, *passed_over: Verdict) -> int:
        day += 1
        while self._is_within(self._start_of(day)) and self._days.judge(day) in passed_over:
            day += 1
        return day

    def _struck_until(self, stamp: int) -> int | None:
        """The end of what strikes this stamp out by the clock, or None."""
        zone = self._schedule.zone
        ends = [found for each in self._days.exclusions if (found := each.ends_at(zone, stamp)) is not None]
        return max(ends, default=None)

    def _day_of(self, stamp: int) -> int:
        return (stamp + offset_of(self._schedule.zone, stamp)) // DAY_S + EPOCH_DAY

    def _start_of(self, day: int) -> int:
        return resolve_wall(self._schedule.zone, (day - EPOCH_DAY) * DAY_S)

    def _same_time(self, stamp: int, day: int) -> int:
        second = (stamp + offset_of(self._schedule.zone, stamp)) % DAY_S
        return resolve_wall(self._schedule.zone, (day - EPOCH_DAY) * DAY_S + second)

    def _note(self, at: int, nominal: int) -> str:
        return "moved" if at != nominal else "shifted" if is_shifted(self._schedule, at) else ""


def _earlier(best: Slot | None, slot: Slot) -> Slot:
    """Of two at one instant, the one that never moved."""
    if best is None:
        return slot
    return min(best, slot, key=lambda each: (each.at, each.at != each.nominal_at))
