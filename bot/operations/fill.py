"""The macros in a run's inputs, filled in once, when the run becomes ready; what they need is read here."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot import schedules
from bot.rules import macros
from storage import runs
from storage.records import Cause, Draft, Job, Run


def fill_inputs(c: Connection, job: Job | None, run: Run, *, data_at: datetime | None = None) -> Mapping[str, Any]:
    """The inputs of a run as Dify gets them. `data_at` is a data time that a person chose for this run.

    A rerun and a later attempt keep what they have: theirs were filled in, and may hold braces that mean nothing.
    Raises Refusal: `no_value` (nothing has succeeded yet, and no default is given), `bad_value`, `bad_macro`.
    """
    if run.cause is Cause.RERUN or run.attempts or not macros.has_macros(run.inputs):
        return run.inputs
    if job is None:
        return fill_loose(run, "UTC")
    facts = _facts(run.name, run.channel_id, run.cause, zone_of_job(job), run.slot_at)
    facts = replace(facts, data_offset=job.policy.data_offset, data_at=data_at, job_id=job.id, job_name=job.name)
    return macros.render(run.inputs, _with_success(c, job.id, run.inputs, facts))


def fill_loose(run: Run, zone: str, *, data_at: datetime | None = None) -> Mapping[str, Any]:
    """The inputs of a run without a job, in the zone of the person who asked. Raises Refusal."""
    facts = _facts(run.name, run.channel_id, run.cause, zone, run.slot_at)
    return macros.render(run.inputs, replace(facts, data_at=data_at))


def fill_draft(c: Connection, draft: Draft, slot_at: datetime, cause: Cause = Cause.TEST) -> Mapping[str, Any]:
    """The inputs of a test of what a card describes. Raises Refusal."""
    return macros.render(draft.inputs, _facts_of_draft(c, draft, slot_at, cause))


def preview_inputs(c: Connection, draft: Draft, slot_at: datetime) -> macros.Preview:
    """What a card shows of the macros: the inputs of the run at its first slot, and what would hold it up."""
    return macros.preview(draft.inputs, _facts_of_draft(c, draft, slot_at, Cause.SCHEDULE))


def zone_of_job(job: Job) -> str:
    """The zone in which the job's times are meant."""
    return job.schedules[0].zone if job.schedules else "UTC"


def _facts(name: str, channel_id: str, cause: Cause, zone: str, slot_at: datetime) -> macros.Facts:
    zoned = schedules.zone_of(zone)
    return macros.Facts(slot_at=slot_at, zone=zoned, job_name=name, channel_id=channel_id, cause=str(cause))


def _facts_of_draft(c: Connection, draft: Draft, slot_at: datetime, cause: Cause) -> macros.Facts:
    facts = _facts(draft.name, draft.channel_id, cause, draft.zone, slot_at)
    facts = replace(facts, data_offset=draft.policy.data_offset, job_id=draft.job_id)
    return _with_success(c, draft.job_id, draft.inputs, facts) if draft.job_id else facts


def _with_success(c: Connection, job_id: int, inputs: Mapping[str, Any], facts: macros.Facts) -> macros.Facts:
    """With the success before, when a macro asks for it: its outputs may be long."""
    if not macros.needs_last_success(inputs):
        return facts
    found = runs.last_success_before(c, job_id, facts.slot_at)
    if found is None:
        return facts
    success = macros.LastSuccess(slot_at=found.slot_at, ended_at=found.ended_at, outputs=found.outputs)
    return replace(facts, last_success=success)
