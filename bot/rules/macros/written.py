"""Values as texts: a time by its parts (`%Y-%m-%d`), and anything as it stands in an input by itself."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

from bot.errors import Refusal

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
LONGEST_FORM = 80
PART = re.compile(r"%(-?[A-Za-z]|:z|%|.|\Z)", re.DOTALL)


class Month(date):
    """A whole month; as a date it is its first day."""

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.year, day.month, 1)


# Own code and not strftime: that one speaks the language of the server and differs between systems.
OF_DATE: Mapping[str, Callable[[Any], str]] = {
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year % 100:02}",
    "m": lambda at: f"{at.month:02}",
    "-m": lambda at: f"{at.month}",
    "d": lambda at: f"{at.day:02}",
    "-d": lambda at: f"{at.day}",
    "B": lambda at: MONTHS[at.month - 1],
    "b": lambda at: MONTHS[at.month - 1][:3],
    "A": lambda at: WEEKDAYS[at.weekday()],
    "a": lambda at: WEEKDAYS[at.weekday()][:3],
    "j": lambda at: f"{at.timetuple().tm_yday:03}",
    "G": lambda at: f"{at.isocalendar().year:04}",
    "V": lambda at: f"{at.isocalendar().week:02}",
    "u": lambda at: f"{at.isoweekday()}",
    "F": lambda at: f"{at.year:04}-{at.month:02}-{at.day:02}",
    "%": lambda at: "%",
}
OF_TIME: Mapping[str, Callable[[Any], str]] = {
    "H": lambda at: f"{at.hour:02}",
    "-H": lambda at: f"{at.hour}",
    "I": lambda at: f"{(at.hour - 1) % 12 + 1:02}",
    "-I": lambda at: f"{(at.hour - 1) % 12 + 1}",
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "p": lambda at: "AM" if at.hour < 12 else "PM",
    "T": lambda at: f"{at.hour:02}:{at.minute:02}:{at.second:02}",
    "z": lambda at: _offset(at, ""),
    ":z": lambda at: _offset(at, ":"),
    "s": lambda at: str(timestamp(at)),
}


def check_form(form: str, *, has_hours: bool) -> None:
    """Raises Refusal `bad_macro` for a form of a date that cannot be written."""
    if len(form) > LONGEST_FORM:
        raise Refusal(f"A form of a date has at most {LONGEST_FORM} characters.", "Shorten it.", code="bad_macro")
    known = {**OF_DATE, **OF_TIME} if has_hours else OF_DATE
    for part in PART.finditer(form):
        if part[1] in known:
            continue
        message = f"A date has no “{part[0]}”." if part[1] in OF_TIME else f"I know no “{part[0]}” in a date's form."
        hint = "Take data_time or scheduled_time." if part[1] in OF_TIME else f"Known are: {_list(known)}."
        raise Refusal(message, hint, code="bad_macro")


def write_form(at: date, form: str) -> str:
    """A time or a date in a form that `check_form` has let pass."""
    return PART.sub(lambda part: {**OF_DATE, **OF_TIME}[part[1]](at), form)


def write(value: Any) -> str:
    """A value as text: times in ISO 8601 with their offset, days as YYYY-MM-DD, months as YYYY-MM, the rest as JSON.

    Raises Refusal `bad_value` for an output that no text can hold.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Month):
        return write_form(value, "%Y-%m")
    if isinstance(value, date):
        return value.isoformat()
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        raise Refusal("That output cannot be written as a text.", "Name one part of it.", code="bad_value") from None


def timestamp(at: datetime) -> int:
    """Whole seconds since 1970 in UTC."""
    return (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


def _offset(at: datetime, colon: str) -> str:
    minutes = (at.utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}{colon}{rest:02}"


def _list(known: Mapping[str, Any]) -> str:
    return " ".join(f"%{part}" for part in known)
