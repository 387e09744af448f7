"""The first schema: apps, jobs, runs and their traces, deliveries, drafts, calendars, audit, meta.

Types are written out here and not taken from the program, which may change later.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _row_id() -> sa.types.TypeEngine[Any]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _instant() -> sa.types.TypeEngine[Any]:
    return sa.Text().with_variant(TIMESTAMP(timezone=True), "postgresql")


def _json() -> sa.types.TypeEngine[Any]:
    return sa.JSON()


def _key() -> sa.types.TypeEngine[Any]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _partial(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    _make_apps()
    _make_jobs()
    _make_runs()
    _make_attempts()
    _make_traces()
    _make_deliveries()
    _make_drafts()
    _make_calendars()
    _make_audit()
    _make_meta()
    _make_copies()


def _make_apps() -> None:
    op.create_table(
        "apps",
        sa.Column("id", _row_id(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("base_urls", _json(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("key_hint", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", _instant(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("max_running", sa.Integer(), nullable=True),
        sa.Column("routing", sa.Text(), nullable=False),
        sa.Column("last_url", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_apps"),
        sa.UniqueConstraint("team_id", "name_folded", name="uq_apps_team_id"),
        sqlite_autoincrement=True,
    )


def _make_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", _row_id(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("app_id", sa.BigInteger(), nullable=False),
        sa.Column("inputs", _json(), nullable=False),
        sa.Column("schedules", _json(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("created_at", _instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_by", sa.Text(), nullable=True),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("policy", _json(), nullable=False),
        sa.Column("resume_at", _instant(), nullable=True),
        sa.Column("timeout_s", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("failing_since", _instant(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_team", "jobs", ["team_id", "name_folded"])
    _partial("ix_jobs_resume", "jobs", ["resume_at"], "resume_at IS NOT NULL")
    _partial("uq_jobs_name", "jobs", ["team_id", "channel_id", "name_folded"], "state != 'deleted'", unique=True)


def _make_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", _row_id(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("key", _key(), nullable=False),
        sa.Column("app_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("inputs", _json(), nullable=False),
        sa.Column("slot_at", _instant(), nullable=False),
        sa.Column("due_at", _instant(), nullable=False),
        sa.Column("turn_at", _instant(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("warn_over_s", sa.Integer(), nullable=False),
        sa.Column("timeout_s", sa.Integer(), nullable=False),
        sa.Column("created_at", _instant(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("job_version", sa.Integer(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=True),
        sa.Column("rerun_of", sa.BigInteger(), nullable=True),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("try_at", _instant(), nullable=True),
        sa.Column("ready_at", _instant(), nullable=True),
        sa.Column("tag", sa.Text(), nullable=True),
        sa.Column("base_url", sa.Text(), nullable=True),
        sa.Column("asked_at", _instant(), nullable=True),
        sa.Column("heard_at", _instant(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", _instant(), nullable=True),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("stop_by", sa.Text(), nullable=True),
        sa.Column("hold_by", sa.Text(), nullable=True),
        sa.Column("started_at", _instant(), nullable=True),
        sa.Column("ended_at", _instant(), nullable=True),
        sa.Column("dify_run_id", sa.Text(), nullable=True),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("workflow_id", sa.Text(), nullable=True),
        sa.Column("elapsed_s", sa.Float(), nullable=True),
        sa.Column("tokens", sa.BigInteger(), nullable=True),
        sa.Column("steps", sa.BigInteger(), nullable=True),
        sa.Column("price", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("nodes", sa.Integer(), nullable=False),
        sa.Column("nodes_done", sa.Integer(), nullable=False),
        sa.Column("current_node", sa.Text(), nullable=True),
        sa.Column("outputs", _json(), nullable=True),
        sa.Column("fault", _json(), nullable=True),
        sa.Column("mark", sa.Text(), nullable=True),
        sa.Column("mark_by", sa.Text(), nullable=True),
        sa.Column("mark_reason", sa.Text(), nullable=True),
        sa.Column("cleared_at", _instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("key", name="uq_runs_key"),
        sqlite_autoincrement=True,
    )
    _partial("ix_runs_held", "runs", ["lease_until"], "state IN ('running', 'waiting')")
    op.create_index("ix_runs_job", "runs", ["job_id", "id"])
    _partial("ix_runs_lost", "runs", ["ended_at"], "state = 'lost' AND tag IS NOT NULL")
    _partial(
        "ix_runs_open",
        "runs",
        ["job_id", "id"],
        "state IN ('planned', 'queued', 'ready', 'running', 'waiting')",
    )
    _partial("ix_runs_planned", "runs", ["due_at", "id"], "state = 'planned'")
    _partial(
        "ix_runs_ran",
        "runs",
        ["job_id", "ended_at", "id"],
        "state IN ('succeeded', 'partial', 'failed', 'timed_out', 'stopped', 'lost')",
    )
    _partial("ix_runs_ready", "runs", ["turn_at", "id"], "state = 'ready'")
    _partial("ix_runs_running", "runs", ["app_id"], "state = 'running'")
    _partial("ix_runs_try", "runs", ["try_at"], "state = 'ready' AND try_at IS NOT NULL")
    op.create_index("ix_runs_team", "runs", ["team_id", "id"])
    _partial("ix_runs_rerun", "runs", ["rerun_of"], "rerun_of IS NOT NULL")
    _partial("ix_runs_batch", "runs", ["batch", "state"], "batch IS NOT NULL")


def _make_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", _row_id(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=True),
        sa.Column("asked_at", _instant(), nullable=True),
        sa.Column("ended_at", _instant(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=True),
        sa.Column("dify_run_id", sa.Text(), nullable=True),
        sa.Column("fault", _json(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_attempts_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attempts_run", "attempts", ["run_id", "id"])


def _make_traces() -> None:
    op.create_table(
        "traces",
        sa.Column("run_id", _row_id(), autoincrement=False, nullable=False),
        sa.Column("nodes", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("ignored", sa.Integer(), nullable=False),
        sa.Column("spans", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_traces"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_traces_run_id", ondelete="CASCADE"),
    )


def _make_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", _row_id(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("key", _key(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("due_at", _instant(), nullable=False),
        sa.Column("created_at", _instant(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("facts", _json(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked_at", _instant(), nullable=True),
        sa.Column("receipt", _json(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", _instant(), nullable=True),
        sa.Column("digest_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_deliveries_run_id", ondelete="CASCADE"),
        sa.UniqueConstraint("key", name="uq_deliveries_key"),
        sqlite_autoincrement=True,
    )
    _partial("ix_deliveries_dead", "deliveries", ["team_id", "id"], "state = 'dead'")
    _partial("ix_deliveries_digest", "deliveries", ["digest_id", "id"], "digest_id IS NOT NULL")
    _partial("ix_deliveries_due", "deliveries", ["due_at"], "state = 'owed'")
    _partial("ix_deliveries_leased", "deliveries", ["lease_until"], "lease_until IS NOT NULL")
    _partial("ix_deliveries_owed", "deliveries", ["rank", "id"], "state = 'owed'")
    op.create_index("ix_deliveries_run", "deliveries", ["run_id"])
    op.create_index("ix_deliveries_job", "deliveries", ["job_id", "id"])


def _make_drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("app_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("when", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("inputs", _json(), nullable=False),
        sa.Column("created_at", _instant(), nullable=False),
        sa.Column("expires_at", _instant(), nullable=False),
        sa.Column("policy", _json(), nullable=False),
        sa.Column("timeout_s", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("job_version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
    )
    op.create_index("ix_drafts_expires", "drafts", ["expires_at"])


def _make_calendars() -> None:
    op.create_table(
        "calendars",
        sa.Column("id", _row_id(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("days", _json(), nullable=False),
        sa.Column("years", _json(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", _instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calendars"),
        sa.UniqueConstraint("team_id", "name_folded", name="uq_calendars_team_id"),
        sqlite_autoincrement=True,
    )


def _make_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", _row_id(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("at", _instant(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("detail", _json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_about", "audit", ["team_id", "about", "id"])
    op.create_index("ix_audit_team", "audit", ["team_id", "id"])


def _make_meta() -> None:
    op.create_table(
        "rollups",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("elapsed_s", sa.Float(), nullable=False),
        sa.Column("price", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "job_id", "day", "state", "currency", name="pk_rollups"),
    )
    op.create_table(
        "gates",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("shut_until", _instant(), nullable=True),
        sa.Column("room", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_gates"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )


def _make_copies() -> None:
    """What decides about firings stands twice in SQLite, so that damage in it is seen: `storage.tables`."""
    if op.get_bind().dialect.name != "sqlite":
        return
    job = ["timeout_s", "schedules", "inputs", "policy", "app_id", "channel_id", "owner_id", "state", "version"]
    op.create_index("ix_jobs_copy", "jobs", job)
    op.create_index("ix_calendars_copy", "calendars", ["days", "years", "name"])
