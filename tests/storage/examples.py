"""Small records to start a test from; every field can be said by name."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from storage.records import App, Calendar, Cause, Delivery, DeliveryKind, Draft, Job, Run

NOW = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=1)
TOMORROW = NOW + timedelta(days=1)
NOBODY = 2_000_000_000  # the number of no row, however many tests have written into the database
_numbers = count(1)


def a_run(**fields: Any) -> Run:
    number = next(_numbers)
    plain: dict[str, Any] = {
        "id": 0,
        "team_id": "T1",
        "key": f"job:{number}@2026-09-01T07:00:00Z",
        "app_id": 1,
        "name": "Daily news",
        "channel_id": "C1",
        "owner_id": "U1",
        "cause": Cause.SCHEDULE,
        "inputs": {"topic": "AI"},
        "slot_at": NOW,
        "due_at": NOW,
        "timeout_s": 1200,
        "created_at": NOW,
    }
    return Run(**plain | fields)


def a_job(**fields: Any) -> Job:
    plain: dict[str, Any] = {
        "id": 0,
        "team_id": "T1",
        "channel_id": "C1",
        "name": f"Job {next(_numbers)}",
        "app_id": 1,
        "inputs": {},
        "schedules": (),
        "owner_id": "U1",
        "created_at": NOW,
    }
    return Job(**plain | fields)


def an_app(**fields: Any) -> App:
    plain: dict[str, Any] = {
        "id": 0,
        "team_id": "T1",
        "name": "News",
        "base_urls": ("https://api.dify.ai/v1",),
        "mode": "workflow",
        "sealed_key": None,
        "key_hint": "",
        "created_by": "U1",
        "created_at": NOW,
    }
    return App(**plain | fields)


def a_delivery(**fields: Any) -> Delivery:
    plain: dict[str, Any] = {
        "id": 0,
        "team_id": "T1",
        "key": f"run:{next(_numbers)}>C1",
        "kind": DeliveryKind.RUN,
        "target": "C1",
        "due_at": NOW,
        "created_at": NOW,
    }
    return Delivery(**plain | fields)


def a_draft(**fields: Any) -> Draft:
    plain: dict[str, Any] = {
        "id": f"draft-{next(_numbers)}",
        "team_id": "T1",
        "user_id": "U1",
        "channel_id": "C1",
        "app_id": 1,
        "name": "Daily news",
        "when": "every day at 9",
        "zone": "Europe/Berlin",
        "inputs": {"topic": "AI"},
        "created_at": NOW,
        "expires_at": TOMORROW,
    }
    return Draft(**plain | fields)


def a_calendar(*days: date, **fields: Any) -> Calendar:
    plain: dict[str, Any] = {
        "id": 0,
        "team_id": "T1",
        "name": "Closing days",
        "days": days,
        "years": (2026,),
        "changed_by": "U1",
        "changed_at": NOW,
    }
    return Calendar(**plain | fields)
