"""The web door: health with its reasons, bodies of a bearable size, headers on every answer, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from bot.operations.health import MAX_BEAT_AGE_S, MAX_DUE_AGE_S
from bot.pulse import Pulse
from bot.web.health import check_health
from bot.web.server import HEADERS, MAX_BODY, WebServer, build_web
from storage import gates, runs
from storage.gates import FAILURES
from tests.loops.house import House
from tests.storage.examples import a_run
from tests.web.conftest import echo, serve


def age(pulse: Pulse, seconds: float) -> None:
    """The last beat was so long ago."""
    pulse.beat()
    assert pulse._beat_at is not None
    pulse._beat_at -= seconds


async def plan(house: House, seconds_ago: float) -> None:
    due_at = house.hand.now - timedelta(seconds=seconds_ago)
    await house.store.run(lambda c: runs.add(c, a_run(due_at=due_at)))


async def test_a_bot_at_work_is_well(house: House) -> None:
    house.services.pulse.beat()
    async with serve(house) as web:
        answer = await web.get("/healthz")
    assert answer.status_code == 200
    told = answer.json()
    assert told["clock_beat_age_s"] < 5
    assert (told["status"], told["oldest_due_age_s"], told["reasons"]) == ("ok", None, [])
    counts = ("runs_waiting", "runs_running", "messages_waiting", "dify_hosts_unreached")
    assert [told[name] for name in counts] == [0, 0, 0, 0]


async def test_health_counts_what_waits_and_what_cannot_be_reached(house: House) -> None:
    await house.ready("digest")
    for _ in range(FAILURES):
        await house.store.run(lambda c: gates.count_failure(c, "https://dify.example", house.hand.now))
    told = (await check_health(house.services)).as_json()
    assert (told["status"], told["runs_waiting"], told["dify_hosts_unreached"]) == ("ok", 1, 1)


@pytest.mark.parametrize("seconds_ago", [-3600, 0, MAX_DUE_AGE_S])
async def test_a_run_that_is_due_and_was_not_taken_for_a_moment_is_no_trouble(
    house: House, seconds_ago: float
) -> None:
    await plan(house, seconds_ago)
    health = await check_health(house.services)
    assert health.is_well
    assert health.due_age_s == (None if seconds_ago < 0 else seconds_ago)


async def test_a_run_that_nobody_takes_is_told_with_its_age(house: House) -> None:
    house.services.pulse.beat()
    await plan(house, MAX_DUE_AGE_S + 5)
    async with serve(house) as web:
        answer = await web.get("/healthz")
    assert answer.status_code == 503
    assert (answer.json()["status"], answer.json()["oldest_due_age_s"]) == ("failing", 125.0)
    assert answer.json()["reasons"] == ["a run has been due for 125 s and nobody took it"]


async def test_a_clock_that_stopped_is_told_with_its_age(house: House) -> None:
    age(house.services.pulse, MAX_BEAT_AGE_S + 1)
    async with serve(house) as web:
        answer = await web.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["the clock has not beaten for 11 s"]


async def test_a_process_without_a_clock_is_well_without_a_beat(house: House) -> None:
    health = await check_health(house.services)
    assert (health.is_well, health.beat_age_s) == (True, None)
    assert health.as_json()["clock_beat_age_s"] is None


async def test_a_database_that_is_away_is_told_in_words_without_its_address(house: House) -> None:
    house.services.pulse.beat()
    async with serve(house) as web:
        await house.store.close()
        answer = await web.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["the database does not answer"]
    assert str(house.services.settings.data_folder) not in answer.text


async def test_everything_that_is_wrong_is_told(house: House) -> None:
    age(house.services.pulse, 100)
    await plan(house, 1000)
    assert len((await check_health(house.services)).reasons) == 2


# the door itself


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/nothing-here", 404),
        ("POST", "/healthz", 405),
        ("GET", "/slack/events", 405),
        ("POST", "/slack/events", 200),
        ("GET", "/docs", 404),
        ("GET", "/redoc", 404),
    ],
)
async def test_every_answer_has_the_headers_that_protect_a_browser(
    house: House, method: str, path: str, status: int
) -> None:
    async with serve(house, echo) as web:
        answer = await web.request(method, path)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "server" not in answer.headers


async def test_slack_has_no_door_where_it_comes_by_socket(house: House) -> None:
    async with serve(house) as web:
        assert (await web.post("/slack/events", content=b"{}")).status_code == 404


async def test_slacks_requests_reach_their_handler_whole(house: House) -> None:
    async with serve(house, echo) as web:
        answer = await web.post("/slack/events", content=b"x" * MAX_BODY)
    assert (answer.status_code, answer.text) == (200, f"{MAX_BODY} bytes")
    assert answer.headers["X-Slack-Said"] == "ok"


async def pieces(total: int, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, total, size):
        yield b"x" * min(size, total - start)


@pytest.mark.parametrize("is_announced", [True, False])
async def test_a_body_over_a_megabyte_is_refused_whether_it_is_announced_or_not(
    house: House, is_announced: bool
) -> None:
    async with serve(house, echo) as web:
        content = b"x" * (MAX_BODY + 1) if is_announced else pieces(MAX_BODY + 1)
        answer = await web.post("/slack/events", content=content)
        assert answer.status_code == 413
        assert answer.json() == {"error": "The request is larger than 1 MB."}
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert (await web.post("/slack/events", content=pieces(MAX_BODY))).text == f"{MAX_BODY} bytes"


async def test_a_length_that_is_no_number_crashes_nothing(house: House) -> None:
    async with serve(house, echo) as web:
        host, port = str(web.base_url.host), web.base_url.port
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n")
        head = await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert b" 400 " in head
        assert (await web.get("/healthz")).status_code == 200


async def test_the_description_names_the_public_paths_only(house: House) -> None:
    async with serve(house, echo) as web:
        told = (await web.get("/openapi.json")).json()
    assert told["info"]["title"] == "Dify Ops"
    assert "/healthz" in told["paths"]
    assert "/slack/events" not in told["paths"]


async def test_an_address_that_is_taken_is_an_error_and_no_exit(house: House) -> None:
    first = WebServer(build_web(house.services, None), "127.0.0.1", 0)
    await first.start()
    second = WebServer(build_web(house.services, None), "127.0.0.1", first.port)
    with pytest.raises(OSError, match="nothing can listen on"):
        await second.start()
    await first.stop()


async def test_a_stopped_door_takes_nobody_any_more(house: House) -> None:
    async with serve(house) as web:
        url = str(web.base_url)
        assert (await web.get("/healthz")).status_code == 200
    async with httpx.AsyncClient(trust_env=False) as late:
        with pytest.raises(httpx.ConnectError):
            await late.get(f"{url}/healthz")
