"""People, and jobs that were saved the way people save them; plain records stand in storage/examples.py."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from sqlalchemy import Connection, select

from bot.operations.draft import draft
from bot.operations.schedule import Saved, schedule
from bot.rules.access import Actor
from storage import apps, claims, jobs, runs
from storage.records import App, AuditEntry, Job, Run
from storage.tables import AUDIT, audit
from storage.vault import Secret, Vault
from tests.storage.examples import an_app

NOW = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)
TEAM, HERE, OWNER, OTHER, ADMIN = "T1", "C1", "U1", "U2", "U9"
# A busy machine says nothing about what is tested.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
KEY_TEXT = "q3Zt0cWqYxv5m1oPzR8uJ7sK2dL4aHnB6eFgTiVwXyM"


def an_actor(user_id: str = OWNER, *, channels: Iterable[str] = (HERE,), **proved: Any) -> Actor:
    return Actor(**{"team_id": TEAM, "user_id": user_id, "member_of": frozenset(channels)} | proved)


class Hand:
    """The time, turned by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


def a_vault() -> Vault:
    return Vault([Secret(KEY_TEXT)])


def connected(c: Connection, vault: Vault, *, key: str, **fields: Any) -> App:
    """An app whose key is sealed to its row."""
    app = apps.add(c, an_app(**fields))
    found = apps.set_key(c, app, vault.seal(key, about=apps.key_about(app)), key[-4:])
    assert found is not None
    return found


def save_job(c: Connection, when: str = "every 5 minutes", *, by: Actor | None = None, **said: Any) -> Saved:
    """A job as a person makes it: described, then saved. Its app is there already or is made."""
    actor = by or an_actor()
    now, edited = said.pop("now", NOW), said.pop("job", None)
    described = {"name": "Daily news", "inputs": {"topic": "AI"}, "zone": "UTC", "channel_id": HERE} | said
    app = described.pop("app", None) or apps.find(c, TEAM, "News") or apps.add(c, an_app())
    kept = draft(c, actor, app=app, when=when, job=edited, now=now, **described)
    return schedule(c, actor, kept.id, now=now)


def fresh_job(c: Connection, job: Job) -> Job:
    found = jobs.get(c, job.team_id, job.id)
    assert found is not None
    return found


def fresh_run(c: Connection, run: Run) -> Run:
    found = runs.get(c, run.team_id, run.id)
    assert found is not None
    return found


def runs_of(c: Connection, job: Job) -> list[Run]:
    """All rows of a job, oldest first."""
    return runs.list_runs(c, job.team_id, job_id=job.id, limit=10_000)[::-1]


def claim_run(c: Connection, run_id: int, owner: str, now: datetime, lease_s: float) -> Run | None:
    """As `claim_runs`, of one. None if another was first."""
    return next(iter(claims.claim_runs(c, [run_id], owner, now, lease_s)), None)


def list_entries(c: Connection, team_id: str, *, about: str | None = None) -> list[AuditEntry]:
    """Newest first; all of a team, or those about one thing."""
    query = select(*AUDIT.columns).where(audit.c.team_id == team_id).order_by(audit.c.id.desc())
    return AUDIT.all(c.execute(query if about is None else query.where(audit.c.about == about)))
