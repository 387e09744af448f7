"""What happens in a private channel is for its members; who may do what is asked anew with every press."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from bot.demo.slack import Person
from bot.demo.slack.people import first_people
from bot.demo.slack.signed import sign
from tests.stories.sight import buttons_of, words_of
from tests.stories.world import ANA, BEN, CHIE, FINANCE, GUS, NEWS, OPS, World, open_world

DORA, SIMON = "U0DORA", "U0SIMON"
CANARY = "canary-7f3a"


class Stranger(Person):
    """Somebody of another organisation, in a shared channel."""

    def as_json(self, team_id: str, now: float) -> dict[str, Any]:
        return super().as_json("T0OTHER", now) | {"is_stranger": True}


@pytest.fixture
async def secretive(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Ana has a job in #finance, which has run. Dora is an admin outside of it, Simon works elsewhere."""
    people = [*first_people("Dify Ops"), Person(DORA, "Dora", is_admin=True), Stranger(SIMON, "Simon")]
    async with open_world(tmp_path, people=people, transport=getattr(request, "param", "socket")) as world:
        await world.save(f'/dify schedule digest every hour as "{CANARY} pay" topic={CANARY}', channel=FINANCE)
        await world.turn_to_next()
        await world.told(f"*{CANARY} pay* finished", FINANCE)
        yield world


READING = (
    "list all",
    "list",
    "list <#C0FINANCE>",
    "show #1",
    "show canary",
    f'show "{CANARY} pay"',
    "runs #1",
    "next #1",
)
DOING = ("run #1", "rerun 1", "stop 1", "pause #1", "resume #1", "edit #1", "delete #1")


@pytest.mark.parametrize("user", [BEN, CHIE, GUS])
async def test_who_is_not_in_the_private_channel_learns_and_does_nothing_by_any_command(
    secretive: World, user: str
) -> None:
    for typed in READING + DOING:
        answer = await secretive.type(f"/dify {typed}", user)
        for text in (answer.text, words_of(answer)):
            assert CANARY not in text.replace(f"“{CANARY} pay”", ""), typed
        assert not secretive.slack.views(user), typed
    assert len(secretive.dify.starts()) == 1
    assert "*canary-7f3a pay* is active" in (await secretive.type("/dify show #1", channel=FINANCE)).text


async def test_a_hidden_job_and_a_missing_one_are_refused_in_the_same_words(secretive: World) -> None:
    for verb in ("show", "pause", "run", "delete", "next"):
        hidden = await secretive.type(f"/dify {verb} #1", BEN)
        missing = await secretive.type(f"/dify {verb} #9", BEN)
        assert hidden.text.replace("#1", "#9") == missing.text
        assert words_of(hidden).replace("#1", "#9") == words_of(missing)
    hidden, missing = await secretive.type("/dify rerun 1", BEN), await secretive.type("/dify rerun 9", BEN)
    assert hidden.text.replace("1", "9") == missing.text


async def test_a_button_whose_value_was_changed_opens_nothing_of_a_private_channel(secretive: World) -> None:
    await secretive.save('/dify schedule digest every hour as "Tea" topic=Tea', BEN)
    await secretive.turn_to_next()
    bens = await secretive.told("*Tea* finished")
    (menu,) = [block["block_id"] for block in bens.blocks if block.get("accessory", {}).get("type") == "overflow"]
    starts = len(secretive.dify.starts())
    for action, value in (
        ("open_trace", "run:1"),
        ("run_again", "run:1 again:0"),
        ("pause_job", "job:1"),
    ):
        answer = await secretive.slack.click(BEN, bens, action, value, confirmed=True)
        assert answer.ok
    refused = await secretive.wait(
        lambda: [one for one in secretive.slack.ephemerals(BEN) if "that you can see" in one.text][2:]
    )
    assert refused
    assert menu
    assert not secretive.slack.views(BEN)
    assert CANARY not in secretive.seen_by(BEN)
    assert len(secretive.dify.starts()) == starts


async def test_a_trace_whose_row_was_changed_shows_nothing_of_a_private_channel(secretive: World) -> None:
    await secretive.type("/dify run digest topic=Tea", BEN)
    await secretive.press(await secretive.told("*digest* finished"), "Open trace", BEN)
    tree = await secretive.view("Run ", BEN)
    rows = [block["block_id"] for block in tree.blocks if block.get("accessory")]
    answer = await secretive.slack.click(BEN, tree, "trace_open", "run:1", block_id=rows[0])
    assert answer.ok
    assert len(secretive.slack.views(BEN)) == 1
    assert CANARY not in secretive.seen_by(BEN)


async def test_the_home_of_an_outsider_does_not_know_of_a_private_job(secretive: World) -> None:
    for user in (BEN, GUS, DORA):
        await secretive.slack.open_home(user)
        home = await secretive.wait(lambda user=user: secretive.slack.home(user))
        assert "Welcome" in words_of(home)
        assert CANARY not in secretive.seen_by(user)
    await secretive.slack.open_home(ANA)
    mine = await secretive.wait(lambda: secretive.slack.home(ANA))
    assert CANARY in words_of(mine)


