"""Calendars: the list, one calendar, the form in which days are handed in, and what they would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.blocks.field import VALUE
from bot.blocks.form import problem_blocks
from bot.blocks.parts import (
    INPUT_TEXT,
    Block,
    Message,
    View,
    actions,
    button,
    confirm,
    context,
    dotted,
    header,
    input_block,
    message,
    modal,
    say,
    section,
)
from bot.blocks.text import bold, clean, escape, length, one_line, shorten
from bot.blocks.words import plural
from storage.records import Calendar

NAME, DAYS, YEAR = "name", "days", "year"
IMPORT = "calendar_import"
NAME_LENGTH = 60
ROWS_SHOWN = 30
YEARS_SHOWN = 12
DAYS_SHOWN = 15
JOBS_SHOWN = 10
BUILT_IN_WORDS = (
    "Built in: *holiday:XX* and *workday:XX* for any country (holiday:US, workday:CN, holiday:DE-BY), "
    "*trading:XNYS*, *trading:XSHG*, *trading:XLON*, *trading:XTKS*. Type them as you say them: "
    "`except US holidays`, `on NYSE trading days`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearChange:
    """What an import makes of one year; `days` is how many it has then."""

    year: int
    added: Sequence[date]
    removed: Sequence[date]
    is_new: bool
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInUse:
    """A built-in calendar that jobs go by; `until` is its last day, None when it knows no year at all."""

    name: str
    until: date | None
    jobs: int


def calendar_list(own: Sequence[tuple[Calendar, int]], built_in: Sequence[BuiltInUse] = ()) -> Message:
    """The team's own calendars, each with how many jobs go by it, and the built-in ones in use."""
    told = f"{plural(len(own), 'calendar')} of your own." if own else "You have no calendars of your own yet."
    rows = [_row(one, jobs) for one, jobs in own[:ROWS_SHOWN]]
    used = [
        context(f"{bold(one.name)} {_until(one.until)} · {plural(one.jobs, 'job')}") for one in built_in[:JOBS_SHOWN]
    ]
    more = [context(f"{len(own) - ROWS_SHOWN} more: dify-ops calendars list")] if len(own) > ROWS_SHOWN else []
    new = button("Import a calendar", "calendar_import", "new", style=None if own else "primary")
    return message(told, [section(told), *rows, *more, *used, actions(new), context(BUILT_IN_WORDS)])


def _row(one: Calendar, jobs: int) -> Block:
    facts = dotted((years(one.years), plural(len(one.days), "day"), plural(jobs, "job") if jobs else "in no job"))
    show = button("Show", "calendar_show", f"calendar:{one.id}", label=f"Show {one.name}")
    return section(f"{bold(one.name)}\n{facts}", show)


def calendar_card(one: Calendar, today: date, jobs: str, may_change: bool) -> Message:
    """One own calendar. `jobs` are those that go by it, in words, "" for none."""
    told = f"{bold(one.name)} has {plural(len(one.days), 'day')} in {years(one.years)}."
    counts = [(year, sum(day.year == year for day in one.days)) for year in one.years]
    shown = [f"{year}: {plural(count, 'day')}" for year, count in counts if year >= today.year]
    coming = list_days([day for day in one.days if day >= today], with_year=True)
    blocks = [section(told), *([context(*shown)] if shown else [])]
    blocks.append(section(f"*Next days:* {coming or 'none'}\n*Jobs:* {escape(shorten(jobs, 1000)) or 'none'}"))
    if may_change:
        fill = button("Import days", "calendar_import", f"calendar:{one.id}", label=f"Import days of {one.name}")
        blocks.append(actions(fill, _delete_button(one)))
    return message(told, blocks)


def built_in_card(name: str, until: date | None, coming: Sequence[date], jobs: str) -> Message:
    """One built-in calendar: `coming` are its next days."""
    told = f"{bold(name)} is built in, {_until(until)}."
    next_days = list_days(coming, with_year=True)
    facts = f"*Next days:* {next_days or 'none that I know'}\n*Jobs:* {escape(shorten(jobs, 1000)) or 'none'}"
    return message(told, [section(told), section(facts)])


def ask_delete(one: Calendar) -> Message:
    """Asked after `/dify calendar delete`."""
    told = f"Delete the calendar {bold(one.name)}?"
    return message(told, [section(told), actions(_delete_button(one))])


def deleted(name: str) -> Message:
    told = f"Deleted the calendar {bold(name)}."
    return message(told, [section(told)])


