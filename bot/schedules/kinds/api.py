"""No slots at all: the job runs when somebody asks, through the API or a button."""

from datetime import datetime

from bot.schedules.kind import Asked
from storage.records import Schedule

TEXT = "on api"
SAYS = "only when asked, through the API or a button"
NAMES = frozenset(
    ("on api", "api", "via api", "by api", "api only", "on demand", "only on demand", "on request", "when asked")
)


def read(asked: Asked) -> Schedule | None:
    if " ".join(asked.phrase.lower().replace("-", " ").split()) not in NAMES:
        return None
    return Schedule(kind="api", spec="", zone=asked.zone, text=TEXT, says=SAYS)


def next_after(schedule: Schedule, after: datetime) -> None:
    return None


def after_end(schedule: Schedule, ended_at: datetime) -> None:
    return None


def first_after_save(schedule: Schedule, saved_at: datetime) -> None:
    return None


def anchor(schedule: Schedule, saved_at: datetime) -> Schedule:
    return schedule