async def test_fmea_d12_who_has_left_the_channel_sees_its_jobs_no_more(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        world.slack.workspace.channels["C0FINANCE"].members.add(BEN)
        await world.save(f'/dify schedule digest every hour as "{CANARY}" topic=Tea', channel=FINANCE)
        world.slack.workspace.channels["C0FINANCE"].members.remove(BEN)
        assert CANARY not in words_of(await world.type("/dify list all", BEN))


async def test_an_admin_outside_may_pause_a_private_job_and_not_read_it(secretive: World) -> None:
    assert "I know no job" in (await secretive.type("/dify show #1", DORA)).text
    assert "I know no job" in (await secretive.type("/dify runs #1", DORA)).text
    assert (await secretive.type("/dify pause #1", DORA)).text == "Paused job #1."
    assert CANARY not in secretive.seen_by(DORA)
    assert "is paused" in (await secretive.type("/dify show #1", channel=FINANCE)).text
    await secretive.told("Dora paused", FINANCE)
    assert "I know no" in (await secretive.type("/dify rerun 1", DORA)).text
    assert "I know no job" in (await secretive.type("/dify edit #1", DORA)).text


async def test_a_guest_may_look_and_not_change(secretive: World) -> None:
    await secretive.save('/dify schedule digest every hour as "Tea" topic=Tea')
    assert "*Tea* is active" in (await secretive.type("/dify show tea", GUS)).text
    assert "*Tea*" in words_of(await secretive.type("/dify list", GUS))
    for typed in ("pause tea", "run tea", "edit tea", "delete tea"):
        assert "Guests may look, but not change" in (await secretive.type(f"/dify {typed}", GUS)).text
    for typed in ("run digest topic=Tea", "schedule digest every day at 9 topic=Tea", "connect"):
        answer = await secretive.type(f"/dify {typed}", GUS)
        assert "Guests may look" in answer.text or "Only a workspace admin" in answer.text
        assert "daily-report" not in words_of(answer)
    await secretive.turn_to_next()
    done = await secretive.told("*Tea* finished")
    starts = len(secretive.dify.starts())
    assert "Guests may look" in (await secretive.ask(done, "Run again", GUS)).text
    await secretive.press(done, "Open trace", GUS)
    await secretive.view("Run ", GUS)
    assert len(secretive.dify.starts()) == starts


async def test_a_person_of_another_organisation_is_refused_by_command(secretive: World) -> None:
    await secretive.save('/dify schedule digest every hour as "Tea" topic=Tea')
    for typed in ("list", "show tea", "pause tea", "run tea", "schedule digest every day at 9 topic=T", "next tea"):
        answer = await secretive.type(f"/dify {typed}", SIMON)
        assert "*Tea*" not in words_of(answer)
    assert "is active" in (await secretive.type("/dify show tea")).text
    await secretive.slack.open_home(SIMON)
    assert len(secretive.dify.starts()) == 1


@pytest.mark.parametrize("secretive", ["http"], indirect=True)
async def test_a_press_by_a_person_of_another_organisation_is_refused(secretive: World) -> None:
    payload = {
        "type": "block_actions",
        "team": {"id": "T0DEMO"},
        "user": {"id": "U0FAR", "team_id": "T0OTHER"},
        "channel": {"id": "C0FINANCE"},
        "container": {"type": "message", "channel_id": "C0FINANCE", "message_ts": "1.2"},
        "actions": [{"type": "button", "action_id": "pause_job", "block_id": "b", "value": "job:1"}],
    }
    body, now = urlencode({"payload": json.dumps(payload)}).encode(), str(int(time.time()))
    signature = sign(secretive.slack.signing_secret, now, body)
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(
            str(secretive.slack.request_url),
            content=body,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Slack-Request-Timestamp": now,
                "X-Slack-Signature": signature,
            },
        )
    assert answer.status_code == 200
    assert "is active" in (await secretive.type("/dify show #1", channel=FINANCE)).text


async def test_a_job_cannot_be_sent_into_a_channel_that_its_maker_is_not_in(secretive: World) -> None:
    answer = await secretive.type("/dify schedule digest every day at 9 topic=Tea to #finance", BEN)
    assert "You are not in that channel" in answer.text
    assert "Save" not in buttons_of(answer)


async def test_the_result_of_a_private_job_stands_in_its_channel_alone(secretive: World) -> None:
    assert len(secretive.slack.messages(FINANCE)) == 1
    assert not secretive.slack.messages(OPS)
    assert not secretive.slack.messages(NEWS)


async def test_a_job_that_has_moved_leaves_its_runs_to_those_who_saw_them(secretive: World) -> None:
    await secretive.move_to("#1", "C0OPS", channel=FINANCE)
    history = await secretive.type("/dify runs #1", BEN)
    assert "Not shown: 1 run of a channel in which the job was before" in words_of(history)
    assert "run 1" not in words_of(history)
    assert "Last runs" not in words_of(await secretive.type("/dify show #1", BEN))
    assert "run 1 · finished" in words_of(await secretive.type("/dify runs #1"))
    assert "run 1 · finished" in words_of(await secretive.type("/dify show #1"))


@pytest.mark.parametrize("user", [GUS, SIMON])
async def test_help_and_health_tell_a_guest_and_a_stranger_nothing_of_what_is_connected(
    secretive: World, user: str
) -> None:
    assert "/dify schedule daily-news every weekday" in words_of(await secretive.type("/dify help", user))
    assert "Dify Ops is well" not in words_of(await secretive.type("/dify health", user))
    assert "daily-news" not in words_of(await secretive.type("/dify help", BEN))