def import_view(
    values: Mapping[str, str],
    problems: Mapping[str, str] | None = None,
    changes: Sequence[YearChange] | None = None,
    jobs: str = "",
    private_metadata: str = "",
) -> View:
    """The form. With `changes` it asks whether they may be made, and keeps what was typed."""
    asks = changes is not None
    blocks = problem_blocks(problems or {})
    if changes is not None:
        blocks += [header("This will change"), *change_blocks(changes)]
        blocks.append(context(f"Jobs that go by it: {escape(shorten(jobs, 1000)) or 'none'}. They are planned anew."))
    hint = (
        'One day a line (2026-12-24), CSV, JSON ([{"month": 1, "days": [1, 2]}]) or the text of an .ics file. Years '
        "that are not in it stay as they are. More than 3,000 characters: dify-ops calendars import NAME FILE."
    )
    blocks += [
        _text(NAME, "Name", values, "What people type: every day at 9 except closing days", most=NAME_LENGTH),
        _text(DAYS, "Days", values, hint, multiline=True),
        _text(YEAR, "Year", values, "Only needed for months that name none.", most=4, optional=True),
    ]
    title, submit = ("Replace these days?", "Replace") if asks else ("Import a calendar", "Import")
    return modal(title, blocks, callback_id=IMPORT, submit=submit, close="Cancel", private_metadata=private_metadata)


def imported_view(name: str, changes: Sequence[YearChange], jobs: str = "") -> View:
    """What an import has done."""
    told = [say(f"The calendar “{one_line(name)}” is imported.")] if changes else [say("Nothing in it has changed.")]
    lines = change_blocks(changes)
    planned = [context(f"Planned anew: {escape(shorten(jobs, 1000))}")] if jobs and changes else []
    tip = context(f"Try: `/dify schedule APP every day at 9 except {escape(one_line(name))}`")
    return modal("Calendar", [*told, *lines, *planned, tip], callback_id="done")


def change_blocks(changes: Sequence[YearChange]) -> list[Block]:
    """A line for each year; those beyond what can be read are summed up."""
    blocks = [section(_change(one)) for one in changes[:YEARS_SHOWN]]
    rest = changes[YEARS_SHOWN:]
    if rest:
        added, removed = sum(len(one.added) for one in rest), sum(len(one.removed) for one in rest)
        span = f"{rest[0].year} to {rest[-1].year}"
        blocks.append(section(f"*{span}*: {plural(added, 'day')} more, {plural(removed, 'day')} less."))
    return blocks


def _change(one: YearChange) -> str:
    if one.is_new:
        return f"*{one.year}* is new, with {plural(one.days, 'day')}. {list_days(one.added)}"
    if not one.added and not one.removed:
        return f"*{one.year}* stays as it is, with {plural(one.days, 'day')}."
    parts = [
        f"{sign} {plural(len(some), 'day')}: {list_days(some)}"
        for sign, some in (("+", one.added), ("−", one.removed))
        if some
    ]
    return f"*{one.year}* has {plural(one.days, 'day')} then.\n" + "\n".join(parts)


def list_days(days: Sequence[date], *, with_year: bool = False) -> str:
    """Thu 24 Dec, Fri 25 Dec, … 3 more."""
    shown = [f"{day:%a} {day.day} {day:%b}" + (f" {day.year}" if with_year else "") for day in days[:DAYS_SHOWN]]
    more = [f"… {len(days) - DAYS_SHOWN:,} more"] if len(days) > DAYS_SHOWN else []
    return ", ".join(shown + more)


def years(known: Sequence[int]) -> str:
    """2024–2026, 2028."""
    spans: list[list[int]] = []
    for year in known:
        if spans and spans[-1][1] == year - 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    return ", ".join(f"{first}–{last}" if first != last else f"{first}" for first, last in spans) or "no year"


def _until(until: date | None) -> str:
    return f"known until {until.day} {until:%B} {until.year}" if until else "not known for any year"


def _delete_button(one: Calendar) -> Block:
    sure = confirm("Delete this calendar?", f"{one.name} is gone then.", "Delete", "Keep", danger=True)
    value = f"calendar:{one.id}"
    return button("Delete", "calendar_delete", value, style="danger", confirm=sure, label=f"Delete {one.name}")


def _text(
    block_id: str,
    label: str,
    values: Mapping[str, str],
    hint: str,
    *,
    most: int = INPUT_TEXT,
    multiline: bool = False,
    optional: bool = False,
) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": VALUE, "max_length": most, "multiline": multiline}
    initial = clean(values.get(block_id, ""))
    if initial and length(initial) <= most:
        element["initial_value"] = initial
    return input_block(label, element, block_id, hint, optional)
