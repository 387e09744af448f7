"""The log: readable in both forms, one line a record for machines, and no secret in either."""

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.log import TALKATIVE, redact, set_up_log
from bot.settings import Settings
from tests.makers import patient

TAIL = "4f7a9c1e2b8d6f03"
SECRETS = [
    f"xoxb-123-456-{TAIL}",
    f"xoxp-123-{TAIL}",
    f"xapp-1-A0-99-{TAIL}",
    f"xwfp-{TAIL}",
    f"app-{TAIL}",
    f"Bearer {TAIL}",
    f"bearer  {TAIL}",
    f"sdb_{TAIL}",
    f"postgresql://bot:{TAIL}@db.internal/ops",
    f"https://admin:{TAIL}@dify.internal/v1",
]
FORMS = ["text", "json"]


@pytest.fixture(autouse=True)
def same_log_afterwards() -> Iterator[None]:
    """`set_up_log` takes the root logger over; the tests after this one want theirs back."""
    names = ["", "bot", *TALKATIVE]
    root = logging.getLogger()
    handlers, levels = list(root.handlers), [logging.getLogger(name).level for name in names]
    yield
    root.handlers[:] = handlers
    for name, level in zip(names, levels, strict=True):
        logging.getLogger(name).setLevel(level)


def set_up(tmp_path: Path, form: str = "", level: str = "INFO") -> None:
    set_up_log(Settings(data_folder=tmp_path, log_format=form, log_level=level))


def fail(secret: str) -> None:
    raise LookupError(f"refused with {secret}")


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", FORMS)
def test_no_secret_is_logged_wherever_a_library_put_it(
    form: str, secret: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(tmp_path, form)
    log = logging.getLogger("bot.test")
    log.info("in the message: %s", secret)
    log.info("in a dict: %r", {"Authorization": secret, "nested": [secret]})
    log.warning(f"in the words {secret}, twice {secret}")
    try:
        fail(secret)
    except LookupError:
        log.exception("in the traceback")
    shown = capsys.readouterr().err
    assert "in the message" in shown
    assert "in the traceback" in shown
    assert "LookupError" in shown
    assert TAIL not in shown


@patient
@given(st.text(max_size=30), st.sampled_from(SECRETS), st.text(max_size=30))
def test_whatever_stands_around_a_secret_it_is_taken_out(before: str, secret: str, after: str) -> None:
    assert TAIL not in redact(f"{before} {secret} {after}")
    assert TAIL not in redact(json.dumps({"a": f"{before} {secret} {after}"}))


@pytest.mark.parametrize(
    "plain", ["application/json", "app-", "wrapper-application", "xoxb-", "https://host/path@v1", "a sdb file", ""]
)
def test_what_is_no_secret_stays_as_it_is(plain: str) -> None:
    assert redact(plain) == plain


def test_json_is_one_object_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(tmp_path, "json")
    logging.getLogger("bot.loops.clock").warning("first\nsecond “%s”", "日本")
    try:
        fail("x")
    except LookupError:
        logging.getLogger("bot").exception("broken")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["level"], first["logger"]) == ("warning", "bot.loops.clock")
    assert first["message"] == "first\nsecond “日本”"
    assert first["at"].endswith("+00:00")
    assert "error" not in first
    assert "LookupError: refused with x" in second["error"]


def test_text_is_a_line_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(tmp_path, "text")
    logging.getLogger("bot").info("Dify Ops is ready")
    assert capsys.readouterr().err.rstrip().endswith("INFO    Dify Ops is ready")


def test_a_line_of_text_cannot_pretend_to_be_two_nor_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(tmp_path, "text")
    logging.getLogger("bot").info("Slack said: %s", "no\n12:00:00 INFO    all is well\x1b[2J\r\x07")
    shown = capsys.readouterr().err
    assert len(shown.splitlines()) == 1
    assert not set("\x1b\r\x07") & set(shown)


def test_without_a_terminal_the_log_is_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not sys.stderr.isatty()
    set_up(tmp_path)
    logging.getLogger("bot").info("hello")
    assert json.loads(capsys.readouterr().err)["message"] == "hello"


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR"])
def test_libraries_are_heard_from_warning_on_whatever_our_own_level(
    level: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(tmp_path, "json", level)
    for name in ("bot", *TALKATIVE):
        for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            logging.getLogger(f"{name}.deep").log(number, name)
    heard = [
        (line["logger"].split(".")[0], line["level"])
        for line in map(json.loads, capsys.readouterr().err.splitlines())
    ]
    ours = [said for name, said in heard if name == "bot"]
    assert ours == ["debug", "info", "warning", "error"][["DEBUG", "INFO", "WARNING", "ERROR"].index(level) :]
    for name in TALKATIVE:
        said = [one for logger, one in heard if logger == name]
        assert said == (["error"] if level == "ERROR" else ["warning", "error"])


def test_setting_up_twice_says_everything_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(tmp_path, "json")
    set_up(tmp_path, "json")
    logging.getLogger("bot").info("hello")
    assert len(capsys.readouterr().err.splitlines()) == 1
