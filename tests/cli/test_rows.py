"""`dify-ops jobs`, `runs`, `show` and `run`: the rows of the workspace, read and asked for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.app import Bot, build
from bot.cli import run as run_command
from bot.demo.dify import LocalDify
from bot.demo.slack import LocalSlack
from bot.operations.connect import connect
from bot.operations.pause import pause
from bot.rules.access import system
from bot.settings import read
from storage import claims, jobs, runs
from storage.database import open_store
from storage.records import Cause, Fault, Run, RunState
from storage.runs import pack_trace
from tests.blocks.makers import make_span
from tests.cli.conftest import write
from tests.cli.terminal import Done, Terminal
from tests.makers import NOW, TEAM, an_actor, claim_run, save_job
from tests.storage.examples import a_run

NEWS = "Daily news"
STEER = "steer \x1b[2J \u202e me"


def a_life(c: Connection) -> Run:
    """Two jobs, one of them paused, and a run that failed with its trace."""
    job = save_job(c, "every weekday at 9", name=NEWS, zone="Europe/Berlin").job
    paused = save_job(c, "every hour", name="Paused one").job
    pause(c, an_actor(), paused.id, now=NOW)
    jobs.mark_health(c, job.id, NOW, 1)
    run = runs.add(
        c,
        a_run(
            job_id=job.id,
            name=NEWS,
            state=RunState.FAILED,
            cause=Cause.MANUAL,
            started_at=NOW,
            ended_at=NOW + timedelta(seconds=5),
            elapsed_s=4.5,
            tokens=1234,
            outputs={"text": "half\nof it 日本"},
            fault=Fault(code="http_node", message=f"502 Bad Gateway {STEER}\nsecond line", where="Fetch"),
        ),
    )
    assert run is not None
    spans = (
        make_span("a", title="For each", kind="iteration", tokens=None),
        make_span("b", parent="a", round=1, title=STEER, state="failed", error=STEER),
    )
    runs.put_trace(c, run.id, pack_trace(spans), nodes=2, failed=1, ignored=0)
    return run


@pytest.fixture
def lived(owned: Terminal) -> Terminal:
    write(owned, a_life)
    return owned


def test_jobs_are_listed_with_their_next_times(lived: Terminal) -> None:
    done = lived.call("jobs")
    assert (done.code, done.err) == (0, "")
    first, second = done.out.splitlines()
    assert first.startswith("#1     Daily news")
    assert first.endswith("next 2026-09-02 07:00:00 UTC")
    assert "paused" in second
    assert "next" not in second


def test_jobs_as_json(lived: Terminal) -> None:
    first, second = lived.call("jobs", "--json").json
    assert first == {
        "id": 1,
        "name": NEWS,
        "state": "active",
        "channel": "C1",
        "owner": "U1",
        "when": first["when"],
        "says": first["says"],
        "zone": "Europe/Berlin",
        "next": "2026-09-02T07:00:00Z",
        "failing_since": "2026-09-01T07:00:00Z",
    }
    assert (second["state"], second["next"], second["failing_since"]) == ("paused", None, None)


def test_runs_are_listed_newest_first_on_one_line_each(lived: Terminal) -> None:
    done = lived.call("runs")
    newest, oldest = done.out.splitlines()
    assert "planned" in oldest
    assert "failed" in newest
    assert "4.5 s" in newest
    assert "1,234 tokens" in newest
    assert "502 Bad Gateway" in newest
    assert "second line" not in newest
    assert not set("\x1b\u202e") & set(done.out)


def test_runs_of_one_job_and_a_page_of_them(lived: Terminal) -> None:
    by_name = lived.call("runs", "--job", "daily", "--json").json
    assert {run["job"] for run in by_name} == {1}
    assert len(lived.call("runs", "--limit", "1", "--json").json) == 1
    assert "I know no job “nothing”" in lived.call("runs", "--job", "nothing").sentence
    assert lived.call("runs", "--limit", "0").code == 2


def test_a_run_is_shown_with_its_nodes(lived: Terminal) -> None:
    number = str(lived.call("runs", "--json").json[0]["id"])
    done = lived.call("show", number)
    assert done.code == 0
    assert "inputs:" in done.out
    assert '"topic": "AI"' in done.out
    outer, inner = done.out.splitlines()[-2:]
    assert outer == "For each (iteration) · succeeded · 3.20 s"
    assert inner.startswith("  steer ")
    assert "round 2 · failed" in inner
    assert not set("\x1b\u202e") & set(done.out)


def test_a_run_as_json(lived: Terminal) -> None:
    number = str(lived.call("runs", "--json").json[0]["id"])
    told = lived.call("show", number, "--json").json
    assert (told["state"], told["elapsed_s"], told["tokens"], told["price"]) == ("failed", 4.5, 1234, None)
    assert told["fault"]["code"] == "http_node"
    assert told["outputs"] == {"text": "half\nof it 日本"}
    assert [node["title"] for node in told["nodes"]] == ["For each", STEER]
    assert told["started"] == "2026-09-01T07:00:00Z"


@pytest.mark.parametrize("number", ["999", "9223372036854775807"])
def test_a_run_that_is_not_there_is_one_sentence(lived: Terminal, number: str) -> None:
    for form in ([], ["--json"]):
        assert f"I know no run “{number}”" in lived.call("show", number, *form).sentence


@pytest.mark.parametrize("number", ["x", "1.5", "", "0", "-3", "99999999999999999999999"])
def test_what_is_no_number_of_a_run_is_wrong_usage(lived: Terminal, number: str) -> None:
    assert lived.call("show", number).code == 2


def test_nothing_there_says_how_to_begin(owned: Terminal) -> None:
    assert "/dify schedule" in owned.call("jobs").out
    assert owned.call("runs").out == "Nothing has run yet.\n"
    assert owned.call("jobs", "--json").json == owned.call("runs", "--json").json == []


@pytest.mark.parametrize("words", [["jobs"], ["runs"], ["show", "1"], ["run", "news"], ["apps", "list"]])
def test_a_database_of_no_workspace_is_one_sentence(terminal: Terminal, words: list[str]) -> None:
    assert "belongs to no workspace yet" in terminal.call(*words).sentence


# run


def test_a_run_that_is_asked_for_waits_for_the_bot(lived: Terminal) -> None:
    done = lived.call("run", "daily", "--json")
    assert done.code == 0
    assert (done.json["state"], done.json["cause"], done.json["inputs"]) == ("ready", "api", {"topic": "AI"})
    again = lived.call("run", "#1")
    assert "is running right now" in again.sentence


def test_a_run_that_nobody_takes_is_one_sentence(lived: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_command, "NOBODY_S", 0.02)
    monkeypatch.setattr(run_command, "LOOK_S", 0.01)
    sentence = lived.call("run", "daily", "--wait").sentence
    assert "no `dify-ops serve` is there to take it" in sentence
    assert "waits for room" in sentence


def test_only_a_run_that_nobody_ever_had_in_hand_is_given_up() -> None:
    ready = a_run(state=RunState.READY)
    tried = {"attempts": 1}, {"fault": Fault(code="connect", message="refused")}, {"hold_by": "U1"}
    assert run_command.is_untouched(ready)
    assert not any(run_command.is_untouched(replace(ready, **one)) for one in tried)  # type: ignore[arg-type]
    assert not run_command.is_untouched(replace(ready, state=RunState.RUNNING))


@pytest.mark.parametrize("pair", ["topic", "=AI", ""])
def test_an_input_that_is_no_pair_is_wrong_usage(lived: Terminal, pair: str) -> None:
    done = lived.call("run", "daily", "--input", pair)
    assert (done.code, done.out) == (2, "")
    assert "write it as name=value" in done.err


def test_a_job_that_nobody_knows_is_one_sentence(lived: Terminal) -> None:
    assert "Did you mean “Daily news”?" in lived.call("run", "dayly news").sentence


@asynccontextmanager
async def serving(terminal: Terminal, dify: LocalDify, folder: Path) -> AsyncIterator[Bot]:
    """The bot at work on the terminal's database, with the apps of the local Dify and a job for some."""
    async with LocalSlack(manifest=LocalSlack.load_manifest(), team_id=TEAM) as slack:
        terminal.environ |= {"DIFY_OPS_ALLOWED_HOSTS": "127.0.0.1"}
        hearing = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_API_URL": slack.api_url, "DIFY_OPS_HTTP": ""}
        settings = read(terminal.environ | hearing | {"DIFY_OPS_HOME": str(folder)}, None)
        bot = await build(settings, roles=["worker"])
        by = system(TEAM)

        def add(c: Connection, name: str) -> None:
            told = {"name": name, "base_urls": (dify.url,), "key": dify.keys[name], "mode": dify.apps[name].mode}
            app = connect(c, by, bot.services.vault, description="", now=NOW, **told)
            inputs = {"topic": "Tea"} if name == "digest" else {}
            save_job(c, "on api", by=by, name=f"Job of {name}", app=app, channel_id="C0OPS", inputs=inputs)

        for name in ("digest", "broken", "forms"):
            await bot.services.store.run(lambda c, name=name: add(c, name))  # type: ignore[misc]
        await bot.start()
        try:
            yield bot
        finally:
            await bot.stop()


