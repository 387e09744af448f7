"""Which dialect an expression is in, and its parsed form."""

import unicodedata
from functools import lru_cache

from bot.errors import Refusal
from bot.schedules.cron.dialect import LONGEST, QUARTZ_FIELDS, UNIX_FIELDS, refuse_count, refuse_quartz, refuse_unix
from bot.schedules.cron.faults import WrongField, refuse
from bot.schedules.cron.fields import Cron
from bot.schedules.cron.quartz import take_quartz
from bot.schedules.cron.unix import NICKNAMES, take_unix

UNION = " | "  # stands between the expressions of a schedule that needs several


@lru_cache(maxsize=2048)
def parse(expression: str) -> Cron:
    """The fields of one canonical expression. Raises Refusal with the field, the rule and the corrected text."""
    fields = expression.split()
    if not UNIX_FIELDS <= len(fields) <= LONGEST:
        raise refuse_count(fields)
    take, explain = (take_quartz, refuse_quartz) if len(fields) >= QUARTZ_FIELDS else (take_unix, refuse_unix)
    try:
        return take(fields)
    except WrongField as wrong:
        raise explain(fields, wrong) from None


def write_canonical(text: str) -> str:
    """The canonical form of an expression: single spaces, capitals, nicknames spelled out. Checks nothing."""
    words = text.upper().split()
    if len(words) == 1 and words[0].startswith("@"):
        return _spell_out(words[0])
    return " ".join(words)


def read_expression(text: str) -> str:
    """The canonical form of an expression that somebody typed, checked. Raises Refusal `unreadable`."""
    plain = unicodedata.normalize("NFKC", text).strip("\"'`“”‘’ \t\r\n;.").replace("、", ",").replace("，", ",")
    canonical = write_canonical(plain)
    if " ".join(text.upper().split()) not in (canonical, " ".join(plain.upper().split())):
        parse(canonical)
        raise refuse("Quotes, full-width signs and closing marks are no part of a cron expression.", canonical)
    parse(canonical)
    return canonical


def _spell_out(nickname: str) -> str:
    if nickname in NICKNAMES:
        return NICKNAMES[nickname]
    if nickname == "@REBOOT":
        raise Refusal(
            "“@reboot” is no time: it means the start of a machine.",
            "Write a time, or “on api” for a job that only runs on demand.",
            code="unreadable",
            choices=("on api", "@hourly", "@daily"),
        )
    raise Refusal(
        f"I know no nickname “{nickname.lower()}”.",
        "There are @hourly, @daily, @weekly, @monthly and @yearly.",
        code="unreadable",
        choices=("@hourly", "@daily", "@weekly", "@monthly", "@yearly"),
    )
