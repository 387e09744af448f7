"""The clauses of a Chinese or Japanese text beside its rhythm: a window, a number of times, calendars, a spread."""

import re
from datetime import datetime, timedelta

from bot.schedules.bounds import UNBOUND, Bounds
from bot.schedules.clauses.dates import Point, local_now
from bot.schedules.clauses.draft import Draft
from bot.schedules.clauses.names import find_calendar, refuse_unknown
from bot.schedules.exclusions import Exclusion
from bot.schedules.kind import Book
from bot.schedules.words.han.clausewords import Clauses
from bot.schedules.words.han.clock import read_time
from bot.schedules.words.han.numerals import value_of
from bot.schedules.words.han.scan import Scan, straighten
from storage.records import CalendarRule

Item = str | Exclusion  # the name of a calendar, or days
WEEKEND = Exclusion(weekdays=frozenset({0, 6}))
LONGEST_NAME = 24
MOST_BEFORE = 20  # characters between 每年 and the end of its days
IN_NUMBER = re.compile(r"[0-9〇零一二三四五六七八九十]$")
MOST_TRIES = 200  # names looked up; a text that somebody means has a handful


def peel_clauses(
    phrase: str, zone: str, now: datetime, clauses: Clauses, book: Book | None
) -> tuple[str, Bounds] | None:
    """(the phrase without them, what they say); None where there are none. Raises Refusal."""
    text = straighten(clauses.prepare(phrase))
    if not clauses.marks.search(text):
        return None
    peeler = _Peeler(clauses, text, Draft(zone, now, book))
    rest = peeler.cut()
    bounds = peeler.draft.settle()
    if bounds == UNBOUND and rest == text:
        return None
    if peeler.draft.names_days and not clauses.rhythm.search(rest):
        rest = clauses.every_day + rest
    return rest, bounds


