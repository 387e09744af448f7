"""The environment, read once and refused early."""

import secrets
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.settings import SETTINGS, Settings, read, require_slack
from storage.vault import Secret

BOT, APP, SIGNING = "xoxb-1-2-" + "b" * 24, "xapp-1-A0-2-" + "c" * 40, "0123456789abcdef" * 2
CANARY = "canary" + "7f3a" * 6


def read_only(**environ: str) -> Settings:
    return read(environ, dotenv=None)


def refusal_of(**environ: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read_only(**environ)
    return caught.value


def test_nothing_said_gives_the_documented_defaults(tmp_path: Path) -> None:
    settings = read_only(DIFY_OPS_HOME=str(tmp_path))
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.database_url == f"sqlite:///{tmp_path}/dify-ops.sqlite3"
    assert settings.engine == "embedded"
    assert settings.http == ("127.0.0.1", 8080)
    assert settings.max_streams == 300
    assert settings.admins == frozenset()
    assert settings.key_file.parent == tmp_path
    assert not settings.socket_mode
    assert not settings.http_mode


def test_without_a_home_the_platforms_data_folder_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert read({}, dotenv=None).data_folder.name == "dify-ops"


def test_the_default_database_survives_a_folder_with_odd_characters(tmp_path: Path) -> None:
    from storage.address import read_address

    odd = tmp_path / "100% odd? #1"
    settings = read_only(DIFY_OPS_HOME=str(odd))
    assert read_address(settings.database_url).path == odd / "dify-ops.sqlite3"


@pytest.mark.parametrize(
    ("given_tokens", "socket", "http"),
    [
        ({"SLACK_APP_TOKEN": APP}, True, False),
        ({"SLACK_SIGNING_SECRET": SIGNING}, False, True),
        ({"SLACK_APP_TOKEN": APP, "SLACK_SIGNING_SECRET": SIGNING}, True, False),
        ({"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": SIGNING}, False, True),
    ],
)
def test_an_app_token_means_socket_mode_and_wins(given_tokens: dict[str, str], socket: bool, http: bool) -> None:
    settings = read_only(**given_tokens)
    assert (settings.socket_mode, settings.http_mode) == (socket, http)


@pytest.mark.parametrize(
    ("name", "value", "what", "how"),
    [
        ("SLACK_BOT_TOKEN", APP, "app-level token", "SLACK_APP_TOKEN"),
        ("SLACK_APP_TOKEN", BOT, "bot token", "SLACK_BOT_TOKEN"),
        ("SLACK_BOT_TOKEN", "xoxp-" + CANARY, "user token", "xoxb-"),
        ("SLACK_BOT_TOKEN", "xoxe.xoxb-1-" + CANARY, "rotates", "xoxb-"),
        ("SLACK_BOT_TOKEN", "xoxc-" + CANARY, "browser", "xoxb-"),
        ("SLACK_BOT_TOKEN", "app-" + CANARY, "Dify app key", "xoxb-"),
        ("SLACK_BOT_TOKEN", CANARY, "does not begin with xoxb-", "Copy"),
        ("SLACK_BOT_TOKEN", "xoxb-...", "too short", "Copy"),
        ("SLACK_BOT_TOKEN", "xoxb-" + CANARY + " x", "space", "Copy"),
        ("SLACK_SIGNING_SECRET", BOT, "holds a token", "Signing Secret"),
        ("SLACK_SIGNING_SECRET", "short", "too short", "Copy"),
        ("SLACK_API_URL", "slack.com/api", "no plain web address", "https://"),
        ("SLACK_API_URL", f"https://me:{CANARY}@slack.com", "no plain web address", "without a password"),
        ("DATABASE_URL", f"mysql://me:{CANARY}@db/x", "refused", "postgresql://"),
        ("DATABASE_URL", "sqlite://", "refused", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:", "refused", "sqlite:///"),
        ("DIFY_OPS_ENGINE", "celery", "celery", "embedded or distributed"),
        ("DIFY_OPS_ENGINE", "distributed", "SQLite", "postgresql://"),
        ("DIFY_OPS_HTTP", "8080", "host:port", "127.0.0.1:8080"),
        ("DIFY_OPS_HTTP", ":8080", "host:port", "0.0.0.0:8080"),
        ("DIFY_OPS_HTTP", "localhost:99999", "host:port", "127.0.0.1:8080"),
        ("DIFY_OPS_HTTP", "http://localhost:80", "host:port", "127.0.0.1:8080"),
        ("DIFY_OPS_PUBLIC_URL", "ops.example.com", "no plain web address", "https://host"),
        ("DIFY_OPS_PUBLIC_URL", "https://ops.example.com/?a=1", "no plain web address", "https://host"),
        ("DIFY_OPS_PUBLIC_URL", "https://ops.example.com:x/", "no plain web address", "https://host"),
        ("DIFY_OPS_SECRET_KEYS", "changeme", "refused", "Make one with"),
        ("DIFY_OPS_ADMINS", "U0ANA, @ana", "@ana", "U0123456789"),
        ("DIFY_OPS_ADMINS", "U0ANA, xoxb-" + CANARY, "something long", "U0123456789"),
        ("DIFY_OPS_MAX_STREAMS", "0", "0", "1 to 10000"),
        ("DIFY_OPS_KEEP_RUNS", "0", "0", "1 to 3650"),
        ("DIFY_OPS_MAX_PER_APP", "-1", "-1", "1 to 10000"),
        ("DIFY_OPS_MAX_STREAMS", "10001", "10001", "1 to 10000"),
        ("DIFY_OPS_MAX_STREAMS", "many", "many", "1 to 10000"),
        ("DIFY_OPS_MAX_STREAMS", CANARY, "something long", "1 to 10000"),
        ("DIFY_OPS_LOG", "xml", "xml", "text or json"),
        ("DIFY_OPS_LOG_LEVEL", "LOUD", "LOUD", "DEBUG or INFO"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_the_reason_and_the_cure(
    name: str, value: str, what: str, how: str
) -> None:
    refusal = refusal_of(**{name: value})
    assert refusal.message.startswith(name)
    assert what in str(refusal)
    assert how in refusal.hint
    assert CANARY not in str(refusal)
    assert value not in str(refusal) or len(value) < 20


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert "which is a file" in refusal_of(DIFY_OPS_HOME=str(file)).message


def test_http_mode_needs_the_web_door() -> None:
    refusal = refusal_of(SLACK_SIGNING_SECRET=SIGNING, DIFY_OPS_HTTP="")
    assert "HTTP mode" in refusal.message
    assert read_only(SLACK_APP_TOKEN=APP, DIFY_OPS_HTTP="").http is None


@pytest.mark.parametrize(
    ("text", "address"),
    [("0.0.0.0:0", ("0.0.0.0", 0)), ("[::1]:8080", ("::1", 8080)), ("localhost:80", ("localhost", 80))],
)
def test_an_address_to_listen_on_is_host_and_port(text: str, address: tuple[str, int]) -> None:
    assert read_only(DIFY_OPS_HTTP=text).http == address


def test_addresses_have_one_form_whatever_their_last_slash() -> None:
    settings = read_only(SLACK_API_URL="http://127.0.0.1:9/api", DIFY_OPS_PUBLIC_URL="https://ops.example.com/")
    assert settings.slack_api_url == "http://127.0.0.1:9/api/"
    assert settings.public_url == "https://ops.example.com"


def test_words_may_be_in_any_case_and_admins_apart_by_commas_or_spaces() -> None:
    settings = read_only(
        DIFY_OPS_LOG="JSON",
        DIFY_OPS_LOG_LEVEL="debug",
        DIFY_OPS_ADMINS="U0ANA, W0BEN U0EVE",
        DIFY_OPS_ENGINE="Embedded",
    )
    assert (settings.log_format, settings.log_level, settings.engine) == ("json", "DEBUG", "embedded")
    assert settings.admins == {"U0ANA", "W0BEN", "U0EVE"}


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("DIFY_OPS_MAX_STREAMS=7\nDIFY_OPS_LOG=json\n", "utf-8-sig")
    settings = read({"DIFY_OPS_MAX_STREAMS": "9"}, dotenv)
    assert (settings.max_streams, settings.log_format) == (9, "json")


def test_a_dollar_in_the_file_stays_a_dollar(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("SLACK_SIGNING_SECRET=abc${HOME}defghij\n")
    secret = read({"HOME": "/root"}, dotenv).slack_signing_secret
    assert secret == Secret("abc${HOME}defghij")


def test_a_folder_called_dotenv_is_no_file_of_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert read({}, tmp_path / ".env").max_streams == 300


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(b"SLACK_BOT_TOKEN=\xff\xfe\n")
    with pytest.raises(Refusal, match="UTF-8"):
        read({}, dotenv)


def test_names_that_begin_like_ours_and_mean_nothing_are_told() -> None:
    assert read_only(DIFY_OPS_MAX_STREAM="9", PATH="/bin").strays == ("DIFY_OPS_MAX_STREAM",)


def test_no_secret_shows_in_a_repr_or_in_what_doctor_prints(tmp_path: Path) -> None:
    keys = [secrets.token_urlsafe(32) for _ in range(2)]
    settings = read_only(
        DIFY_OPS_HOME=str(tmp_path),
        SLACK_BOT_TOKEN="xoxb-" + CANARY,
        SLACK_APP_TOKEN="xapp-" + CANARY,
        SLACK_SIGNING_SECRET=CANARY,
        DATABASE_URL=f"postgresql://me:{CANARY}@db.example.com/ops",
        DIFY_OPS_SECRET_KEYS=", ".join(keys),
    )
    shown = repr(settings) + str(settings) + str(settings.masked())
    assert CANARY not in shown
    assert not any(key in shown for key in keys)
    assert settings.masked()["DATABASE_URL"] == "postgresql://db.example.com/ops"
    assert settings.masked()["SLACK_BOT_TOKEN"] == "…7f3a"
    assert settings.masked()["DIFY_OPS_SECRET_KEYS"] == "2 given"


def test_every_setting_is_shown_by_doctor_with_and_without_a_value() -> None:
    masked = read_only().masked()
    assert set(masked) == set(SETTINGS)
    assert all(masked.values())


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({"SLACK_APP_TOKEN": APP}, "SLACK_BOT_TOKEN"),
        ({"SLACK_BOT_TOKEN": BOT}, "SLACK_APP_TOKEN"),
    ],
)
def test_serving_needs_a_way_to_speak_and_a_way_to_hear(environ: dict[str, str], missing: str) -> None:
    with pytest.raises(Refusal, match=missing):
        require_slack(read_only(**environ))


def test_a_bot_token_and_either_way_to_hear_are_enough_to_serve() -> None:
    require_slack(read_only(SLACK_BOT_TOKEN=BOT, SLACK_APP_TOKEN=APP))
    require_slack(read_only(SLACK_BOT_TOKEN=BOT, SLACK_SIGNING_SECRET=SIGNING))


@given(st.sampled_from(sorted(SETTINGS)), st.text().filter(lambda text: "\0" not in text))
def test_any_text_is_a_value_or_a_refusal_that_names_its_setting(name: str, text: str) -> None:
    try:
        read_only(**{name: text})
    except Refusal as error:
        refusal: Refusal | None = error
    else:
        refusal = None
    assert refusal is None or (name in refusal.message and refusal.hint)


def test_limits_and_spans_are_numbers_or_off() -> None:
    settings = read({"DIFY_OPS_MAX_PER_APP": "5", "DIFY_OPS_MAX_RUNNING": "off", "DIFY_OPS_KEEP_RUNS": "OFF"}, None)
    assert (settings.max_per_app, settings.max_running, settings.keep_runs) == (5, None, None)
    assert settings.masked()["DIFY_OPS_KEEP_RUNS"] == "for ever"
    assert settings.masked()["DIFY_OPS_KEEP_TRACES"] == "14 days"
