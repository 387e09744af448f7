"""Every so many days, weeks, months or years: the cycle, and the refusal where the gap can be counted in two ways."""

from bot.errors import Refusal
from bot.schedules.cron.fields import Cycle

MONTHS_IN_YEAR = 12
LONGEST = {"day": 366, "week": 104, "month": 120}  # further apart, each one is a date of its own
SAMPLES = {
    "day": "every {count} days at 9:00",
    "week": "every {count} weeks on Monday at 9:00",
    "month": "every {count} months on the 1st at 9:00",
    "year": "every {count} years on the 1st of January at 9:00",
}


def count_on(unit: str, count: int) -> Cycle:
    """The cycle of a unit: day, week, month or year. Raises Refusal `too_far`."""
    if unit == "year":
        unit, count = "month", count * MONTHS_IN_YEAR
    if count > LONGEST[unit]:
        raise Refusal(
            f"Every {count} {unit}s is too rarely to be counted.",
            "Write the dates, as in 2026-12-01.",
            code="too_far",
        )
    return Cycle(unit, count)


def refuse_between(shown: str, unit: str, count: int) -> Refusal:
    """`每隔两天`, `2日おき` can leave out two days between, or come every two days."""
    choices = tuple(_sample(unit, number) for number in (count, count + 1))
    return Refusal(
        f"“{shown}” can mean every {count} {unit}s or every {count + 1} {unit}s.",
        f"Write {' or '.join(f'“{choice}”' for choice in choices)}.",
        code="ambiguous",
        choices=choices,
    )


def _sample(unit: str, count: int) -> str:
    single = {
        "day": "every day at 9:00",
        "week": "every Monday at 9:00",
        "month": "on the 1st of every month at 9:00",
        "year": "every year on the 1st of January at 9:00",
    }
    return single[unit] if count == 1 else SAMPLES[unit].format(count=count)
