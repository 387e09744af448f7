"""Refusals of single moments that can be meant in two ways, with whole texts of both."""

from datetime import date, datetime

from bot.errors import Refusal
from bot.schedules.cron.describe import join_words, ordinal, write_time
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.vocabulary import MONTHS, WEEKDAYS

USUAL_ENDS = (17, 18)
PAST_WORDS = ("yesterday", "ago")
VAGUE_WORDS = ("soon", "later today", "next week", "next month", "next year", "this week", "someday")
END_OF_DAY_WORDS = ("end of day", "end of the day", "end of business", "close of business", "eod", "cob")


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


def refuse_vague(cursor: Cursor, today: date) -> None:
    """Raises Refusal if words stand here that name no one moment."""
    if cursor.peek() == "or" and cursor.at:
        raise _refuse_alternatives(cursor)
    if cursor.peek() in PAST_WORDS:
        raise Refusal("That lies in the past.", "Name a time that is still to come.", code="past")
    if cursor.peek() == "last" and cursor.peek(1) in WEEKDAYS:
        raise _refuse_last(cursor)
    if cursor.peek(1) in WEEKDAYS and cursor.peek(2) in ("of", "in") and cursor.peek(3) in MONTHS:
        raise _refuse_nth(cursor)
    if word := cursor.eat(*END_OF_DAY_WORDS):
        raise _refuse_end_of_day(word, today)
    if word := cursor.eat(*VAGUE_WORDS):
        raise Refusal(f"“{word}” names no time.", "Name a day and a time: “tomorrow at 9:00”.", code="ambiguous")


def _refuse_last(cursor: Cursor) -> Refusal:
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


def _refuse_nth(cursor: Cursor) -> Refusal:
    """`4th Thursday of November at 8` may be this year's or that of every year; the cursor stands at `4th`."""
    which, weekday = cursor.next(), cursor.next().capitalize()
    cursor.next()
    month = cursor.next().capitalize()
    yearly = f"every year on the {which} {weekday} of {month} {cursor.rest() or 'at 9:00'}"
    return Refusal(
        f"Once, on the {which} {weekday} of this {month}, or every year?",
        f"Write “{yearly}”, or the date for once.",
        code="ambiguous",
        choices=(yearly,),
    )


def _refuse_end_of_day(words: str, today: date) -> Refusal:
    choices = tuple(f"{today} {hour}:00" for hour in USUAL_ENDS)
    return Refusal(
        f"“{words}” names no time of day.",
        f"For example {join_words(f'“{choice}”' for choice in choices).replace(' and ', ' or ')}.",
        code="ambiguous",
        choices=choices,
    )


def _refuse_alternatives(cursor: Cursor) -> Refusal:
    """`tomorrow at 9 or 10`; the cursor stands at `or`. The first of the two is offered."""
    first = cursor.phrase[: cursor.starts[cursor.at]].strip().removesuffix(",")
    return Refusal(
        "Two times are given with “or”, and I cannot choose.",
        f"Write only one: “{first}”." if any(letter.isdigit() for letter in first) else "Write only one.",
        code="ambiguous",
        choices=(first,) if any(letter.isdigit() for letter in first) else (),
    )
