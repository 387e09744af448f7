"""Every operation asks who acts, leaves all as it was when it refuses, and one audit entry when it does something."""

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

import bot.operations
from bot.errors import Refusal
from bot.operations.adopt import adopt
from bot.operations.backfill import Span, backfill
from bot.operations.connect import connect
from bot.operations.draft import cancel, draft
from bot.operations.hold import hold, release
from bot.operations.launch import launch_app, launch_job, rerun
from bot.operations.launch import test_draft as try_draft
from bot.operations.mark import mark_run
from bot.operations.move import move
from bot.operations.pause import pause
from bot.operations.remove import remove
from bot.operations.resume import resume
from bot.operations.schedule import schedule
from bot.operations.skip import skip, unskip
from bot.operations.stop import stop
from bot.registry import leaves
from bot.rules.access import Actor
from storage import apps, claims, drafts, jobs, runs
from storage.database import Store
from storage.records import App, Job, JobState, Run, RunState
from storage.tables import metadata
from tests.makers import (
    ADMIN,
    HERE,
    NOW,
    OTHER,
    OWNER,
    TEAM,
    a_vault,
    an_actor,
    claim_run,
    fresh_job,
    list_entries,
    save_job,
)
from tests.storage.examples import a_draft, a_run

LATER = NOW.replace(hour=9)
VAULT = a_vault()
DAY_BEFORE = (NOW - timedelta(days=1)).date()
YESTERDAY = Span(since=DAY_BEFORE, until=DAY_BEFORE, daily_at=time(1))
# Operations of the house: no person asks for them, so they take no actor.
OF_THE_HOUSE = {
    "again",
    "alarm",
    "announce",
    "calendar_end",
    "coming",
    "cut_off",
    "digest",
    "foresight",
    "herd",
    "complain",
    "correct",
    "divert",
    "endpoint",
    "fill",
    "finish",
    "gate",
    "health",
    "hint",
    "line",
    "lives",
    "missed",
    "note",
    "plan",
    "restore",
    "rezone",
    "show",
    "tell",
    "tick",
    "stray",
    "turn",
    "prune",
}


@dataclass(frozen=True)
class Rows:
    app: App
    job: Job
    paused: Job
    theirs: Job
    skipped: Job
    ready: Run
    held: Run
    ended: Run


def fill(c: Connection) -> Rows:
    """A channel at work: a job, a paused one, a run that goes on, one that has ended, and a draft."""
    job = save_job(c, name="Active").job
    paused = pause(c, an_actor(), save_job(c, name="Paused").job.id, now=NOW)
    theirs = save_job(c, name="Theirs", by=an_actor(OTHER)).job
    skipped = skip(c, an_actor(), save_job(c, "every day at 23:00", name="Skipped").job.id, 1, now=NOW).job
    ended = launch_job(c, an_actor(), paused.id, None, key="ended", now=NOW)
    claimed = claim_run(c, ended.id, "me", NOW, 60)
    assert claimed is not None
    saved = claims.save_run(c, replace(claimed, state=RunState.SUCCEEDED, ended_at=NOW))
    ready = runs.add(c, a_run(key="ready", state=RunState.READY, channel_id=HERE, owner_id=OWNER))
    held = runs.add(c, a_run(key="held", state=RunState.READY, channel_id=HERE, owner_id=OWNER, hold_by=OWNER))
    assert held is not None
    app = apps.get(c, TEAM, job.app_id)
    drafts.put(c, a_draft(id="d1", user_id=OWNER, channel_id=HERE, app_id=job.app_id, name="New", when="every hour"))
    assert saved is not None
    assert ready is not None
    assert app is not None
    return Rows(app, fresh_job(c, job), paused, theirs, skipped, ready, held, saved)


def described(c: Connection, actor: Actor, rows: Rows, job: Job | None = None) -> Any:
    return draft(
        c,
        actor,
        app=rows.app,
        channel_id=HERE,
        name="Fresh",
        when="every hour",
        zone="UTC",
        inputs={},
        now=LATER,
        job=job,
    )


