"""The environment, read once, refused early with a sentence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from dotenv import dotenv_values
from platformdirs import user_data_path

from bot import values
from bot.errors import Refusal
from storage.address import read_address
from storage.vault import Secret

SLACK_API_URL = "https://slack.com/api/"
MAX_STREAMS = 300  # one process is at ease with this many
START_GRACE_S = 120  # a busy Dify queues a run for a while before its log shows it
START_WITHIN_S = 3600  # what has waited so long for room is no news any more
ENGINES = ("embedded", "distributed")
LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
PREFIX = "DIFY_OPS_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the bot was told. Values that hold a secret never show in a repr; `masked()` is for people.

    Bolt turns to its OAuth mode, in which our token is ignored, when it finds SLACK_CLIENT_ID and
    SLACK_CLIENT_SECRET in the environment: they are no settings of ours, and whoever builds Bolt must hide them.
    """

    data_folder: Path
    slack_bot_token: Secret | None = None
    slack_app_token: Secret | None = None
    slack_signing_secret: Secret | None = None
    slack_api_url: str = SLACK_API_URL
    database_url: str = field(default="", repr=False)  # may hold a password; empty becomes SQLite in the data folder
    engine: str = "embedded"
    http: tuple[str, int] | None = ("127.0.0.1", 8080)  # None: the web door stays closed
    public_url: str | None = None
    secret_keys: str | None = field(default=None, repr=False)  # comma separated; None: the key file
    allowed_hosts: str = ""  # as it was written; `bot.egress` reads it
    admins: frozenset[str] = frozenset()  # empty: Slack's own admins
    max_streams: int = MAX_STREAMS
    keep_runs: int | None = 90  # days, as the next two; None: for ever
    keep_values: int | None = 30
    keep_traces: int | None = 14
    backups: int = 7  # of a SQLite database, one a day
    max_per_app: int | None = None
    max_per_host: int | None = None
    max_running: int | None = None
    digest_over: int | None = 20  # results that wait for one channel; None: each is told in a message of its own
    start_grace_s: int = START_GRACE_S
    start_within_s: int = START_WITHIN_S
    log_format: str = ""  # empty: text on a terminal, else json
    log_level: str = "INFO"
    strays: tuple[str, ...] = ()  # names that begin like ours and mean nothing: misspelt, perhaps

    def __post_init__(self) -> None:
        if not self.database_url:
            path = quote(str(self.data_folder / "dify-ops.sqlite3"))
            object.__setattr__(self, "database_url", f"sqlite:///{path}")

    @property
    def key_file(self) -> Path:
        return self.data_folder / "secret.key"

    @property
    def is_shared(self) -> bool:
        """Whether several servers may stand over the database."""
        return not self.database_url.startswith("sqlite")

    @property
    def socket_mode(self) -> bool:
        return self.slack_app_token is not None

    @property
    def http_mode(self) -> bool:
        """An app token wins over a signing secret."""
        return self.slack_signing_secret is not None and not self.socket_mode

    def masked(self) -> dict[str, str]:
        """Every setting by its name as it is in effect, fit to be shown."""
        return {name: setting.show(getattr(self, setting.field)) for name, setting in SETTINGS.items()}


class Setting(NamedTuple):
    """`read(name, text)` gives the value of `field` or raises a Refusal; `show` is what people may see of it."""

    field: str
    read: Callable[[str, str], Any]
    show: Callable[[Any], str] = str


def _show_hint(value: Secret | None) -> str:
    return value.hint if value is not None else "not set"


def _show_or(absent: str) -> Callable[[Any], str]:
    return lambda value: str(value) if value else absent


def _show_days(value: int | None) -> str:
    return "for ever" if value is None else f"{value} days"


def _show_keys(value: str | None) -> str:
    return f"{len([key for key in value.split(',') if key.strip()])} given" if value else "in the key file"


def _show_http(value: tuple[str, int] | None) -> str:
    return "closed" if value is None else f"{value[0]}:{value[1]}"


def _show_admins(value: frozenset[str]) -> str:
    return ", ".join(sorted(value)) or "Slack's own admins"


