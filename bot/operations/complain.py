"""A message that can never be delivered is kept, and whoever can mend it is told, once for each occasion: the owner
of the job by direct message, its channel where the owner has left, the operators where neither can be reached."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.operations.alarm import alarm
from storage import claims, deliveries, digests, jobs, runs
from storage.records import Delivery, DeliveryKind, Job

# A person to whom nobody can write any more, and one to whom this app cannot.
LEFT = frozenset({"user_not_found", "user_disabled", "cannot_dm_bot"})
UNREACHED = LEFT | {"messages_tab_disabled"}
PEOPLE = ("U", "W", "D")


def complain(c: Connection, delivery: Delivery, code: str, *, admins: Collection[str], now: datetime) -> None:
    """Bury the delivery; owe what follows from it."""
    if not claims.bury(c, delivery, code):
        return
    if delivery.kind is DeliveryKind.DIGEST:
        for job_id in digests.jobs_of(c, delivery.digest_id or delivery.id):
            _complain(c, replace(delivery, job_id=job_id), code, admins, now)
    else:
        _complain(c, delivery, code, admins, now)


def _complain(c: Connection, delivery: Delivery, code: str, admins: Collection[str], now: datetime) -> None:
    job = jobs.get(c, delivery.team_id, delivery.job_id) if delivery.job_id is not None else None
    if delivery.target.startswith(PEOPLE):
        if job is not None and code in UNREACHED and delivery.target in (job.owner_id, job.channel_id):
            _turn_to_channel(c, delivery, job, code, admins, now)
        return
    owner = job.owner_id if job is not None else _owner_of_run(c, delivery)
    if owner is not None:
        key = f"complaint:{delivery.job_id or delivery.run_id}/{code}/{delivery.target}>{owner}"
        _owe(c, delivery, key, owner, {"undeliverable": code, "channel": delivery.target}, now)


def _turn_to_channel(
    c: Connection, delivery: Delivery, job: Job, code: str, admins: Collection[str], now: datetime
) -> None:
    """What the owner cannot be told is told where the job posts, and that somebody may take it over."""
    is_private = job.channel_id.startswith(PEOPLE)
    if is_private or delivery.facts.get("channel") == job.channel_id:
        where = "posts to its owner alone" if is_private else "cannot post into its channel"
        says = (
            f"finds that job #{job.id} {where}, and Slack no longer takes messages to its owner {{{job.owner_id}}} "
            f"({code}). Its runs go on; `/dify pause #{job.id}` ends that"
        )
        alarm(c, job.team_id, admins, says, occasion=f"ownerless:{job.id}/{job.owner_id}", now=now)
        return
    if delivery.kind is DeliveryKind.NOTICE:
        _owe(c, delivery, f"{delivery.key}>{job.channel_id}", job.channel_id, delivery.facts, now)
    if code in LEFT:
        key = f"ownerless:{job.id}/{job.owner_id}>{job.channel_id}"
        _owe(c, delivery, key, job.channel_id, {"left": job.owner_id, "name": job.name}, now)


def _owe(c: Connection, about: Delivery, key: str, target: str, facts: Any, now: datetime) -> None:
    if deliveries.by_key(c, key) is not None:
        return
    notice = Delivery(
        id=0,
        team_id=about.team_id,
        key=key,
        kind=DeliveryKind.NOTICE,
        target=target,
        run_id=about.run_id,
        job_id=about.job_id,
        facts=facts,
        due_at=now,
        created_at=now,
    )
    deliveries.owe(c, notice)


def _owner_of_run(c: Connection, delivery: Delivery) -> str | None:
    run = runs.get(c, delivery.team_id, delivery.run_id) if delivery.run_id is not None else None
    return run.owner_id if run is not None else None
