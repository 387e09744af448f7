"""Once, at one instant. The spec is that instant in UTC (`2026-12-01T06:00:00Z`).

A text that counts from now (`in 5 seconds`) keeps its words until the job is saved; `anchor` then fixes the instant.
"""

import re
from datetime import datetime, timedelta

from bot.errors import Refusal
from bot.schedules.cron.describe import write_time
from bot.schedules.cron.fields import LAST_YEAR
from bot.schedules.kind import Asked, Unread
from bot.schedules.shifts import local_of, moment_of, offset_of, resolve_wall, stamp_of, wall_is_skipped, wall_of
from bot.schedules.words.cursor import Stuck
from bot.schedules.words.languages import is_han, read_moment
from bot.schedules.words.lastresort import guess_moment
from bot.schedules.words.moment import Moment, local_time, seconds_from_now
from bot.schedules.words.translate import TRANSLATED, translate
from bot.schedules.words.wish import write_duration
from bot.schedules.zones import zone_of
from storage.records import Schedule

WITH_OFFSET = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt\s]\s*(\d{1,2}:\d\d(?::\d\d)?)(?:\.\d+)?\s*([Zz]|[+-]\d\d:?\d\d)", re.ASCII
)
SPEC = "%Y-%m-%dT%H:%M:%SZ"


def read(asked: Asked) -> Schedule | Unread | None:
    phrase = asked.phrase.strip()
    if match := WITH_OFFSET.fullmatch(phrase):
        return _at_stamp(asked, _read_offset(*match.groups()))
    now = asked.now.astimezone(zone_of(asked.zone)).replace(tzinfo=None)
    moment = _read_in_any(phrase, now, asked.lang)
    if isinstance(moment, Moment):
        return _read_relative(asked, moment) or _at_local(asked, local_time(moment, now))
    guessed = guess_moment(phrase, now, asked.lang)
    if guessed is not None:
        return _at_local(asked, guessed)
    return Unread(moment.at, moment.rest) if moment.at else None


def next_after(schedule: Schedule, after: datetime) -> datetime | None:
    instant = datetime.fromisoformat(schedule.spec)
    return instant if instant > after else None


def after_end(schedule: Schedule, ended_at: datetime) -> None:
    return None


def first_after_save(schedule: Schedule, saved_at: datetime) -> datetime | None:
    return next_after(anchor(schedule, saved_at), saved_at)


def anchor(schedule: Schedule, saved_at: datetime) -> Schedule:
    if not schedule.text.startswith("in "):
        return schedule
    now = saved_at.astimezone(zone_of(schedule.zone)).replace(tzinfo=None)
    moment = read_moment(schedule.text, now)
    assert isinstance(moment, Moment), schedule.text
    asked = Asked(schedule.text, schedule.zone, saved_at)
    seconds = seconds_from_now(moment)
    if seconds:
        return _at_stamp(asked, _whole_stamp(saved_at) + seconds)
    return _at_stamp(asked, resolve_wall(schedule.zone, wall_of(local_time(moment, now))))


def _read_in_any(phrase: str, now: datetime, lang: str) -> Moment | Stuck:
    """In the person's language, then in English; then in a language of Europe that alone can read the whole of it,
    since not everybody types in the language of their Slack."""
    if lang[:2].lower() in TRANSLATED and isinstance(moment := _read_translated(phrase, now, lang), Moment):
        return moment
    own = read_moment(phrase, now, lang)
    if isinstance(own, Moment) or is_han(phrase):
        return own
    refusals: list[Refusal] = []
    moments: list[Moment] = []
    for code in TRANSLATED:
        try:
            found = _read_translated(phrase, now, code)
        except Refusal as refusal:
            refusals.append(refusal)
        else:
            moments += [found] if isinstance(found, Moment) else []
    if not moments and refusals:
        raise refusals[0]
    return moments[0] if moments and all(one == moments[0] for one in moments) else own


