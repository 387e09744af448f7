"""The client against the local Dify over real sockets, in good days and in every kind of bad one."""

import asyncio
import gc
import math
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot.demo.dify import DemoRun, LocalDify
from bot.dify.client import Dify, Endpoint, NoLeave, RunDetail, StreamLost
from bot.dify.events import Event
from bot.egress import AllowedHosts
from bot.errors import DifyError

LOOPBACK = AllowedHosts.parse("127.0.0.1")
GHOST = "00000000-0000-0000-0000-000000000000"
INPUTS: Mapping[str, Mapping[str, Any]] = {
    "daily-report": {"city": "Basel", "tone": "short"},
    "digest": {"topic": "Tea"},
    "approval": {"draft": "x"},
    "chat": {"query": "When do you open?"},
}


@dataclass
class Bench:
    local: LocalDify
    dify: Dify

    def endpoint(self, app: str) -> Endpoint:
        return Endpoint(self.local.url, self.local.keys[app], self.local.apps[app].mode)

    def start(self, app: str, user: str = "u1") -> Any:
        return self.dify.start(self.endpoint(app), INPUTS.get(app, {}), user)

    async def run(self, app: str, user: str = "u1") -> list[Event]:
        async with self.start(app, user) as events:
            return [event async for event in events]

    async def fail(self, app: str = "digest") -> DifyError:
        with pytest.raises(DifyError) as failed:
            await self.run(app)
        assert self.local.keys[app] not in f"{failed.value} {failed.value!r} {failed.value.__cause__!r}"
        return failed.value

    async def ended(self) -> DemoRun:
        (run,) = self.local.starts()
        async with asyncio.timeout(5):
            await run.ended.wait()
        return run


@asynccontextmanager
async def make_bench(silence_s: float = 10.0, max_streams: int = 300, opens_at_once: int = 50, **local: Any) -> Any:
    server = LocalDify(**{"speed": math.inf, "ping_s": 0.05, "settle_s": 0.0, **local})
    await server.start()
    dify = Dify(allowed_hosts=LOOPBACK, silence_s=silence_s, max_streams=max_streams, opens_at_once=opens_at_once)
    try:
        yield Bench(server, dify)
    finally:
        await dify.close()
        await server.stop()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with make_bench() as one:
        yield one


async def test_the_app_tells_its_name_kind_and_version(bench: Bench) -> None:
    app = await bench.dify.info(Endpoint(bench.local.url + "/", bench.local.keys["chat"], ""))
    assert (app.name, app.mode, app.version) == ("chat", "advanced-chat", "1.16.1")


async def test_every_kind_of_input_is_described(bench: Bench) -> None:
    fields = await bench.dify.parameters(bench.endpoint("forms"))
    kinds = ["text-input", "paragraph", "number", "select", "checkbox", "file", "file-list", "json_object"]
    assert [one.kind for one in fields] == kinds
    assert (fields[0].required, fields[0].max_length) == (True, 48)
    assert (fields[3].options, fields[3].default) == (("en", "ja", "zh"), "en")
    chat = await bench.dify.parameters(bench.endpoint("chat"))
    assert [one.variable for one in chat] == ["query", "topic"]


@pytest.mark.parametrize("app", ["daily-report", "digest", "parallel", "broken", "huge-output", "odd-text", "chat"])
async def test_a_run_is_heard_to_its_end(bench: Bench, app: str) -> None:
    events = await bench.run(app)
    assert events[0].name == "workflow_started"
    assert events[-1].name == "workflow_finished"
    assert {event.run_id for event in events if event.run_id} == {bench.local.starts()[0].id}


async def test_a_start_carries_inputs_and_user(bench: Bench) -> None:
    await bench.run("digest", "bot:job:7")
    (run,) = bench.local.starts()
    assert (run.user, run.inputs) == ("bot:job:7", {"topic": "Tea"})


