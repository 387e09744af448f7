"""What a delivery says, written from the rows as they now are."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from bot.blocks.alert import (
    failure_alert,
    fast_alert,
    lost_alert,
    missed_alert,
    recovery_notice,
    slow_alert,
    timeout_alert,
)
from bot.blocks.backfill import backfill_message
from bot.blocks.digest import digest_message
from bot.blocks.notice import changed, ownerless, undeliverable
from bot.blocks.parts import Message
from bot.blocks.run import run_message
from bot.dify.spans import find_culprit
from bot.errors import DeliveryError
from bot.operations.digest import PAGE
from bot.rules.access import SYSTEM
from bot.rules.judge import Alert
from bot.services import Services
from storage import apps, batches, deliveries, digests, jobs, runs
from storage.batches import Progress
from storage.records import App, Delivery, DeliveryKind, DeliveryState, Job, NodeSpan, Run, RunState
from storage.runs import unpack_trace


@dataclass(frozen=True, slots=True)
class _Rows:
    run: Run | None
    job: Job | None
    app: App | None
    blob: bytes | None
    reruns: tuple[Run, ...]
    root: Delivery | None = None
    progress: Progress | None = None
    number: int = 0
    page: tuple[Run, ...] = ()
    told: Counter[RunState] = field(default_factory=Counter)


_NOTHING = _Rows(None, None, None, None, ())


async def render(services: Services, delivery: Delivery) -> Message | None:
    """The message as it should now stand; None when what it tells of is gone."""
    rows = await services.store.read(lambda c: _read(c, delivery))
    spans = await asyncio.to_thread(unpack_trace, rows.blob) if rows.blob is not None else ()
    if delivery.kind is DeliveryKind.NOTICE:
        return _notice(delivery, await _names(services, delivery.facts.get("by")))
    if delivery.kind is DeliveryKind.BACKFILL:
        names = await _names(services, delivery.facts.get("by"))
        if rows.job is None or rows.progress is None:
            return None
        return backfill_message(rows.job, rows.progress, delivery.facts, names)
    if delivery.kind is DeliveryKind.DIGEST:
        return _digest(rows)
    if rows.run is None:
        return None
    if delivery.kind is DeliveryKind.ALERT:
        return _alert(delivery, rows.run, rows.job, spans, len(rows.reruns))
    going = next((again for again in rows.reruns if not again.state.has_ended), None)
    names = await _names(services, *_people(rows.run), going.asked_by if going else None)
    told = run_message(
        rows.run,
        job=rows.job,
        spans=spans,
        app=rows.app,
        rerun_by=names.get(going.asked_by or "", "somebody") if going else None,
        reruns=len(rows.reruns),
        names=names,
    )
    if "thread" not in delivery.facts:
        return told
    if rows.root is None or rows.root.state is DeliveryState.DEAD:
        return None
    return replace(told, thread_ts=_thread_of(rows.root))


def _digest(rows: _Rows) -> Message | None:
    """None as soon as one of its runs is not kept any more: its message stays as it is, an edit would thin it out."""
    digest, counts = rows.root, rows.told
    if digest is None or digest.state is DeliveryState.DEAD or counts.total() < digest.facts["runs"]:
        return None
    told = digest_message(rows.page, counts, page=rows.number, pages=-(-counts.total() // PAGE))
    return replace(told, thread_ts=_thread_of(digest)) if rows.number else told


def _thread_of(root: Delivery) -> str:
    """The message below which this one stands, which is posted before it."""
    ts = (root.receipt or {}).get("ts")
    if not ts:
        raise DeliveryError("The message above it is not there yet.", permanent=False, code="no_thread")
    return str(ts)


def _people(run: Run) -> tuple[str | None, ...]:
    return run.asked_by, run.stop_by, run.hold_by, run.mark_by


def _read(c: Connection, delivery: Delivery) -> _Rows:
    if delivery.kind is DeliveryKind.DIGEST:
        return _read_digest(c, delivery)
    run = runs.get(c, delivery.team_id, delivery.run_id) if delivery.run_id is not None else None
    job = jobs.get(c, delivery.team_id, delivery.job_id) if delivery.job_id is not None else None
    if run is None:
        batch = delivery.facts.get("batch") if delivery.kind is DeliveryKind.BACKFILL else None
        return _Rows(None, job, None, None, (), progress=batches.progress(c, batch) if batch else None)
    app = apps.get(c, run.team_id, run.app_id)
    root = deliveries.by_key(c, delivery.facts["thread"]) if "thread" in delivery.facts else None
    return _Rows(run, job, app, runs.get_trace(c, run.id), tuple(runs.reruns_of(c, run.id)), root)


def _read_digest(c: Connection, delivery: Delivery) -> _Rows:
    number = int(delivery.facts.get("page", 0))
    digest = deliveries.get(c, delivery.team_id, delivery.digest_id or delivery.id)
    if digest is None:
        return _NOTHING
    page = digests.page(c, digest.id, number * PAGE, PAGE)
    return replace(_NOTHING, root=digest, number=number, page=tuple(page), told=digests.told(c, digest.id))


async def _names(services: Services, *user_ids: str | None) -> Mapping[str, str]:
    """Display names, so that a message names who did it without calling them."""
    names: dict[str, str] = {}
    for user_id in user_ids:
        if user_id and user_id.startswith(("U", "W")):
            try:
                names[user_id] = (await services.slack.person(user_id)).name
            except DeliveryError:
                continue
    return names


def _notice(delivery: Delivery, names: Mapping[str, str]) -> Message:
    facts = delivery.facts
    if "undeliverable" in facts:
        return undeliverable(facts["channel"], facts["undeliverable"], delivery.job_id)
    if "left" in facts:
        return ownerless(facts["left"], facts["name"], delivery.job_id)
    times = [datetime.fromisoformat(at) for at in facts.get("times") or ()]
    return changed(_who(facts["by"], names), facts["says"], facts["name"], times, facts.get("zone") or "UTC")


def _who(by: str, names: Mapping[str, str]) -> str:
    """Nobody is named where the sentence is whole without, and the house where nobody did it just now."""
    return names.get(by, "Somebody") if by not in ("", SYSTEM) else "Dify Ops" if by else ""


def _alert(delivery: Delivery, run: Run, job: Job | None, spans: tuple[NodeSpan, ...], reruns: int) -> Message | None:
    facts, kind = delivery.facts, Alert(delivery.facts["alert"])
    if kind is Alert.SLOW:
        return slow_alert(run, job) if run.state is RunState.RUNNING else None
    if kind is Alert.FAST:
        return fast_alert(run, job, reruns=reruns)
    since = _instant(facts.get("since")) or run.ended_at or run.due_at
    failures = int(facts.get("failures") or 1)
    if kind is Alert.RECOVERY:
        return recovery_notice(job, run, since, failures)
    last_success = _instant(facts.get("last_success_at"))
    owner = job.owner_id if job else run.owner_id
    # Nobody is called for what they have just asked for themselves.
    write: Callable[..., Message] = partial(
        missed_alert, missed=int(facts.get("missed") or 1), first_at=_instant(facts.get("missed_from"))
    )
    if kind is Alert.FAILURE:
        write = partial(failure_alert, span=find_culprit(spans))
    elif kind is Alert.TIMEOUT:
        write = partial(timeout_alert, span=next((one for one in reversed(spans) if one.state == "unfinished"), None))
    elif kind is Alert.LOST:
        write = lost_alert
    told = {"since": since, "failures": failures, "last_success": last_success}
    return write(run, job, mention=run.asked_by != owner, reruns=reruns, **told)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
