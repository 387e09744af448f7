"""The command line as a whole: described, exact about wrong usage, and one sentence for whatever fails."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from bot.cli import cli
from bot.demo.slack import LocalSlack
from tests.cli.terminal import Terminal

SECRET = "canary" + "4f7a9c1e" * 4
COMMANDS = ["apps", "db", "demo", "doctor", "jobs", "next", "run", "runs", "serve", "show", "trace"]


def test_every_command_of_the_interface_is_there() -> None:
    found = cli.list_commands(click.Context(cli))
    assert set(COMMANDS) <= set(found)
    assert not [name for name in found if name.startswith("_")]


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_describes_itself(terminal: Terminal, command: list[str], option: str) -> None:
    done = terminal.call(*command, option)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Usage: dify-ops")
    assert len(done.out.splitlines()) > 4


def test_the_version_is_told(terminal: Terminal) -> None:
    done = terminal.call("--version")
    assert done.out.startswith("dify-ops, version ")


@pytest.mark.parametrize(
    "words", [[], ["nonsense"], ["--nonsense"], ["jobs", "--nonsense"], ["apps"], ["apps", "add"]]
)
def test_wrong_usage_exits_with_2_and_prints_nothing(terminal: Terminal, words: list[str]) -> None:
    done = terminal.call(*words)
    assert done.code == 2
    assert "Usage: dify-ops" in done.err + done.out
    assert done.out == "" or not words or words == ["apps"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_BOT_TOKEN", f"xoxp-{SECRET}"),
        ("SLACK_BOT_TOKEN", SECRET),
        ("SLACK_APP_TOKEN", f"xoxb-{SECRET}"),
        ("DATABASE_URL", f"mysql://bot:{SECRET}@db/ops"),
        ("DIFY_OPS_SECRET_KEYS", SECRET),
        ("DIFY_OPS_HTTP", "everywhere"),
        ("DIFY_OPS_ENGINE", "steam"),
        ("DIFY_OPS_MAX_STREAMS", "0"),
        ("DIFY_OPS_LOG", "xml"),
        ("DIFY_OPS_ADMINS", "@ana"),
        ("SLACK_API_URL", f"https://user:{SECRET}@slack.com/api"),
    ],
)
@pytest.mark.parametrize("words", [["jobs", "--json"], ["serve"], ["doctor"]])
def test_fmea_a16_a_bad_setting_is_one_sentence_with_its_name_and_without_its_secret(
    terminal: Terminal, name: str, value: str, words: list[str]
) -> None:
    terminal.environ[name] = value
    done = terminal.call(*words)
    assert name in done.sentence
    assert SECRET not in done.err


def test_a_dotenv_file_is_read_and_a_broken_one_is_one_sentence(terminal: Terminal) -> None:
    env = terminal.folder / ".env"
    env.write_text("DIFY_OPS_ENGINE=steam\n")
    assert "DIFY_OPS_ENGINE" in terminal.call("jobs").sentence
    env.write_bytes(b"\xff\xfe\x00")
    assert ".env cannot be read" in terminal.call("jobs").sentence


# serve


@pytest.mark.parametrize("roles", ["", "cook", "bot,cook", ","])
def test_roles_that_do_not_exist_are_wrong_usage(terminal: Terminal, roles: str) -> None:
    done = terminal.call("serve", "--roles", roles)
    assert (done.code, done.out) == (2, "")
    assert "roles are bot, web, worker" in done.err


def test_serving_without_a_token_is_one_sentence(terminal: Terminal) -> None:
    said = terminal.call("serve").sentence
    assert "SLACK_BOT_TOKEN is not set" in said
    assert "dify-ops demo" in said


def test_a_bot_that_could_hear_nothing_is_refused_and_a_mere_worker_is_not(terminal: Terminal) -> None:
    terminal.environ |= {"SLACK_BOT_TOKEN": f"xoxb-1-2-{SECRET}", "SLACK_API_URL": "http://127.0.0.1:9/api/"}
    assert "the bot cannot hear from Slack" in terminal.call("serve").sentence
    assert "(unreachable)" in terminal.call("serve", "--roles", "worker").sentence


def spawn(terminal: Terminal, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *words],
        cwd=terminal.folder,
        env=terminal.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_serve_with_0_and_nothing_on_stdout(terminal: Terminal, number: signal.Signals) -> None:
    async with LocalSlack(manifest=LocalSlack.load_manifest()) as slack:
        terminal.environ |= {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "DIFY_OPS_HTTP": "",
        }
        process = spawn(terminal, "serve")
        try:
            assert process.stderr is not None
            while "is ready" not in await asyncio.to_thread(process.stderr.readline):
                assert process.poll() is None
            assert (await slack.type("U0ANA", "#ops", "/dify help")).ok
            process.send_signal(number)
            out, err = await asyncio.to_thread(process.communicate, timeout=15)
        finally:
            process.kill()
        assert (process.returncode, out) == (0, "")
        assert "Traceback" not in err
        for secret in (slack.bot_token, slack.app_token):
            assert secret not in err


async def test_a_reader_that_goes_away_is_no_crash(terminal: Terminal) -> None:
    process = spawn(terminal, "next", "every hour", "--count", "1000")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(20) in (0, 1)
    assert "Traceback" not in err
    assert "Exception" not in err