async def test_a_chatflow_is_asked_its_question(bench: Bench) -> None:
    endpoint = bench.endpoint("chat")
    for inputs in ({"query": "Open?"}, {"sys.query": "Open?", "query": "an input", "topic": "t"}):
        async with bench.dify.start(endpoint, inputs, "u") as events:
            assert [event.name async for event in events][-1] == "workflow_finished"
        assert bench.local.starts()[-1].query == "Open?"
    with pytest.raises(DifyError, match="needs a message"):
        async with bench.dify.start(endpoint, {"topic": "t"}, "u"):
            pass
    assert len(bench.local.starts()) == 2


async def test_a_paused_run_ends_its_stream(bench: Bench) -> None:
    assert (await bench.run("approval"))[-1].name == "workflow_paused"


async def test_a_run_is_stopped_and_its_detail_follows(bench: Bench) -> None:
    endpoint = bench.endpoint("never-ending")
    async with bench.start("never-ending") as events:
        names = []
        async for event in events:
            names.append(event.name)
            if len(names) == 1:
                await bench.dify.stop(endpoint, event.task_id or "", "u1")
    assert names[-1] == "workflow_finished"
    (run,) = bench.local.starts()
    detail = await bench.dify.run_detail(endpoint, run.id)
    assert detail is not None
    assert (detail.status, detail.error) == ("stopped", "Aborted: User requested stop")


async def test_a_chatflow_is_stopped_by_its_own_route(bench: Bench) -> None:
    await bench.dify.stop(bench.endpoint("chat"), GHOST, "u1")
    assert bench.local.log[-1]["what"] == "stop"


async def test_the_detail_of_a_run_is_known_while_it_runs_and_after(bench: Bench) -> None:
    events = await bench.run("daily-report")
    detail = await bench.dify.run_detail(bench.endpoint("daily-report"), str(events[0].run_id))
    assert isinstance(detail, RunDetail)
    assert (detail.status, detail.tokens, detail.steps) == ("succeeded", 1632, 5)
    assert detail.outputs == events[-1].data["outputs"]
    async with bench.start("never-ending") as stream:
        started = await anext(stream)
        running = await bench.dify.run_detail(bench.endpoint("never-ending"), started.run_id)
    assert running is not None
    assert (running.status, running.finished_at) == ("running", None)


async def test_an_unknown_run_is_none_and_a_strange_id_is_not_sent(bench: Bench) -> None:
    endpoint = bench.endpoint("digest")
    assert await bench.dify.run_detail(endpoint, GHOST) is None
    for odd in ("../info", "a/b", "a?b", "", "é", "a" * 256):
        with pytest.raises(DifyError):
            await bench.dify.stop(endpoint, odd, "u1")
    assert bench.local.log == []


async def test_a_run_is_found_by_its_user_once_the_log_shows_it(bench: Bench) -> None:
    endpoint = bench.endpoint("digest")
    await bench.run("digest", "bot:1 & more")
    await bench.run("digest", "bot:2")
    (found,) = await bench.dify.find_by_user(endpoint, "bot:1 & more")
    assert (found.run_id, found.status) == (bench.local.starts()[0].id, "succeeded")
    bench.local.mischief.delay_logs(60)
    await bench.run("digest", "bot:3")
    assert await bench.dify.find_by_user(endpoint, "bot:3") == ()


@pytest.mark.parametrize(
    ("app", "code"),
    [("unpublished", "not_published"), ("chat", "wrong_app")],
)
async def test_what_dify_refuses_is_final(bench: Bench, app: str, code: str) -> None:
    endpoint = Endpoint(bench.local.url, bench.local.keys[app], "workflow")
    with pytest.raises(DifyError) as refused:
        async with bench.dify.start(endpoint, {}, "u1"):
            pass
    assert (refused.value.code, refused.value.final, refused.value.status) == (code, True, 400)


async def test_fmea_e1_a_revoked_key_is_told_as_one(bench: Bench) -> None:
    bench.local.mischief.revoke("digest")
    error = await bench.fail()
    assert (error.code, error.final, error.status) == ("bad_key", True, 401)


