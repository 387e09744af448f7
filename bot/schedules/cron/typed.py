"""A cron expression as it was typed, as a schedule."""

from bot.schedules.cron.describe import describe_cron
from bot.schedules.cron.dialect import QUARTZ_FIELDS
from bot.schedules.cron.parse import parse, read_expression
from storage.records import Schedule


def write_schedule(text: str, zone: str) -> Schedule:
    """The schedule of an expression, also of one that never fires. Raises Refusal for any other text."""
    expression = read_expression(text)
    says = describe_cron(parse(expression), seconds=is_quartz(expression))
    return Schedule(kind="cron", spec=expression, zone=zone, text=expression, says=says)


def is_quartz(expression: str) -> bool:
    return len(expression.split()) >= QUARTZ_FIELDS