async def typed(terminal: Terminal, bot: Bot, *words: str) -> Done:
    """A command beside the bot, which looks for rows that others wrote as fast as it can."""
    command = asyncio.create_task(asyncio.to_thread(terminal.call, *words))
    while not command.done():
        bot.services.engine.wake("runner")
        await asyncio.wait({command}, timeout=0.02)
    return await command


async def test_waiting_for_a_run_shows_its_end_and_exits_by_it(
    owned: Terminal, dify: LocalDify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_command, "LOOK_S", 0.01)
    async with serving(owned, dify, owned.folder) as bot:
        well = await typed(owned, bot, "run", "job of digest", "--wait", "--json")
        assert well.code == 0
        assert well.json["state"] == "succeeded"
        assert well.json["inputs"] == {"topic": "Tea"}
        bad = await typed(owned, bot, "run", "job of broken", "--wait")
        assert bad.code == 1
        assert "failed" in bad.out
        assert bad.err == "" or "dify-ops:" not in bad.err
        as_json = await typed(owned, bot, "run", "job of broken", "--wait", "--json")
        assert (as_json.code, as_json.json["fault"]["code"]) == (1, "http_node")
        other = await typed(owned, bot, "run", "job of digest", "--input", "topic=Milk & honey", "--wait", "--json")
        assert other.json["inputs"] == {"topic": "Milk & honey"}