SETTINGS: Mapping[str, Setting] = {
    "SLACK_BOT_TOKEN": Setting("slack_bot_token", values.read_token("xoxb-"), _show_hint),
    "SLACK_APP_TOKEN": Setting("slack_app_token", values.read_token("xapp-"), _show_hint),
    "SLACK_SIGNING_SECRET": Setting("slack_signing_secret", values.read_secret, _show_hint),
    "SLACK_API_URL": Setting("slack_api_url", values.read_api_url),
    "DATABASE_URL": Setting("database_url", values.read_database, lambda url: read_address(url).shown),
    "DIFY_OPS_HOME": Setting("data_folder", values.read_folder),
    "DIFY_OPS_ENGINE": Setting("engine", values.read_choice(*ENGINES)),
    "DIFY_OPS_HTTP": Setting("http", values.read_listen, _show_http),
    "DIFY_OPS_PUBLIC_URL": Setting("public_url", values.read_public_url, _show_or("not set")),
    "DIFY_OPS_SECRET_KEYS": Setting("secret_keys", values.read_keys, _show_keys),
    "DIFY_OPS_ALLOWED_HOSTS": Setting("allowed_hosts", values.read_text, _show_or("public https hosts only")),
    "DIFY_OPS_ADMINS": Setting("admins", values.read_admins, _show_admins),
    "DIFY_OPS_MAX_STREAMS": Setting("max_streams", values.read_whole(1, values.MOST_STREAMS)),
    "DIFY_OPS_MAX_PER_APP": Setting(
        "max_per_app", values.read_off_or_whole(values.MOST_STREAMS), _show_or("no limit")
    ),
    "DIFY_OPS_MAX_PER_HOST": Setting(
        "max_per_host", values.read_off_or_whole(values.MOST_STREAMS), _show_or("no limit")
    ),
    "DIFY_OPS_MAX_RUNNING": Setting(
        "max_running", values.read_off_or_whole(values.MOST_STREAMS), _show_or("no limit")
    ),
    "DIFY_OPS_DIGEST_OVER": Setting(
        "digest_over", values.read_off_or_whole(values.MOST_WAITING), _show_or("no digests")
    ),
    "DIFY_OPS_KEEP_RUNS": Setting("keep_runs", values.read_off_or_whole(values.LONGEST_KEPT), _show_days),
    "DIFY_OPS_KEEP_VALUES": Setting("keep_values", values.read_off_or_whole(values.LONGEST_KEPT), _show_days),
    "DIFY_OPS_KEEP_TRACES": Setting("keep_traces", values.read_off_or_whole(values.LONGEST_KEPT), _show_days),
    "DIFY_OPS_BACKUPS": Setting("backups", values.read_whole(0, 365), _show_or("none")),
    "DIFY_OPS_START_GRACE": Setting("start_grace_s", values.read_whole(1, 3600), lambda seconds: f"{seconds} s"),
    "DIFY_OPS_START_WITHIN": Setting(
        "start_within_s", values.read_whole(60, 604_800), lambda seconds: f"{seconds} s"
    ),
    "DIFY_OPS_LOG": Setting(
        "log_format", values.read_choice(*LOG_FORMATS), _show_or("text on a terminal, else json")
    ),
    "DIFY_OPS_LOG_LEVEL": Setting("log_level", values.read_choice(*LOG_LEVELS)),
}


def read(environ: Mapping[str, str], dotenv: Path | None = Path(".env")) -> Settings:
    """The settings in effect: the environment wins over the file. Raises Refusal, which never repeats a secret."""
    given = _read_dotenv(dotenv) | dict(environ)
    said = {
        setting.field: setting.read(name, given[name].strip())
        for name, setting in SETTINGS.items()
        if _is_said(given, name)
    }
    said.setdefault("data_folder", user_data_path("dify-ops", appauthor=False))
    strays = tuple(sorted(name for name in given if name.startswith(PREFIX) and name not in SETTINGS))
    settings = Settings(**said, strays=strays)
    _refuse_contradictions(settings)
    return settings


def _is_said(given: Mapping[str, str], name: str) -> bool:
    """Compose files hand on empty variables, which say nothing; only an empty address closes the web door."""
    return name in given and (bool(given[name].strip()) or name == "DIFY_OPS_HTTP")


def require_slack(settings: Settings) -> None:
    """Refuse what cannot reach Slack or hear from it."""
    if settings.slack_bot_token is None:
        raise Refusal(
            "SLACK_BOT_TOKEN is not set, so the bot cannot speak to Slack.",
            "Install the app in your workspace and copy the Bot User OAuth Token (xoxb-…).",
            code="setting",
        )
    if not settings.socket_mode and not settings.http_mode:
        raise Refusal(
            "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is set, so the bot cannot hear from Slack.",
            "Set SLACK_APP_TOKEN (xapp-…) for Socket Mode, or SLACK_SIGNING_SECRET for HTTP mode.",
            code="setting",
        )


def _read_dotenv(path: Path | None) -> dict[str, str]:
    if path is None or not path.is_file():  # a folder of that name is somebody's virtual environment
        return {}
    try:
        found = dotenv_values(path, interpolate=False, encoding="utf-8-sig")  # a $ in a secret is a $
    except (OSError, UnicodeDecodeError) as error:
        message = f"The file {path} cannot be read ({type(error).__name__})."
        raise Refusal(message, "Make it a readable text file in UTF-8.", code="setting") from None
    return {name: value for name, value in found.items() if value is not None}


def _refuse_contradictions(settings: Settings) -> None:
    if settings.engine == "distributed" and not settings.is_shared:
        raise values.refuse(
            "DIFY_OPS_ENGINE", "is distributed, and SQLite serves one process", "set a postgresql:// DATABASE_URL"
        )
    if settings.http_mode and settings.http is None:
        raise values.refuse(
            "DIFY_OPS_HTTP", "is empty, and in HTTP mode Slack's requests arrive there", "set 127.0.0.1:8080"
        )
