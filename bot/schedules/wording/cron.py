"""A cron expression in words: its dates, and its times of day or its rhythm."""

from bot.schedules.cron.describe import LISTED_TIMES, write_time
from bot.schedules.cron.fields import EVERY_HOUR, EVERY_MINUTE, Cron
from bot.schedules.wording.dates import join_runs, word_dates
from bot.schedules.wording.lexicon import Lexicon


def word_cron(cron: Cron, lexicon: Lexicon, *, seconds: bool) -> str:
    """With `seconds`, times are told to the second."""
    dates = word_dates(cron.dates, cron.months, cron.years, lexicon)
    count = len(cron.hours) * len(cron.minutes) * len(cron.seconds)
    if count <= LISTED_TIMES and not _is_rhythm(cron):
        times = [(h, m, s) for h in cron.hours for m in cron.minutes for s in cron.seconds]
        told = lexicon.join(write_time(time, seconds=seconds) for time in times)
        return lexicon.at.format(dates=dates, times=told)
    rhythm = _word_minutes(cron, lexicon) + _word_hours(cron.hours, lexicon)
    return rhythm if dates == lexicon.daily else lexicon.on_dates.format(dates=dates, rhythm=rhythm)


def _word_minutes(cron: Cron, lexicon: Lexicon) -> str:
    seconds, minutes = cron.seconds, cron.minutes
    if minutes == EVERY_MINUTE and (step := _even_step(seconds)):
        return lexicon.every.format(duration=_steps(step, "second", lexicon))
    tail = "" if seconds == (0,) else lexicon.seconds.format(seconds=lexicon.join(join_runs(seconds)))
    if minutes == EVERY_MINUTE:
        return lexicon.every.format(duration=_steps(1, "minute", lexicon)) + tail
    if step := _even_step(minutes):
        return lexicon.every.format(duration=_steps(step, "minute", lexicon)) + tail
    return lexicon.hourly.format(minutes=lexicon.join(join_runs(minutes))) + tail


def _word_hours(hours: tuple[int, ...], lexicon: Lexicon) -> str:
    if hours == EVERY_HOUR:
        return ""
    if hours == tuple(range(hours[0], hours[-1] + 1)):
        return lexicon.hours.format(first=hours[0], last=hours[-1])
    return lexicon.hour_list.format(hours=lexicon.join(str(hour) for hour in hours))


def _steps(step: int, unit: str, lexicon: Lexicon) -> str:
    return f"{step}{lexicon.units[unit]}"


def _is_rhythm(cron: Cron) -> bool:
    """A schedule of every hour or minute, or by steps, says its rhythm even where it fires only a few times."""
    return cron.hours == EVERY_HOUR or cron.minutes == EVERY_MINUTE or (cron.repeats and len(cron.minutes) > 1)


def _even_step(values: tuple[int, ...]) -> int:
    """The step of values that run evenly through the whole minute or hour from 0, else 0."""
    step = values[1] - values[0] if len(values) > 1 else 0
    return step if step and 60 % step == 0 and values == tuple(range(0, 60, step)) else 0
