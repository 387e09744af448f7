"""The judge of a world: what was to be, worked out from the schedules, against what Dify and Slack have seen.

The rows are asked for one thing alone: why a slot did not run.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from bot.rules.judge import Alert
from storage.records import Cause, DeliveryState, Run, RunState
from storage.tables import DELIVERY, RUN, jobs, runs
from storage.tag import tag_of, token_of
from tests.simulation.dify import DifyRun
from tests.simulation.jobs import SavedJob
from tests.simulation.process import INSTALLATION
from tests.simulation.slack import Posted
from tests.simulation.world import World

EARLY = timedelta(seconds=1)
NEVER_BEGAN = (RunState.SKIPPED, RunState.MISSED, RunState.EXPIRED, RunState.BLOCKED)
_HEALTH = select(jobs.c.failing_since).where(jobs.c.id == bindparam("job"))
OPENING = (Alert.FAILURE, Alert.TIMEOUT, Alert.LOST, Alert.MISSED)


@dataclass
class Evidence:
    """The rows and logs of a world, by what they are about."""

    world: World
    rows: Sequence[Run]
    starts: dict[int, list[DifyRun]]
    strays: list[DifyRun]
    posts: dict[str, list[Posted]]


def gather(world: World) -> Evidence:
    rows = RUN.all(world.connection.execute(select(*RUN.columns).order_by(runs.c.id)))
    by_tag = {tag_of(INSTALLATION, row.key, n): row.id for row in rows for n in range(1, row.attempts + 3)}
    starts: dict[int, list[DifyRun]] = defaultdict(list)
    strays = []
    for start in world.dify.starts:
        row_id = by_tag.get(start.user)
        if row_id is None:
            strays.append(start)
        else:
            starts[row_id].append(start)
    posts: dict[str, list[Posted]] = defaultdict(list)
    for post in world.slack.posts:
        if not post.is_deleted:
            posts[post.token].append(post)
    return Evidence(world, rows, starts, strays, posts)


def judge(world: World) -> list[str]:
    """What was violated, in words; nothing where all is well."""
    found = gather(world)
    return [
        *world.bugs,
        *_judge_slots(found),
        *_judge_ends(found),
        *_judge_starts(found),
        *_judge_messages(found),
        *_judge_alerts(found),
    ]


def came_at(run: Run) -> datetime:
    return datetime.fromisoformat(run.key.partition("@")[2])


def _judge_slots(found: Evidence) -> Iterator[str]:
    """I1: each slot has one row, no row has no slot, and none is early."""
    world = found.world
    for saved in world.jobs:
        rows = [row for row in found.rows if row.job_id == saved.job.id and row.cause is Cause.SCHEDULE]
        counts = Counter(came_at(row) for row in rows)
        for at, count in counts.items():
            if count > 1:
                yield f"I1 {saved.job.name} has {count} rows for {at}"
        begun = {came_at(row) for row in rows if row.state is not RunState.PLANNED}
        if early := [at for at in begun if at > world.latest + EARLY]:
            yield f"I1 {saved.job.name} fired early: {early}"
        if saved.plan.is_foretold:
            yield from _compare(world, saved, begun)
        elif not rows:
            yield f"I1 {saved.job.name} never ran"


def _compare(world: World, saved: SavedJob, begun: set[datetime]) -> Iterator[str]:
    must = saved.plan.due(world.saved_at, world.cut)
    may = saved.plan.due(world.saved_at, world.latest)
    if lost := sorted(must - begun):
        yield f"I1 {saved.job.name} ({saved.plan.when}, {saved.plan.zone}) lost {len(lost)} slots: {lost[:3]}"
    if more := sorted(begun - may):
        yield f"I1 {saved.job.name} ({saved.plan.when}, {saved.plan.zone}) fired at {more[:3]}"


def _judge_ends(found: Evidence) -> Iterator[str]:
    """I5: nothing is open for ever, and who did not run has a reason."""
    for row in found.rows:
        is_due = row.due_at <= found.world.cut or row.state is not RunState.PLANNED
        if is_due and row.id <= found.world.last_run and not row.state.has_ended:
            yield f"I5 run {row.id} of {row.name} is {row.state}"
        if row.state in NEVER_BEGAN and not row.reason:
            yield f"I1 run {row.id} was {row.state} without a reason"


def _judge_starts(found: Evidence) -> Iterator[str]:
    """I2: at most one run at Dify that nobody stopped, and what is told of it is true."""
    for start in found.strays:
        yield f"I2 Dify began {start.id} for nobody ({start.user})"
    for row in found.rows:
        going = [start for start in found.starts[row.id] if start.status != "stopped"]
        if len(going) > 1:
            told = ", ".join(f"{one.id} {one.status} {one.user[-2:]} at {one.asked_at:.1f}" for one in going)
            yield f"I2 run {row.id} of {row.name} was begun {len(going)} times: {told}"
        if row.state is RunState.SUCCEEDED and not any(start.status == "succeeded" for start in going):
            yield f"I2 run {row.id} is said to have succeeded, and did not"
        if row.state in NEVER_BEGAN and going:
            yield f"I2 run {row.id} was {row.state}, and ran"
        if row.state is RunState.FAILED and any(start.status == "succeeded" for start in going):
            yield f"I2 run {row.id} is said to have failed ({row.fault and row.fault.code}), and succeeded"


def _judge_messages(found: Evidence) -> Iterator[str]:
    """I3: each ended run has its message once, whatever was owed stands once, and nothing else stands."""
    world = found.world
    owed = DELIVERY.all(world.connection.execute(select(*DELIVERY.columns)))
    tokens = {token_of(INSTALLATION, one.key): one for one in owed}
    for token, posts in found.posts.items():
        if token not in tokens:
            yield f"I3 nobody owes “{posts[0].text}”"
        if len(posts) > 1:
            yield f"I3 “{posts[-1].text}” stands {len(posts)} times ({tokens.get(token) and tokens[token].key})"
    for token, one in tokens.items():
        if one.state is DeliveryState.DEAD:
            yield f"I3 {one.key} was given up: {one.error}"
        elif one.state is DeliveryState.SENT and not found.posts[token]:
            yield f"I3 {one.key} is said to be sent, and stands nowhere"
    for row in found.rows:
        if row.id > world.last_run or row.state in (RunState.SKIPPED, RunState.MISSED) or not row.state.has_ended:
            continue
        posts = found.posts[token_of(INSTALLATION, f"run:{row.id}>{row.channel_id}")]
        if not posts:
            yield f"I3 run {row.id} of {row.name} ({row.state}) is not told"
        elif row.state.is_success and "finished" not in posts[0].text:
            yield f"I3 run {row.id} succeeded, and its message says “{posts[0].text}”"


def _judge_alerts(found: Evidence) -> Iterator[str]:
    """I4: each incident is told once when it opens and once when it is over."""
    world = found.world
    for saved in world.jobs:
        rows = [row for row in found.rows if row.job_id == saved.job.id]
        health = world.connection.execute(_HEALTH, {"job": saved.job.id}).one()
        told = {
            kind: sum(1 for row in rows if found.posts[_alert_token(row, kind)])
            for kind in (*OPENING, Alert.RECOVERY)
        }
        opened, closed = sum(told[kind] for kind in OPENING), told[Alert.RECOVERY]
        if any(row.state.is_failure for row in rows) and not opened:
            yield f"I4 {saved.job.name} failed, and nobody was alerted"
        if opened - closed != (health.failing_since is not None):
            since = health.failing_since
            yield f"I4 {saved.job.name} has {opened} alerts, {closed} recoveries, and is failing since {since}"


def _alert_token(row: Run, kind: Alert) -> str:
    return token_of(INSTALLATION, f"alert:{row.id}/{kind}>{row.channel_id}")
