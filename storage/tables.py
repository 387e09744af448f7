"""The tables. Conditions of partial indexes stand here once, as expressions that the queries use as well."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    and_,
    literal_column,
)

from storage.columns import ROW_ID, Json, Key, Utc, Word, Words
from storage.nested import DaysJson, FaultJson, ListJson, PolicyJson, SchedulesJson
from storage.records import (
    App,
    Attempt,
    AuditEntry,
    Calendar,
    Cause,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Draft,
    Gate,
    Job,
    JobState,
    Rollup,
    Run,
    RunState,
)
from storage.rows import Shape

# What decides when, where and with what a job fires. First what nobody looks for, so that no search takes that index.
JOB_COPIED = ("timeout_s", "schedules", "inputs", "policy", "app_id", "channel_id", "owner_id", "state", "version")
PRIORITY_LEVEL = timedelta(minutes=10)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def fold(name: str) -> str:
    """A name as it is compared: case does not matter, in any script (SQL's lower() knows ASCII only on SQLite)."""
    return name.casefold().strip()


def turn_of(due_at: datetime, priority: int) -> datetime:
    """By what the waiting runs are put in order: a level of priority is worth ten minutes of waiting, so that nothing
    waits for ever."""
    return due_at - PRIORITY_LEVEL * priority


def _is(column: Column[Word], *words: str) -> ColumnElement[bool]:
    """`column` is one of the words, written into the statement itself: an engine compares the text of a partial
    index with the text of a query, and never finds it where the query says `state = ?`."""
    written: list[ColumnElement[Any]] = [literal_column(f"'{word}'") for word in words]
    return column == written[0] if len(written) == 1 else column.in_(written)


def _partial(name: str, condition: ColumnElement[bool], *columns: Column[object], unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _copied(name: str, *columns: Column[Any]) -> None:
    Index(name, *columns).ddl_if(dialect="sqlite")


apps = Table(
    "apps",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("team_id", Text, nullable=False),
    Column("name", Words, nullable=False),
    Column("name_folded", Words, nullable=False),
    Column("base_urls", ListJson, nullable=False),
    Column("mode", Text, nullable=False),
    Column("sealed_key", LargeBinary),
    Column("key_hint", Words, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("description", Words, nullable=False),
    Column("max_running", Integer),
    Column("routing", Text, nullable=False),
    Column("last_url", Words),
    UniqueConstraint("team_id", "name_folded"),
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("team_id", Text, nullable=False),
    Column("channel_id", Text, nullable=False),
    Column("name", Words, nullable=False),
    Column("name_folded", Words, nullable=False),
    # No foreign key: an app may be removed while its jobs, runs and their numbers stay.
    Column("app_id", BigInteger, nullable=False),
    Column("inputs", Json, nullable=False),
    Column("schedules", SchedulesJson, nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("state", Word(JobState), nullable=False),
    Column("state_by", Text),
    Column("state_reason", Words),
    Column("policy", PolicyJson, nullable=False),
    Column("resume_at", Utc),
    Column("timeout_s", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("failing_since", Utc),
    Column("failures", Integer, nullable=False),
    sqlite_autoincrement=True,
)
JOB_STANDS = jobs.c.state != literal_column("'deleted'")
_partial("uq_jobs_name", JOB_STANDS, jobs.c.team_id, jobs.c.channel_id, jobs.c.name_folded, unique=True)
_partial("ix_jobs_resume", jobs.c.resume_at.is_not(None), jobs.c.resume_at)
Index("ix_jobs_team", jobs.c.team_id, jobs.c.name_folded)

runs = Table(
    "runs",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("team_id", Text, nullable=False),
    Column("key", Key, nullable=False, unique=True),
    Column("app_id", BigInteger, nullable=False),
    Column("name", Words, nullable=False),
    Column("channel_id", Text, nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("cause", Word(Cause), nullable=False),
    Column("inputs", Json, nullable=False),
    Column("slot_at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("turn_at", Utc, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("warn_over_s", Integer, nullable=False),
    Column("timeout_s", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    # No foreign key: jobs stay in their table for ever, and a check for each run of a burst would cost a fifth.
    Column("job_id", BigInteger),
    Column("job_version", Integer),
    Column("asked_by", Text),
    Column("rerun_of", BigInteger),
    Column("batch", Text),
    Column("state", Word(RunState), nullable=False),
    Column("reason", Words),
    Column("attempts", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("try_at", Utc),
    Column("ready_at", Utc),
    Column("tag", Text),
    Column("base_url", Words),
    Column("asked_at", Utc),
    Column("heard_at", Utc),
    Column("owner", Text),
    Column("fence", BigInteger, nullable=False),
    Column("lease_until", Utc),
    Column("deaths", Integer, nullable=False),
    Column("stop_by", Text),
    Column("hold_by", Text),
    Column("started_at", Utc),
    Column("ended_at", Utc),
    Column("dify_run_id", Words),
    Column("task_id", Words),
    Column("workflow_id", Words),
    Column("elapsed_s", Float),
    Column("tokens", BigInteger),
    Column("steps", BigInteger),
    Column("price", Words),
    Column("currency", Words),
    Column("nodes", Integer, nullable=False),
    Column("nodes_done", Integer, nullable=False),
    Column("current_node", Words),
    Column("outputs", Json),
    Column("fault", FaultJson),
    Column("mark", Text),
    Column("mark_by", Text),
    Column("mark_reason", Words),
    Column("cleared_at", Utc),
    sqlite_autoincrement=True,
)
RUN_PLANNED = _is(runs.c.state, "planned")
RUN_READY = _is(runs.c.state, "ready")
RUN_RUNNING = _is(runs.c.state, "running")
RUN_HELD = _is(runs.c.state, "running", "waiting")
RUN_QUEUED = _is(runs.c.state, "queued")
RUN_OPEN = _is(runs.c.state, "planned", "queued", "ready", "running", "waiting")
RUN_RAN = _is(runs.c.state, "succeeded", "partial", "failed", "timed_out", "stopped", "lost")
# Dify may know them, by their id or by the name of the attempt.
RUN_LOST = and_(_is(runs.c.state, "lost"), runs.c.tag.is_not(None))
_partial("ix_runs_lost", RUN_LOST, runs.c.ended_at)
_partial("ix_runs_planned", RUN_PLANNED, runs.c.due_at, runs.c.id)
_partial("ix_runs_ready", RUN_READY, runs.c.turn_at, runs.c.id)
_partial("ix_runs_running", RUN_RUNNING, runs.c.app_id)
_partial("ix_runs_try", and_(RUN_READY, runs.c.try_at.is_not(None)), runs.c.try_at)
_partial("ix_runs_held", RUN_HELD, runs.c.lease_until)
_partial("ix_runs_open", RUN_OPEN, runs.c.job_id, runs.c.id)
_partial("ix_runs_ran", RUN_RAN, runs.c.job_id, runs.c.ended_at, runs.c.id)
Index("ix_runs_job", runs.c.job_id, runs.c.id)
Index("ix_runs_team", runs.c.team_id, runs.c.id)
_partial("ix_runs_rerun", runs.c.rerun_of.is_not(None), runs.c.rerun_of)
_partial("ix_runs_batch", runs.c.batch.is_not(None), runs.c.batch, runs.c.state)

traces = Table(
    "traces",
    metadata,
    Column("run_id", ROW_ID, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("nodes", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("ignored", Integer, nullable=False),
    Column("spans", LargeBinary, nullable=False),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("run_id", BigInteger, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("tag", Text),
    Column("asked_at", Utc),
    Column("ended_at", Utc, nullable=False),
    Column("base_url", Words),
    Column("dify_run_id", Words),
    Column("fault", FaultJson),
    Index("ix_attempts_run", "run_id", "id"),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("team_id", Text, nullable=False),
    Column("key", Key, nullable=False, unique=True),
    Column("kind", Word(DeliveryKind), nullable=False),
    Column("target", Words, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("destination", Text, nullable=False),
    Column("run_id", BigInteger, ForeignKey("runs.id", ondelete="CASCADE")),
    Column("job_id", BigInteger),
    Column("facts", Json, nullable=False),
    Column("state", Word(DeliveryState), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("asked_at", Utc),
    Column("receipt", Json),
    Column("error", Words),
    Column("owner", Text),
    Column("fence", BigInteger, nullable=False),
    Column("lease_until", Utc),
    Column("digest_id", BigInteger),
    sqlite_autoincrement=True,
)
DELIVERY_OWED = _is(deliveries.c.state, "owed")
DELIVERY_DEAD = _is(deliveries.c.state, "dead")
DELIVERY_LEASED = deliveries.c.lease_until.is_not(None)
DELIVERY_TOLD_IN_DIGEST = deliveries.c.digest_id.is_not(None)
_partial("ix_deliveries_owed", DELIVERY_OWED, deliveries.c.rank, deliveries.c.id)
_partial("ix_deliveries_due", DELIVERY_OWED, deliveries.c.due_at)
_partial("ix_deliveries_leased", DELIVERY_LEASED, deliveries.c.lease_until)
_partial("ix_deliveries_dead", DELIVERY_DEAD, deliveries.c.team_id, deliveries.c.id)
_partial("ix_deliveries_digest", DELIVERY_TOLD_IN_DIGEST, deliveries.c.digest_id, deliveries.c.id)
Index("ix_deliveries_run", deliveries.c.run_id)
Index("ix_deliveries_job", deliveries.c.job_id, deliveries.c.id)

drafts = Table(
    "drafts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("team_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("channel_id", Text, nullable=False),
    Column("app_id", BigInteger, nullable=False),
    Column("name", Words, nullable=False),
    Column("when", Words, nullable=False),
    Column("zone", Text, nullable=False),
    Column("inputs", Json, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("policy", PolicyJson, nullable=False),
    Column("timeout_s", Integer, nullable=False),
    Column("job_id", BigInteger),
    Column("job_version", Integer),
    Index("ix_drafts_expires", "expires_at"),
)

calendars = Table(
    "calendars",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("team_id", Text, nullable=False),
    Column("name", Words, nullable=False),
    Column("name_folded", Words, nullable=False),
    Column("days", DaysJson, nullable=False),
    Column("years", ListJson, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("team_id", "name_folded"),
    sqlite_autoincrement=True,
)

# SQLite has no checksums, and a byte that has turned in a text stays unseen. An index holds its columns twice, and
# `PRAGMA integrity_check` compares the two: so what decides about firings, and is seldom written, stands in one.
_copied("ix_jobs_copy", *(jobs.c[name] for name in JOB_COPIED))
_copied("ix_calendars_copy", calendars.c.days, calendars.c.years, calendars.c.name)

audit = Table(
    "audit",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("team_id", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("actor", Words, nullable=False),
    Column("action", Text, nullable=False),
    Column("about", Words, nullable=False),
    Column("detail", Json, nullable=False),
    Index("ix_audit_team", "team_id", "id"),
    Index("ix_audit_about", "team_id", "about", "id"),
    sqlite_autoincrement=True,
)

rollups = Table(
    "rollups",
    metadata,
    Column("team_id", Text, primary_key=True),
    Column("job_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Text, primary_key=True),
    Column("state", Word(RunState), primary_key=True),
    Column("currency", Words, primary_key=True),
    Column("runs", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("elapsed_s", Float, nullable=False),
    Column("price", Words, nullable=False),
)

gates = Table(
    "gates",
    metadata,
    Column("name", Words, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("shut_until", Utc),
    Column("room", Integer),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Words, nullable=False),
)

APP = Shape(App, apps, {"name_folded": lambda app: fold(app.name)})
JOB = Shape(Job, jobs, {"name_folded": lambda job: fold(job.name)})
RUN = Shape(Run, runs, {"turn_at": lambda run: turn_of(run.due_at, run.priority)})
# What nobody has claimed yet has no more than these.
RUN_WAITING = RUN.known(
    "tag",
    "base_url",
    "asked_at",
    "heard_at",
    "owner",
    "lease_until",
    "started_at",
    "ended_at",
    "dify_run_id",
    "task_id",
    "workflow_id",
    "elapsed_s",
    "tokens",
    "steps",
    "price",
    "currency",
    "nodes",
    "nodes_done",
    "current_node",
    "outputs",
    "fault",
    "mark",
    "mark_by",
    "mark_reason",
    "cleared_at",
    "try_at",
    "ready_at",
    "rerun_of",
    "batch",
    "deaths",
    "retries",
    "attempts",
)
ATTEMPT = Shape(Attempt, attempts)
DELIVERY = Shape(Delivery, deliveries)
DRAFT = Shape(Draft, drafts)
CALENDAR = Shape(Calendar, calendars, {"name_folded": lambda one: fold(one.name)})
GATE = Shape(Gate, gates)
ROLLUP = Shape(Rollup, rollups)
AUDIT = Shape(AuditEntry, audit)