async def test_a_full_app_and_a_server_error_pass(bench: Bench) -> None:
    bench.local.mischief.too_many_next()
    full = await bench.fail()
    bench.local.mischief.fail_next()
    broken = await bench.fail()
    assert (full.code, full.final, broken.code, broken.final) == ("busy", False, "server", False)
    assert not isinstance(full, StreamLost)
    assert not isinstance(broken, StreamLost)


@pytest.mark.parametrize("status", [502, 504])
async def test_fmea_e5_a_proxy_that_gave_up_leaves_the_start_unsure(bench: Bench, status: int) -> None:
    bench.local.mischief.fail_next(status=status)
    assert isinstance(await bench.fail(), StreamLost)


async def test_who_loses_the_leave_while_the_connection_is_made_sends_nothing(bench: Bench) -> None:
    answers = iter((True, False))

    async def leave() -> bool:
        return next(answers)

    with pytest.raises(NoLeave):
        async with bench.dify.start(bench.endpoint("digest"), INPUTS["digest"], "u1", leave=leave):
            pass
    assert (bench.local.starts(), next(answers, None)) == ([], None)


async def test_fmea_e6_a_closed_door_is_sure_and_passes(bench: Bench) -> None:
    bench.local.close_door()
    error = await bench.fail()
    assert not isinstance(error, StreamLost)
    assert (error.code, error.final) == ("unreachable", False)
    assert "127.0.0.1 cannot be reached (connection refused). Check" in error.message


async def test_a_dropped_answer_is_unsure_and_the_run_goes_on(bench: Bench) -> None:
    bench.local.mischief.drop_answer_next()
    error = await bench.fail()
    assert isinstance(error, StreamLost)
    assert (error.code, error.final) == ("unreachable", True)
    run = await bench.ended()
    (found,) = await bench.dify.find_by_user(bench.endpoint("digest"), "u1")
    assert (found.run_id, found.status) == (run.id, "succeeded")


@pytest.mark.parametrize("order", ["refuse_next", "hang_up_next"])
async def test_a_line_that_drops_before_the_answer_is_unsure(bench: Bench, order: str) -> None:
    getattr(bench.local.mischief, order)()
    assert isinstance(await bench.fail(), StreamLost)
    assert bench.local.starts() == []


async def test_a_start_is_sent_once_whatever_happens(bench: Bench) -> None:
    for _ in range(3):
        bench.local.mischief.drop_answer_next()
        await bench.fail()
    assert len(bench.local.starts()) == 3


async def test_fmea_e7_an_answer_that_never_begins_is_unsure() -> None:
    async with make_bench(silence_s=0.2) as bench:
        bench.local.mischief.stall_next(60)
        error = await bench.fail()
        assert isinstance(error, StreamLost)
        assert (error.code, "0.2 seconds" in error.message) == ("timeout", True)


async def test_silence_ends_the_hearing_and_not_the_run() -> None:
    async with make_bench(silence_s=0.3) as bench:
        bench.local.mischief.silence_next(2)
        heard: list[str] = []

        async def listen() -> None:
            async with bench.start("digest") as events:
                async for event in events:
                    heard[:] = [*heard, event.name]

        with pytest.raises(StreamLost) as lost:
            await listen()
        assert (lost.value.code, len(heard)) == ("timeout", 2)
        assert (await bench.ended()).status == "succeeded"


async def test_fmea_e10_pings_alone_are_no_silence() -> None:
    async with make_bench(silence_s=0.3, ping_s=0.05) as bench:
        bench.local.mischief.ping_only_next()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1), bench.start("never-ending") as events:
                await anext(events)


@pytest.mark.parametrize("after", [0, 1, 5])
async def test_a_clean_cut_just_ends_the_events(bench: Bench, after: int) -> None:
    bench.local.mischief.cut_next(after, is_clean=True)
    events = await bench.run("digest")
    assert len(events) == after
    assert "workflow_finished" not in [event.name for event in events]