class _Peeler:
    def __init__(self, clauses: Clauses, text: str, draft: Draft) -> None:
        self.clauses = clauses
        self.draft = draft
        self.scan = Scan(text)
        ends = (*clauses.skipped.finditer(text), *clauses.rolled.finditer(text))
        self.markers = sorted(match.start() for match in ends)
        self.tries = 0
        self.today = local_now(draft.zone, draft.now).date()

    def cut(self) -> str:
        """Reads clause after clause and gives the text that stands between them."""
        scan, kept, start, place = self.scan, [], 0, 0
        readers = (
            self._now,
            self._start,
            self._end,
            self._times,
            self._jitter,
            self._skip,
            self._skipped,
            self._only,
        )
        while place < len(scan.text):
            for reader in readers:
                scan.at = place
                if reader() and scan.at > place:
                    kept.append(scan.text[start:place])
                    start = place = scan.at
                    break
            else:
                place += 1
        kept.append(scan.text[start:])
        return re.sub(r"[,、。 ]*,[,、。 ]*", ",", ",".join(part for part in kept if part.strip(" ,、。"))).strip(
            " ,、。()"
        )

    def _now(self) -> bool:
        return self.scan.take(self.clauses.now) is not None

    def _start(self) -> bool:
        """`从12月1日起`, `从12月1日到12月31日`, `12月1日から`."""
        if self._is_yearly():
            return False
        self.scan.take(self.clauses.before_start)
        first = self._point()
        if first is None:
            return False
        place = self.scan.at
        last = self._point() if self.scan.take(self.clauses.between) else None
        if last:
            self.scan.take(self.clauses.behind_end)
            self.draft.set_start(first.start(self.draft.zone))
            self.draft.set_until(last.end(self.draft.zone))
            return True
        self.scan.at = place
        if not self.scan.take(self.clauses.behind_start):
            return False
        self.draft.set_start(first.start(self.draft.zone))
        return True

    def _end(self) -> bool:
        """`到12月31日为止`, `12月31日まで`."""
        if self._is_yearly():
            return False
        before = self.scan.take(self.clauses.before_end)
        last = self._point()
        if last is None or not (self.scan.take(self.clauses.behind_end) or before):
            return False
        self.draft.set_until(last.end(self.draft.zone))
        return True

    def _is_yearly(self) -> bool:
        """`每年12月1日到12月5日`, and the middle of a number."""
        before = self.scan.text[: self.scan.at]
        return bool(IN_NUMBER.search(before) or self.clauses.yearly.search(before[-MOST_BEFORE:]))

    def _point(self) -> Point | None:
        day = self.clauses.read_day(self.scan, self.today)
        if day is None:
            return None
        told = self.scan.try_read(lambda scan: read_time(scan, self.clauses.tongue))
        if told and told.is_after_midnight:
            return Point(day.day + timedelta(days=1), told.clock)
        return Point(day.day, told.time if told else None)

    def _times(self) -> bool:
        match = self.scan.take(self.clauses.times)
        count = value_of(next(group for group in match.groups() if group)) if match else None
        if count is None:
            return False
        self.draft.set_times(count)
        return True

    def _jitter(self) -> bool:
        if not self.scan.take(self.clauses.jitter):
            return False
        seconds = self.clauses.read_duration(self.scan)
        if seconds is None:
            return False
        self.scan.take(self.clauses.behind_jitter)
        self.draft.set_jitter(seconds)
        return True

    def _skip(self) -> bool:
        """`跳过节假日和12月25日`, `除节假日外`."""
        if not self.scan.take(self.clauses.skip):
            return False
        place = self.scan.at
        items: list[Item] = self.scan.read_list(self._item, self.clauses.joint)
        if not items:
            match = re.compile(rf"[^,、。 ]{{1,{LONGEST_NAME}}}").match(self.scan.text, place)
            raise refuse_unknown(match[0] if match else self.scan.text[place:], self.draft.zone, self.draft.book)
        if match := self.scan.take(self.clauses.rolled):
            return self._leave_out(items, "next" if match["next"] else "previous")
        self.scan.take(self.clauses.outside)
        return self._leave_out(items, "skip")

    def _skipped(self) -> bool:
        """`节假日除外`, `祝日を除く`, `节假日顺延`."""
        marker = next((at for at in self.markers if at > self.scan.at), None)
        if marker is None or marker - self.scan.at > LONGEST_NAME * 2:
            return False
        items = self._items_until(marker)
        if not items:
            return False
        self.scan.at = marker
        if match := self.scan.take(self.clauses.rolled):
            return self._leave_out(items, "next" if match["next"] else "previous")
        return bool(self.scan.take(self.clauses.skipped)) and self._leave_out(items, "skip")

    def _items_until(self, marker: int) -> list[Item]:
        """What stands from here to the marker, if it is names and days and nothing else."""
        items: list[Item] = []
        for name in self.clauses.joint.split(self.scan.text[self.scan.at : marker]):
            scan = Scan(name)
            item: Item | None = self._day(scan)
            if item is None or not scan.is_at_end:
                item = find_calendar(name, self.draft.zone, self.draft.book) if name.strip() else None
            if item is None:
                return []
            items.append(item)
        return items

    def _leave_out(self, items: list[Item], roll: str) -> bool:
        """Weekends alone are a rhythm of weekdays."""
        if items == [WEEKEND] or (roll != "skip" and any(isinstance(item, Exclusion) for item in items)):
            return False
        for item in items:
            if isinstance(item, Exclusion):
                self.draft.exclusions.append(item)
            else:
                self.draft.add_calendar(CalendarRule(calendar=item, only=False, roll=roll))
        return True

    def _item(self, scan: Scan) -> Item | None:
        return self._day(scan) or self._calendar(scan)

    def _day(self, scan: Scan) -> Exclusion | None:
        """A weekend, a date, or a span of dates."""
        if scan.take(self.clauses.weekend):
            return WEEKEND
        day = self.clauses.read_day(scan, self.today)
        if day is None:
            return None
        place = scan.at
        last = self.clauses.read_day(scan, self.today) if scan.take(self.clauses.between) else None
        if last is None or last.day < day.day:
            scan.at, last = place, day
        return Exclusion(first=day.day, last=last.day)

    def _calendar(self, scan: Scan) -> str | None:
        """The longest name that the book knows."""
        match = re.compile(rf"[^,、。;() ]{{1,{LONGEST_NAME}}}").match(scan.text, scan.at)
        for count in range(len(match[0]) if match else 0, 0, -1):
            self.tries += 1
            if self.tries > MOST_TRIES:
                return None
            found = find_calendar(scan.text[scan.at : scan.at + count], self.draft.zone, self.draft.book)
            if found is not None:
                scan.at += count
                return found
        return None

    def _only(self) -> bool:
        """`每个交易日`, `法定工作日`: days that a calendar names. Plain working days are Monday to Friday."""
        match = self.scan.take(self.clauses.only)
        if match is None or self.clauses.plain.fullmatch(match["name"]):
            return False
        found = find_calendar(match["name"], self.draft.zone, self.draft.book)
        if found is None:
            if "trading" in match.groupdict() and match["trading"]:
                raise refuse_unknown(match["name"], self.draft.zone, self.draft.book)
            return False
        self.draft.add_calendar(CalendarRule(calendar=found, only=True))
        self.draft.names_days = True
        return True
