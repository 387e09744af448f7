"""Cron expressions in plain English."""

import pytest

from bot import schedules
from bot.schedules.cron.describe import describe_cron
from bot.schedules.cron.parse import parse, write_canonical
from tests.schedules.rows import instant, rows_of

NOW = instant("2026-03-11T14:30:00Z")


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("0 0 8 * * ?", "every day at 08:00:00"),
        ("0 8 * * *", "every day at 08:00"),
        ("0 9 * * 1-5", "every weekday at 09:00"),
        ("0 0 9 ? * 1-5", "every Monday, Tuesday, Wednesday, Thursday and Sunday at 09:00:00"),
        ("0 9 * * 0", "every Sunday at 09:00"),
        ("0 9 * * 7", "every Sunday at 09:00"),
        ("0 9 * * 1-7", "every day at 09:00"),
        ("*/5 * * * *", "every 5 minutes"),
        ("0 0/15 9-17 ? * MON-FRI", "every 15 minutes from 09:00 to 17:59, every weekday"),
        ("0 */7 * * * ?", "every hour at :00, :07, :14, :21, :28, :35, :42, :49 and :56"),
        ("5 * * * *", "every hour at :05"),
        ("* * * * *", "every minute"),
        ("*/10 * * * * ?", "every 10 seconds"),
        ("* * * * * ?", "every second"),
        ("0 30 17 ? * 6L", "on the last Friday of every month at 17:30:00"),
        ("0 30 17 ? * 6#3", "on the 3rd Friday of every month at 17:30:00"),
        ("0 0 3 L * ?", "on the last day of every month at 03:00:00"),
        ("0 0 3 L-3 * ?", "3 days before the last day of every month at 03:00:00"),
        ("0 0 3 LW * ?", "on the last weekday of every month at 03:00:00"),
        ("0 0 3 15W 2 ?", "every year on the weekday nearest the 15th of February at 03:00:00"),
        ("0 0 3 1 1 ? 2027-2029", "every year on the 1st of January in 2027, 2028 and 2029 at 03:00:00"),
        ("0 0 1 * 1", "on the 1st of every month and also every Monday at 00:00"),
        (
            "0 0 */10 * 1",
            "every Monday that falls on the 1st, 11th, 21st and 31st of the month at 00:00",
        ),
        ("0 6 * 12,1 *", "every day in January and December at 06:00"),
    ],
)  # fmt: skip
def test_an_expression_is_told_in_words(expression: str, says: str) -> None:
    assert schedules.read(expression, "UTC", NOW).says == says


def test_every_expression_of_the_ground_truth_can_be_told() -> None:
    expressions = {write_canonical(row["expr"]) for name in ("quartz_next", "unix_next") for row in rows_of(name)}
    told = {expression: describe_cron(parse(expression), seconds=True) for expression in expressions}
    assert all(told.values())
    assert all(len(words) < 600 for words in told.values())
