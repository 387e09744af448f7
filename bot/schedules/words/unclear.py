"""Refusals of single moments that can be meant in two ways, with whole texts of both."""

from datetime import date, datetime

from bot.errors import Refusal
from bot.schedules.cron.describe import join_words, ordinal, write_time
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.vocabulary import MONTHS

USUAL_ENDS = (17, 18)


def refuse_day_only(local: datetime) -> Refusal:
    """`on the 1st at 8:00` may be the coming one or that of every month."""
    at = write_time((local.hour, local.minute, local.second), short=True)
    choices = (f"{local:%Y-%m-%d} {at}", f"on the {ordinal(local.day)} of every month at {at}")
    return Refusal(
        f"Once on the coming {ordinal(local.day)}, or every month?",
        f"Write “{choices[0]}” for once, or “{choices[1]}”.",
        code="ambiguous",
        choices=choices,
    )


def refuse_last(cursor: Cursor) -> Refusal:
    """`last Friday 17:00` may mean a rhythm; the cursor stands at `last`."""
    cursor.next()
    weekday = cursor.next().capitalize()
    months = "every month"
    if cursor.eat("of", "in") and cursor.peek() in MONTHS:
        months = cursor.next().capitalize()
    rest = cursor.rest() or "at 9:00"
    monthly = f"on the last {weekday} of {months} {rest}"
    yearly = f"every year {monthly}" if months != "every month" else monthly
    return Refusal(
        f"Last {weekday} lies in the past, if it is a single day.",
        f"Write “{yearly}” for the last one of each {'year' if yearly != monthly else 'month'}.",
        code="past",
        choices=(yearly,),
    )


def refuse_end_of_day(words: str, today: date) -> Refusal:
    choices = tuple(f"{today} {hour}:00" for hour in USUAL_ENDS)
    return Refusal(
        f"“{words}” names no time of day.",
        f"For example {join_words(f'“{choice}”' for choice in choices).replace(' and ', ' or ')}.",
        code="ambiguous",
        choices=choices,
    )


def refuse_alternatives(cursor: Cursor) -> Refusal:
    """`tomorrow at 9 or 10`; the cursor stands at `or`. The first of the two is offered."""
    first = cursor.phrase[: cursor.starts[cursor.at]].strip().removesuffix(",")
    return Refusal(
        "Two times are given with “or”, and I cannot choose.",
        f"Write only one: “{first}”." if any(letter.isdigit() for letter in first) else "Write only one.",
        code="ambiguous",
        choices=(first,) if any(letter.isdigit() for letter in first) else (),
    )