def connected(c: Connection, actor: Actor, rows: Rows) -> App:
    said = {"name": "New app", "base_urls": ("https://d.example.com/v1",), "key": "app-1234567", "mode": "workflow"}
    return connect(c, actor, VAULT, description="", now=LATER, **said)


Deed = Callable[[Connection, Actor, Rows], Any]
CHANGES: dict[str, Deed] = {
    "schedule": lambda c, actor, rows: schedule(c, actor, "d1", now=LATER),
    "pause": lambda c, actor, rows: pause(c, actor, rows.job.id, now=LATER),
    "resume": lambda c, actor, rows: resume(c, actor, rows.paused.id, now=LATER),
    "skip": lambda c, actor, rows: skip(c, actor, rows.job.id, 2, now=LATER),
    "unskip": lambda c, actor, rows: unskip(c, actor, rows.skipped.id, now=LATER),
    "move": lambda c, actor, rows: move(c, actor, rows.skipped.id, LATER.replace(minute=2), now=LATER),
    "delete": lambda c, actor, rows: remove(c, actor, rows.job.id, now=LATER),
    "manual": lambda c, actor, rows: launch_job(c, actor, rows.job.id, None, key="k", now=LATER),
    "manual of an app": lambda c, actor, rows: launch_app(c, actor, rows.app, HERE, {}, key="k", now=LATER),
    "rerun": lambda c, actor, rows: rerun(c, actor, rows.ended.id, generation=0, now=LATER),
    "backfill": lambda c, actor, rows: backfill(c, actor, rows.job.id, YESTERDAY, now=LATER),
    "hold": lambda c, actor, rows: hold(c, actor, rows.ready.id, now=LATER),
    "release": lambda c, actor, rows: release(c, actor, rows.held.id, now=LATER),
    "adopt": lambda c, actor, rows: adopt(c, actor, rows.theirs.id, left=OTHER, now=LATER),
    "mark": lambda c, actor, rows: mark_run(c, actor, rows.ended.id, "failed", "wrong", now=LATER),
    "stop": lambda c, actor, rows: stop(c, actor, rows.ready.id, now=LATER),
    "test": lambda c, actor, rows: try_draft(c, actor, "d1", now=LATER),
    "connect": connected,
}
# A draft is nothing yet: it changes nothing that anybody else can see.
SKETCHES: dict[str, Deed] = {
    "draft": described,
    "draft of an edit": lambda c, actor, rows: described(c, actor, rows, rows.job),
    "cancel": lambda c, actor, rows: cancel(c, actor, "d1", now=LATER),
}
DEEDS = CHANGES | SKETCHES
MEMBERS = ("pause", "resume", "skip", "unskip", "move", "manual", "rerun", "stop", "hold", "release")
MAY_NOT: dict[str, Actor] = {
    "a stranger": an_actor("USTRANGER", is_stranger=True),
    "a stranger with the owner's id": an_actor(is_stranger=True),
    "a strange admin": an_actor(ADMIN, is_stranger=True, is_admin=True),
    "a guest": an_actor("UGUEST", is_guest=True),
    "an owner who became a guest": an_actor(is_guest=True),
    "somebody of another team": an_actor(team_id="T2"),
}
OUTSIDE = {"somebody outside": an_actor(OTHER, channels=["C2"]), "nothing proved": an_actor(OTHER, channels=[])}


def everything(c: Connection) -> dict[str, list[Any]]:
    return {table.name: sorted(map(repr, c.execute(select(table)))) for table in metadata.sorted_tables}


@pytest.mark.parametrize("name", DEEDS)
async def test_who_may_not_is_refused_and_nothing_changes(store: Store, name: str) -> None:
    rows = await store.run(fill)
    before = await store.read(everything)
    for who, actor in {**MAY_NOT, **OUTSIDE}.items():
        with pytest.raises(Refusal):
            await store.run(lambda c, actor=actor: DEEDS[name](c, actor, rows))  # type: ignore[misc]
        assert await store.read(everything) == before, who


