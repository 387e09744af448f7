"""A schedule in the words of a language: Chinese and Japanese here, all others as they were written in English."""

import re
from datetime import datetime

from bot.schedules.cron.narrow import parse_narrowed
from bot.schedules.cron.parse import UNION
from bot.schedules.cron.typed import is_quartz
from bot.schedules.wording.bounds import word_bounds
from bot.schedules.wording.chinese import CHINESE
from bot.schedules.wording.cron import word_cron
from bot.schedules.wording.instants import write_local_time
from bot.schedules.wording.japanese import JAPANESE
from bot.schedules.wording.lexicon import Lexicon
from bot.schedules.zones import zone_of
from storage.records import Schedule

LEXICONS = {"zh": CHINESE, "ja": JAPANESE}
AFTER_SAVE = re.compile(r"in (\d+) (second|minute|hour|day|week|month|year)s?", re.ASCII)


def word(schedule: Schedule, lang: str) -> str:
    """The schedule in plain words; `lang` is a language or a locale (`zh`, `ja-JP`)."""
    lexicon = LEXICONS.get(lang[:2].lower())
    if lexicon is None:
        return schedule.says
    return lexicon.comma.join([_word_rhythm(schedule, lexicon), *word_bounds(schedule, lexicon)])


def _word_rhythm(schedule: Schedule, lexicon: Lexicon) -> str:
    if schedule.kind == "cron":
        # A typed expression is told to the second, so that a wrong dialect is seen.
        typed = is_quartz(schedule.spec) and schedule.text.startswith(schedule.spec)
        parts = [parse_narrowed(part) for part in schedule.spec.split(UNION)]
        return lexicon.stop.join(word_cron(cron, lexicon, seconds=typed) for cron in parts)
    if schedule.kind == "fixed_rate":
        return lexicon.every.format(duration=lexicon.duration(int(schedule.spec)))
    if schedule.kind == "fixed_delay":
        return lexicon.delay.format(duration=lexicon.duration(int(schedule.spec)))
    if schedule.kind == "one_time":
        return _word_once(schedule, lexicon)
    return lexicon.api


def _word_once(schedule: Schedule, lexicon: Lexicon) -> str:
    if match := AFTER_SAVE.match(schedule.text):
        return lexicon.after_save.format(duration=f"{match[1]}{lexicon.units[match[2]]}")
    local = datetime.fromisoformat(schedule.spec).astimezone(zone_of(schedule.zone))
    day = lexicon.weekdays[(local.weekday() + 1) % 7]
    return lexicon.once.format(date=local.date(), day=day, time=write_local_time(local))
