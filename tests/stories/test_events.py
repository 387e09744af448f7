"""Slack repeats, hurries and floods: every request is acknowledged in time and does its deed once."""

import asyncio
import time
from typing import Any

import pytest

from bot.demo.slack.payloads import build_command
from tests.stories.sight import words_of
from tests.stories.world import ANA, BEN, CHIE, OPS, TRANSPORTS, World

pytestmark = pytest.mark.parametrize("world", TRANSPORTS, indirect=True)


async def test_fmea_d6_a_repeat_is_heard_though_what_it_repeats_never_came(world: World) -> None:
    event = {"type": "app_home_opened", "user": BEN, "channel": "D0BEN", "tab": "home", "event_ts": "1.3"}
    payload = world.slack.wire._envelop(event)
    ack = await world.slack.wire.send("events_api", payload, retry_attempt=2, retry_reason="http_timeout")
    assert ack.ok
    await world.wait(lambda: world.slack.home(BEN), what="the Home of who opened it")


async def test_fmea_d6_an_event_that_slack_repeats_is_answered_each_time_and_harms_nothing(world: World) -> None:
    event = {"type": "app_home_opened", "user": ANA, "channel": "D0ANA", "tab": "home", "event_ts": "1.2"}
    assert (await world.slack.wire.send_event(event)).ok
    payload = world.slack.wire._envelop(event)
    for attempt in (1, 2, 3):
        ack = await world.slack.wire.send("events_api", payload, retry_attempt=attempt, retry_reason="http_timeout")
        assert ack.ok
    await world.wait(lambda: world.slack.home(ANA))
    assert not world.slack.messages(OPS)


async def test_a_slow_dify_delays_no_answer(world: World) -> None:
    world.dify.mischief.stall_next(2.0, times=3, on="parameters")
    began = time.monotonic()
    answer = await world.slack.type(ANA, OPS, "/dify run digest topic=Tea")
    await world.slack.type(ANA, OPS, "/dify schedule digest every day at 9 topic=Tea")
    assert answer.ok
    assert time.monotonic() - began < 2.0
    assert "Started *digest*" in (await world.whispered("Started *digest*")).text


async def test_fmea_d10_a_flood_of_commands_is_acknowledged_in_time_and_each_does_its_deed_once(world: World) -> None:
    async def ask(user: str, text: str) -> float:
        began = time.monotonic()
        answer = await world.slack.type(user, OPS, text)
        assert answer.ok, answer
        return time.monotonic() - began

    people, texts = (ANA, BEN, CHIE), ("/dify", "/dify list all", "/dify help", "/dify next every day at 9")
    waits = await asyncio.gather(*(ask(people[n % 3], texts[n % 4]) for n in range(80)), ask(ANA, "/dify run loops"))
    assert max(waits) < 3
    await world.told("*loops* finished")
    assert len(world.dify.starts()) == 1


async def test_runs_at_full_speed_delay_no_answer(world: World) -> None:
    for _ in range(4):
        await world.type("/dify run daily-report city=Basel", channel="#news")
    began = time.monotonic()
    assert "jobs" in words_of(await world.type("/dify list all", BEN)).lower()
    assert time.monotonic() - began < 3
    await world.started("daily-report", 4)


async def test_fmea_d5_a_press_that_slack_repeats_is_one_run(world: World) -> None:
    await world.save('/dify schedule digest every day at 9 as "Tea" topic=Tea')
    shown = await world.type("/dify show tea")
    await asyncio.gather(*(world.slack.click(ANA, shown, "Run now") for _ in range(5)))
    await world.told("*Tea* finished")
    assert len(world.dify.starts()) == 1


async def test_fmea_d5_a_command_that_comes_eleven_times_in_other_envelopes_is_one_run(world: World) -> None:
    ops = world.slack.workspace.find_channel(OPS)
    assert ops is not None
    payload = build_command(world.slack.workspace, ANA, ops, "/dify", "run digest topic=Tea")
    acks = await asyncio.gather(*(world.slack.wire.send("slash_commands", payload) for _ in range(11)))
    assert all(ack.ok for ack in acks)
    await world.told("*digest* finished")
    assert len(world.dify.starts()) == 1


def press(action_id: str, value: str) -> dict[str, Any]:
    action = {"type": "button", "action_id": action_id, "block_id": "b", "value": value}
    return {"type": "block_actions", "actions": [action]}


async def test_what_is_not_ours_is_answered_calmly(world: World) -> None:
    base = {"team": {"id": "T0DEMO"}, "user": {"id": ANA, "team_id": "T0DEMO"}}
    view = {"type": "modal", "id": "V1", "state": {"values": {}}}
    odd = [
        press("gone", "run:1"),
        press("pause_job", "job:x"),
        press("trace_open", "run:-1"),
        press("run_again", ""),
        {"type": "view_submission", "view": {**view, "callback_id": "gone"}},
        {"type": "view_submission", "view": {**view, "callback_id": "schedule", "private_metadata": "x"}},
        {"type": "view_closed", "view": {**view, "callback_id": "schedule"}},
    ]
    for payload in odd:
        ack = await world.slack.wire.send("interactive", base | payload)
        assert ack.ok, payload


async def test_what_slack_tells_of_another_workspace_cuts_nobody_off(world: World) -> None:
    for event in ({"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"bot": ["U0BOT"]}}):
        payload = world.slack.wire._envelop(event) | {"team_id": "T0OTHER"}
        assert (await world.slack.wire.send("events_api", payload)).ok
    assert world.bot.services.slack.cut_off is None