@pytest.mark.parametrize("name", DEEDS)
async def test_whoever_may_leaves_one_audit_entry_for_each_change(store: Store, name: str) -> None:
    rows = await store.run(fill)
    before = len(await store.read(lambda c: list_entries(c, TEAM)))
    actor = an_actor(is_admin=name == "connect")
    await store.run(lambda c: DEEDS[name](c, actor, rows))
    entries = await store.read(lambda c: list_entries(c, TEAM))
    new = entries[: len(entries) - before]
    if name in SKETCHES:
        assert new == []
        return
    (entry,) = new
    assert (entry.action, entry.actor, entry.at) == (name.split()[0], OWNER, LATER)
    assert entry.about.split(":")[0] in ("job", "run", "app")


@pytest.mark.parametrize("name", MEMBERS)
async def test_every_member_of_the_channel_may_do_what_members_do(store: Store, name: str) -> None:
    rows = await store.run(fill)
    await store.run(lambda c: DEEDS[name](c, an_actor(OTHER), rows))


@pytest.mark.parametrize("name", ["delete", "mark", "draft of an edit"])
async def test_what_belongs_to_the_owner_is_refused_to_other_members(store: Store, name: str) -> None:
    rows = await store.run(fill)
    with pytest.raises(Refusal, match="Only the owner of this job or a workspace admin"):
        await store.run(lambda c: DEEDS[name](c, an_actor(OTHER), rows))
    await store.run(lambda c: DEEDS[name](c, an_actor(ADMIN, is_admin=True), rows))


async def test_an_admin_outside_may_switch_a_private_job_off_and_no_more(store: Store) -> None:
    rows = await store.run(fill)
    admin = an_actor(ADMIN, channels=[], is_admin=True)
    for name in ("delete", "manual", "rerun", "skip", "move", "hold", "mark", "adopt", "draft of an edit"):
        with pytest.raises(Refusal):
            await store.run(lambda c, name=name: DEEDS[name](c, admin, rows))  # type: ignore[misc]
    await store.run(lambda c: DEEDS["stop"](c, admin, rows))
    paused = await store.run(lambda c: pause(c, admin, rows.job.id, now=NOW))
    assert paused.state is JobState.PAUSED


async def test_rights_are_those_of_the_row_inside_the_transaction(store: Store) -> None:
    """The job moved to another channel since the door looked: who proved the old one has proved nothing."""
    rows = await store.run(fill)
    await store.run(lambda c: jobs.save(c, replace(rows.job, channel_id="CPRIVATE")))
    with pytest.raises(Refusal, match="I know no job"):
        await store.run(lambda c: pause(c, an_actor(OTHER), rows.job.id, now=NOW))


@cache
def functions() -> dict[str, ast.FunctionDef]:
    """Every function of the operations, by file and name."""
    folder = Path(bot.operations.__file__).parent
    return {
        f"{name}.{node.name}": node
        for name in leaves("bot.operations")
        for node in ast.parse((folder / f"{name}.py").read_text()).body
        if isinstance(node, ast.FunctionDef)
    }


def operations() -> list[str]:
    """The public ones that take an actor."""
    return [
        name
        for name, node in functions().items()
        if "actor" in {one.arg for one in [*node.args.args, *node.args.kwonlyargs]}
        and not node.name.startswith("_")
        and name.partition(".")[0] not in OF_THE_HOUSE
    ]


@cache
def calls_of(node: ast.FunctionDef) -> frozenset[str]:
    return frozenset(
        one.func.id for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)
    )


@cache
def what_asks() -> set[str]:
    """`authorize` and `may`, and every function that calls one that asks."""
    asking = {"authorize", "may"}
    while found := {node.name for node in functions().values() if calls_of(node) & asking} - asking:
        asking |= found
    return asking


@pytest.mark.parametrize("name", operations())
def test_every_operation_with_an_actor_asks_for_their_rights(name: str) -> None:
    assert calls_of(functions()[name]) & what_asks()


def test_no_verb_of_the_house_and_no_verb_of_people_is_forgotten() -> None:
    files = {name.partition(".")[0] for name in operations()}
    assert files | OF_THE_HOUSE == set(leaves("bot.operations"))
    done = {deed.partition(" ")[0] for deed in CHANGES} | {"draft", "cancel"}
    assert {
        "schedule",
        "pause",
        "resume",
        "skip",
        "move",
        "delete",
        "manual",
        "rerun",
        "stop",
        "test",
        "connect",
    } <= done
