"""`dify-ops doctor`: everything that has to be right is looked at, and what is not comes with its mend."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.demo.dify import LocalDify
from bot.demo.slack import LocalSlack
from bot.operations.cut_off import note_cut_off
from storage.database import open_store
from tests.cli.terminal import Done, Terminal
from tests.makers import KEY_TEXT, NOW, TEAM


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack(manifest=LocalSlack.load_manifest(), team_id=TEAM) as local:
        yield local


@pytest.fixture
def sound(owned: Terminal, slack: LocalSlack) -> Terminal:
    """A terminal with everything that a bot needs."""
    owned.environ |= {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "DIFY_OPS_ALLOWED_HOSTS": "127.0.0.1",
    }
    return owned


async def run(terminal: Terminal, *words: str, stdin: str = "") -> Done:
    return await asyncio.to_thread(terminal.call, *words, stdin=stdin.encode())


async def connect(terminal: Terminal, dify: LocalDify, *names: str) -> None:
    for name in names:
        assert (await run(terminal, "apps", "add", name, "--url", dify.url, stdin=dify.keys[name])).code == 0


def findings(done: Done) -> dict[str, tuple[bool, str]]:
    return {one["what"]: (one["is_well"], one["says"]) for one in done.json["findings"]}


async def test_a_sound_house_is_told_line_by_line(sound: Terminal, slack: LocalSlack, dify: LocalDify) -> None:
    await connect(sound, dify, "digest", "chat")
    done = await run(sound, "doctor")
    assert (done.code, done.err) == (0, "")
    assert "FAIL" not in done.out
    for words in ("Slack bot token", "Slack scopes", "Slack app token", "schema", "app digest", "app chat"):
        assert words in done.out
    for secret in (slack.bot_token, slack.app_token, *dify.keys.values()):
        assert secret not in done.out


async def test_as_json_settings_are_masked_and_findings_listed(
    sound: Terminal, slack: LocalSlack, dify: LocalDify
) -> None:
    await connect(sound, dify, "digest")
    done = await run(sound, "doctor", "--json")
    assert done.json["settings"]["SLACK_BOT_TOKEN"] == f"…{slack.bot_token[-4:]}"
    assert findings(done)["app digest"] == (True, "workflow, Dify 1.16.1, 1 inputs")
    assert slack.bot_token not in done.out


async def test_without_anything_set_it_says_what_is_missing_and_exits_with_1(terminal: Terminal) -> None:
    done = await run(terminal, "doctor", "--json")
    assert done.code == 1
    assert findings(done)["Slack"][0] is False
    assert "run `dify-ops db upgrade`" in findings(done)["schema"][1]


async def test_a_setting_that_does_not_exist_is_found(sound: Terminal) -> None:
    sound.environ["DIFY_OPS_ADMIN"] = "U1"
    done = await run(sound, "doctor", "--json")
    assert (done.code, findings(done)["settings"][0]) == (1, False)
    assert "DIFY_OPS_ADMIN" in findings(done)["settings"][1]


async def test_a_token_that_slack_took_back_is_found(sound: Terminal, slack: LocalSlack) -> None:
    slack.revoke_tokens()
    done = await run(sound, "doctor", "--json")
    assert done.code == 1
    assert "token_revoked" in findings(done)["Slack"][1]
    assert "schema" in findings(done)  # one trouble does not hide the others


async def test_a_bot_that_stands_still_without_a_token_is_found(sound: Terminal) -> None:
    store = open_store(sound.database_url)
    await store.run(lambda c: note_cut_off(c, "T1", "app_uninstalled", now=NOW))
    await store.close()
    done = await run(sound, "doctor", "--json")
    assert done.code == 1
    assert "Slack has taken the bot token back (app_uninstalled, 2026-09-01 07:00 UTC)" in findings(done)["Slack"][1]


async def test_a_bot_that_nothing_can_reach_is_found(sound: Terminal) -> None:
    del sound.environ["SLACK_APP_TOKEN"]
    done = await run(sound, "doctor", "--json")
    assert (done.code, findings(done)["Slack transport"][0]) == (1, False)


async def test_each_app_that_does_not_answer_is_found(sound: Terminal, dify: LocalDify) -> None:
    await connect(sound, dify, "digest", "loops", "chat")
    dify.mischief.revoke("digest")
    done = await run(sound, "doctor", "--json")
    assert done.code == 1
    assert [findings(done)[f"app {name}"][0] for name in ("digest", "loops", "chat")] == [False, True, True]
    dify.close_door()
    away = await run(sound, "doctor", "--json")
    assert not any(findings(away)[f"app {name}"][0] for name in ("digest", "loops", "chat"))


async def test_a_live_check_runs_what_needs_no_inputs(sound: Terminal, dify: LocalDify) -> None:
    await connect(sound, dify, "loops", "digest", "broken")
    done = await run(sound, "doctor", "--live", "--json")
    assert done.code == 1
    found = findings(done)
    assert found["app loops"] == (True, "workflow, Dify 1.16.1, 0 inputs; test run succeeded")
    assert found["app broken"] == (False, "workflow, Dify 1.16.1, 0 inputs; test run failed")
    says = "workflow, Dify 1.16.1, 1 inputs; it needs inputs, so no test run was made"
    assert found["app digest"] == (True, says)
    assert [run.app.name for run in dify.starts()] == ["broken", "loops"]


async def test_lost_keys_are_found(sound: Terminal, dify: LocalDify) -> None:
    await connect(sound, dify, "digest")
    key_file = sound.folder / "secret.key"
    key_file.unlink()
    done = await run(sound, "doctor", "--json")
    assert (done.code, key_file.exists()) == (1, False)
    assert findings(done)["secret keys"] == (False, f"the key file {key_file} is missing; put it back")
    sound.environ["DIFY_OPS_SECRET_KEYS"] = KEY_TEXT
    done = await run(sound, "doctor", "--json")
    assert done.code == 1
    assert "cannot be opened" in findings(done)["app digest"][1]


async def test_a_database_that_is_away_is_found(sound: Terminal) -> None:
    sound.environ["DATABASE_URL"] = "postgresql://bot:canary4f7a@127.0.0.1:9/ops"
    done = await run(sound, "doctor", "--json")
    assert (done.code, findings(done)["database"][0]) == (1, False)
    assert "canary4f7a" not in done.out


async def test_hosts_that_make_no_sense_are_found(sound: Terminal) -> None:
    sound.environ["DIFY_OPS_ALLOWED_HOSTS"] = "http://dify.internal/"
    done = await run(sound, "doctor", "--json")
    assert done.code == 1
    assert "DIFY_OPS_ALLOWED_HOSTS" in done.out + done.err