@pytest.mark.parametrize(("after", "in_bytes"), [(0, False), (5, False), (700, True), (10_000, True)])
async def test_a_broken_line_is_told_after_what_was_heard(bench: Bench, after: int, in_bytes: bool) -> None:
    bench.local.mischief.cut_next(after, in_bytes=in_bytes)
    error = await bench.fail()
    assert isinstance(error, StreamLost)
    assert (error.code, error.final) == ("unreachable", True)
    assert (await bench.ended()).status == "succeeded"


async def test_a_killed_worker_just_ends_the_events(bench: Bench) -> None:
    events = await bench.run("worker-killed")
    assert events[-1].name == "node_started"


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_events_arrive_whole_however_the_bytes_fall(bench: Bench, size: int) -> None:
    bench.local.mischief.drip_next(0.0, size=size)
    events = await bench.run("odd-text")
    assert "\u2028" in events[-1].data["outputs"]["text"]


async def test_a_compressed_stream_is_not_decoded(bench: Bench) -> None:
    bench.local.mischief.compress_next()
    error = await bench.fail()
    assert (error.code, isinstance(error, StreamLost)) == ("unreadable", True)


async def test_a_compressed_answer_is_not_decoded(bench: Bench) -> None:
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"
    )
    async with speak(head.encode()) as (url, _):
        with pytest.raises(DifyError, match="compressed"):
            await bench.dify.info(Endpoint(url, "app-x", ""))


async def test_leaving_a_stream_closes_the_line_and_not_the_run(bench: Bench) -> None:
    async with bench.start("never-ending") as events:
        await anext(events)
    async with asyncio.timeout(5):
        await bench.local.nobody_listens.wait()
    assert bench.local.starts()[0].status == "running"


async def test_a_cancelled_listener_closes_the_line(bench: Bench) -> None:
    is_open = asyncio.Event()

    async def listen() -> None:
        async with bench.start("never-ending") as events:
            async for _ in events:
                is_open.set()

    task = asyncio.create_task(listen())
    await is_open.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        await bench.local.nobody_listens.wait()


async def test_no_more_streams_are_open_than_allowed() -> None:
    async with make_bench(max_streams=2) as bench:
        most = 0

        async def listen() -> None:
            nonlocal most
            async with bench.start("digest") as events:
                async for _ in events:
                    most = max(most, bench.local.open_streams)

        await asyncio.gather(*(listen() for _ in range(8)))
        assert len(bench.local.starts()) == 8
        assert most <= 2


async def test_starts_at_one_dify_are_staggered() -> None:
    async with make_bench(opens_at_once=1) as bench:
        bench.local.mischief.stall_next(0.05, times=4)
        began = time.monotonic()
        await asyncio.gather(*(bench.run("digest") for _ in range(4)))
        assert time.monotonic() - began >= 0.2


async def test_three_hundred_streams_are_open_together_and_close_cleanly() -> None:
    async with make_bench(ping_s=5.0) as bench:
        all_open = asyncio.Barrier(301)

        async def listen() -> None:
            async with bench.start("never-ending") as events:
                await anext(events)
                await all_open.wait()

        tasks = [asyncio.create_task(listen()) for _ in range(300)]
        async with asyncio.timeout(30):
            await all_open.wait()
            await asyncio.gather(*tasks)
        assert len(bench.local.starts()) == 300
    gc.collect()


# What is no Dify ----------------------------------------------------------------------------------------------