async def test_inputs_are_checked_before_anything_runs(
    owned: Terminal, dify: LocalDify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_command, "LOOK_S", 0.01)
    async with serving(owned, dify, owned.folder) as bot:
        unknown = await typed(owned, bot, "run", "job of digest", "--input", "topc=x")
        assert "The workflow has no input “topc”" in unknown.sentence
        missing = await typed(owned, bot, "run", "job of forms", "--input", "note=x")
        assert "“Name” is required" in missing.sentence
        words = ["name=Ada", "count=12", "flag=yes", 'blob={"a": [1]}', "lang=ja"]
        pairs = [part for word in words for part in ("--input", word)]
        done = await typed(owned, bot, "run", "job of forms", *pairs, "--wait", "--json")
        assert done.json["inputs"] == {"name": "Ada", "count": 12, "flag": True, "blob": {"a": [1]}, "lang": "ja"}
        assert done.code == 0
        dify.close_door()
        away = await typed(owned, bot, "run", "job of digest", "--input", "topic=x")
        assert "Dify did not tell what “digest” asks for" in away.sentence


async def test_a_run_that_waits_for_a_human_is_not_waited_for(owned: Terminal) -> None:
    def wait(c: Connection) -> Run:
        run = runs.add(c, a_run(state=RunState.READY))
        assert run is not None
        claimed = claim_run(c, run.id, "x", NOW, 60)
        assert claimed is not None
        waiting = claims.save_run(c, replace(claimed, state=RunState.WAITING))
        assert waiting is not None
        return waiting

    store = open_store(owned.database_url)
    waiting = await store.run(wait)
    shown = await run_command._watch(store, system(TEAM), waiting)
    await store.close()
    assert shown == waiting