def _read_translated(phrase: str, now: datetime, lang: str) -> Moment | Stuck | None:
    """None where the phrase has no word of that language."""
    english = translate(phrase, lang)
    return read_moment(english, now, "en") if english != " ".join(phrase.lower().split()) else None


def _read_relative(asked: Asked, moment: Moment) -> Schedule | None:
    """A schedule that still counts from the moment of saving."""
    if not moment.is_relative:
        return None
    seconds = seconds_from_now(moment)
    if seconds:
        words = write_duration(seconds, one=True)
    else:
        count, unit = (moment.days_on, "day") if moment.days_on else (moment.months_on, "month")
        words = f"{count} {unit}{'s' if count > 1 else ''}"
    draft = Schedule(
        kind="one_time", spec="", zone=asked.zone, text=f"in {words}", says=f"once, {words} after it is saved"
    )
    fixed = anchor(draft, asked.now)
    return Schedule(kind="one_time", spec=fixed.spec, zone=asked.zone, text=draft.text, says=draft.says)


def _whole_stamp(moment: datetime) -> int:
    """Rounded up, so that no run comes sooner than promised."""
    return stamp_of(moment + timedelta(microseconds=999_999))


def _read_offset(day: str, time: str, offset: str) -> int:
    try:
        return stamp_of(
            datetime.fromisoformat(f"{day}T{time.zfill(5 if time.count(':') == 1 else 8)}{offset.upper()}")
        )
    except (ValueError, OverflowError):
        raise Refusal(
            f"There is no time “{day} {time}{offset}”.", "Write it as 2026-12-01T14:00:00Z.", code="unreadable"
        ) from None


def _at_local(asked: Asked, local: datetime) -> Schedule:
    """The first occurrence of a local time. Raises Refusal for one that the clock skips."""
    wall = wall_of(local)
    stamp = resolve_wall(asked.zone, wall)
    if wall_is_skipped(asked.zone, wall):
        later = _write_local(local_of(stamp + offset_of(asked.zone, stamp)))
        raise Refusal(
            f"{_write_local(local)} does not exist in {asked.zone}: the clocks go forward.",
            f"The next time that exists is {later}.",
            code="unreadable",
            choices=(later,),
        )
    return _at_stamp(asked, stamp)


def _at_stamp(asked: Asked, stamp: int) -> Schedule:
    instant = moment_of(stamp)
    if instant.year > LAST_YEAR:
        raise Refusal("That is too far away.", f"The last year is {LAST_YEAR}.", code="too_far")
    if instant <= asked.now:
        raise _refuse_past(asked, stamp)
    local = local_of(stamp + offset_of(asked.zone, stamp))
    text = _write_local(local)
    if resolve_wall(asked.zone, wall_of(local)) != stamp:  # the second pass of a repeated hour
        text = instant.astimezone(zone_of(asked.zone)).isoformat(sep=" ")
    clock = write_time((local.hour, local.minute, local.second))
    says = f"once, on {local:%A} {local.day} {local:%B %Y} at {clock}"
    return Schedule(kind="one_time", spec=instant.strftime(SPEC), zone=asked.zone, text=text, says=says)


def _refuse_past(asked: Asked, stamp: int) -> Refusal:
    """Offers the same time of day, the next time that it comes."""
    zone = asked.zone
    local = local_of(stamp + offset_of(zone, stamp))
    now = asked.now.astimezone(zone_of(zone)).replace(tzinfo=None)
    later = datetime.combine(now.date(), local.time())
    later += timedelta(days=1) if later <= now else timedelta()
    text = _write_local(later)
    return Refusal(
        f"{_write_local(local)} ({zone}) is past.",
        f"The next {write_time((local.hour, local.minute, local.second))} is {text}.",
        code="past",
        choices=(text,),
    )


def _write_local(local: datetime) -> str:
    return f"{local:%Y-%m-%d} {write_time((local.hour, local.minute, local.second), short=True)}"