@asynccontextmanager
async def speak(reply: bytes) -> Any:
    """A server that says one thing to everybody; yields its address and the heads that it was sent."""
    heads: list[bytes] = []
    guests: list[asyncio.Task[Any] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guests.append(asyncio.current_task())
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", heads
    finally:
        server.close()
        await asyncio.gather(*(guest for guest in guests if guest))
        await server.wait_closed()


def say(status: str, kind: str, body: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers, "", body]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (say("200 OK", "text/html", "<html>hi</html>"), "wrong_address"),
        (say("404 Not Found", "text/html", "<html>no</html>"), "wrong_address"),
        (say("404 Not Found", "text/plain; charset=utf-8", "404: Not Found"), "wrong_address"),
        (say("302 Found", "text/plain", "", "Location: http://127.0.0.1:9/"), "wrong_address"),
        (say("200 OK", "application/json", "[1]"), "wrong_address"),
        (say("403 Forbidden", "text/html", "<html>no</html>"), "forbidden"),
        (say("503 Service Unavailable", "text/html", "<html>later</html>"), "server"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "unreadable"),
    ],
)
async def test_what_is_no_dify_is_told_as_such(bench: Bench, reply: bytes, code: str) -> None:
    async with speak(reply) as (url, heads):
        for call in (bench.dify.info(Endpoint(url, "app-x", "")), _start(bench.dify, Endpoint(url, "app-x", ""))):
            with pytest.raises(DifyError) as failed:
                await call
            assert failed.value.code == code
            assert "app-x" not in str(failed.value)
        assert len(heads) == 2


async def _start(dify: Dify, endpoint: Endpoint) -> None:
    async with dify.start(endpoint, {}, "u"):
        pass


async def test_fmea_e12_an_endless_answer_is_cut(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.dify.wire.MAX_BODY", 1000)
    async with speak(say("200 OK", "application/json", '"' + "x" * 5000 + '"')) as (url, _):
        with pytest.raises(DifyError) as failed:
            await bench.dify.info(Endpoint(url, "app-x", ""))
        assert failed.value.code == "too_long"


async def test_fmea_a13_a_stream_without_end_is_left(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.dify.client.MAX_STREAM", 10_000)
    assert isinstance(await bench.fail("huge-output"), StreamLost)


async def test_cookies_are_neither_kept_nor_sent(bench: Bench) -> None:
    async with speak(say("200 OK", "application/json", '{"name":"x"}', "Set-Cookie: a=b; Path=/")) as (url, heads):
        for _ in range(2):
            await bench.dify.info(Endpoint(url, "app-x", ""))
        assert b"ookie" not in heads[1]
        assert b"user-agent: dify-ops" in heads[0].lower()


# Keys and addresses -------------------------------------------------------------------------------------------


def test_an_endpoint_never_shows_its_key() -> None:
    assert "app-secret" not in repr(Endpoint("https://dify.example/v1", "app-secret", "workflow"))


@pytest.mark.parametrize(
    ("base_url", "code"),
    [
        ("https://169.254.169.254/v1", "address_refused"),
        ("http://10.0.0.1/v1", "address_refused"),
        ("https://dify.example:22/v1", "address_refused"),
        ("https://user:hunter2@dify.example/v1", "address_refused"),
        ("https://dify.example/v1?x=1", "wrong_address"),
        ("https://dify.example/v1#x", "wrong_address"),
        ("nonsense", "address_refused"),
        ("http://[", "address_refused"),
    ],
)
async def test_a_key_goes_to_no_bad_address(bench: Bench, base_url: str, code: str) -> None:
    with pytest.raises(DifyError) as refused:
        await bench.dify.info(Endpoint(base_url, "app-secret", ""))
    assert (refused.value.code, refused.value.final) == (code, True)
    assert "app-secret" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


async def test_a_key_with_a_line_break_is_not_sent(bench: Bench) -> None:
    for key in ("app-x\r\nX-Evil: 1", "", "ключ", "a b"):
        with pytest.raises(DifyError) as refused:
            await bench.dify.info(Endpoint(bench.local.url, key, ""))
        assert refused.value.code == "bad_key"


async def test_a_name_that_is_not_known_is_told_as_one() -> None:
    dify = Dify(allowed_hosts=AllowedHosts())
    try:
        with pytest.raises(DifyError, match=r"name no-such-host\.invalid is not known") as failed:
            await dify.info(Endpoint("https://no-such-host.invalid/v1", "app-x", ""))
        assert (failed.value.code, failed.value.final) == ("unreachable", False)
    finally:
        await dify.close()
