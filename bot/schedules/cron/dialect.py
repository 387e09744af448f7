"""What somebody meant whose expression fits no dialect: too few fields or too many, Quartz signs among five."""

import re
from collections.abc import Sequence

from bot.errors import Refusal
from bot.schedules.cron.faults import SHOWN, Parser, WrongField, find_mends, is_read, refuse, refuse_field
from bot.schedules.cron.misread import CLOCK, LONG_NAMES
from bot.schedules.cron.quartz import take_quartz
from bot.schedules.cron.unix import take_unix
from bot.schedules.cron.values import WEEKDAYS

UNIX_FIELDS, QUARTZ_FIELDS, LONGEST = 5, 6, 7
UNIX_SHAPE = "The fields are minute, hour, day, month and weekday, as in `0 9 * * 1-5`."
QUARTZ_SHAPE = "The fields are second, minute, hour, day, month, weekday and perhaps year, as in `0 0 9 ? * MON-FRI`."
QUARTZ_SIGN = re.compile(r"[?#]|^L(-\d+)?$|\d[LW]$|^L?W$|^[A-Z]{3}L$")
STEP = re.compile(r"(?:\*|0)/([1-9]\d{1,3})", re.ASCII)
YEAR = re.compile(r"(?:19|20|21)\d\d", re.ASCII)
COMMAND = re.compile(r"[/.~$][A-Z]|[A-Z_]{3,}")


def refuse_unix(fields: Sequence[str], wrong: WrongField) -> Refusal:
    """Five fields that are no Unix cron."""
    if any(QUARTZ_SIGN.search(field) for field in fields):
        return _refuse_signs(fields)
    better = [*_as_interval(fields, wrong), *find_mends(fields, wrong, take_unix)]
    if not better and fields[2] == "0":
        better = _only(take_quartz, [*fields, "?"])  # `0 0 8 * *` was to be Quartz, and its day would be 0
    return refuse_field(fields, wrong, better, UNIX_SHAPE)


def refuse_quartz(fields: Sequence[str], wrong: WrongField) -> Refusal:
    """Six or seven fields that are no Quartz."""
    mends = [*_as_interval(fields[1:], wrong), *find_mends(fields, wrong, take_quartz)]
    mends = mends or _without_command(fields) or _with_year_in_place(fields)
    return refuse_field(fields, wrong, mends, QUARTZ_SHAPE)


def refuse_count(fields: Sequence[str]) -> Refusal:
    """No dialect has so many fields. The guess completes what is short and cuts what is long."""
    choices = _complete(fields) if len(fields) < UNIX_FIELDS else _cut(fields)
    number = f"{len(fields)} field" + ("" if len(fields) == 1 else "s")
    return refuse(
        f"`{' '.join(fields)[:SHOWN]}` has {number}: Unix cron has 5 (minute hour day month weekday), "
        "Quartz 6 (second minute hour day month weekday) or 7 (with the year).",
        *dict.fromkeys(choices),
        hint="" if choices else "For example `0 9 * * 1-5` or `0 0 9 ? * MON-FRI`.",
    )


def _refuse_signs(fields: Sequence[str]) -> Refusal:
    """Quartz signs among five fields: the weekday numbers would mean other days, so nothing is guessed."""
    plain = ["*" if field == "?" else field for field in fields]
    choices = _only(take_unix, plain)
    if not choices:
        quartz = _as_quartz(plain)
        # A list of numbered weekdays, for which Quartz has no one expression, stays without a text.
        choices = _only(take_quartz, quartz) or _mend_quartz(quartz)
    rule = (
        f"`{' '.join(fields)[:SHOWN]}` has five fields, as in Unix cron, and signs that only Quartz knows (? L W #)."
    )
    return refuse(rule, *choices, hint="" if choices else "Quartz has the second first, as in `0 0 8 ? * FRI#2`.")


def _mend_quartz(fields: Sequence[str]) -> list[str]:
    try:
        take_quartz(fields)
    except WrongField as wrong:
        return find_mends(fields, wrong, take_quartz)
    return []


def _as_quartz(fields: Sequence[str], year: str = "") -> list[str]:
    """Five fields with the second before them, the weekdays in names (Unix counts from Sunday = 0, Quartz from 1)."""
    quartz = ["0", *fields, *([year] if year else [])]
    quartz[5] = re.sub(r"(?<![#/\dA-Z-])[0-7](?!\d)|(?<=\d-)[0-7](?!\d)", _name_weekday, quartz[5])
    quartz[5 if quartz[5] == "*" else 3] = "?"
    return quartz


def _name_weekday(number: re.Match[str]) -> str:
    return WEEKDAYS[int(number[0]) % 7]


def _as_interval(fields: Sequence[str], wrong: WrongField) -> list[str]:
    """`*/90 * * * *` wants every 90 minutes, which is an interval and no cron expression."""
    for place, unit in enumerate(("minute", "hour")):
        step = STEP.fullmatch(fields[place])
        if step and wrong.name == unit and all(field in ("*", "?") for field in fields[place + 1 :]):
            return [f"every {step[1]} {unit}s"]
    return []


def _complete(fields: Sequence[str]) -> list[str]:
    """`0 9 * *` lacks the weekday. Three or four numbers may as well be the beginning of a Quartz expression."""
    if fields and (clock := CLOCK.fullmatch(fields[0])):
        fields = [str(int(clock[2])), str(int(clock[1])), *fields[1:]]
    if len(fields) < 2 or not any(field.isdigit() for field in fields):
        return []
    quartz = _only(take_quartz, [*fields, *["*"] * (5 - len(fields)), "?"]) if fields[2:3] not in ([], ["*"]) else []
    return quartz + _only(take_unix, [*fields, *["*"] * (UNIX_FIELDS - len(fields))])


def _cut(fields: Sequence[str]) -> list[str]:
    if not any(field.isdigit() for field in fields):
        return []
    return (
        _only(take_quartz, fields[:LONGEST])
        or _only(take_quartz, fields[:QUARTZ_FIELDS])
        or _without_command(fields)
        or _mend_quartz(fields[:LONGEST])
    )


def _without_command(fields: Sequence[str]) -> list[str]:
    """A line of a crontab goes on with a user or a command."""
    rest = [field for field in fields[UNIX_FIELDS:] if field not in LONG_NAMES]
    return _only(take_unix, fields[:UNIX_FIELDS]) if rest and COMMAND.search(rest[0]) else []


def _with_year_in_place(fields: Sequence[str]) -> list[str]:
    """`0 8 * * 1 2027`: a year behind Unix cron, which has none."""
    if len(fields) != QUARTZ_FIELDS or not YEAR.fullmatch(fields[-1]) or not is_read(take_unix, fields[:UNIX_FIELDS]):
        return []
    return _only(take_quartz, _as_quartz(fields[:UNIX_FIELDS], fields[-1]))


def _only(parse: Parser, fields: Sequence[str]) -> list[str]:
    """The expression if it is one."""
    return [" ".join(fields)] if is_read(parse, fields) else []
