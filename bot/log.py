"""The log: text on a terminal, JSON lines elsewhere, and no secret in either."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

from bot.settings import Settings

# Slack tokens, Dify keys, bearer headers and passwords in addresses, wherever a library may have put them.
SECRETS = re.compile(r"(xox[a-z]-|xapp-|xwfp-|app-|(?i:Bearer)\s+|sdb_)[A-Za-z0-9._\-]{6,}")
PASSWORDS = re.compile(r"""(://)[^/\s@"'\\]{1,500}@""")
# What others say must neither pretend to be a line of its own nor steer the terminal.
CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
# They log request addresses, and Slack's socket address carries a ticket.
TALKATIVE = (
    "httpx",
    "httpcore",
    "slack_bolt",
    "slack_sdk",
    "aiohttp",
    "apscheduler",
    "uvicorn",
    "asyncio",
    "alembic",
)


def redact(text: str) -> str:
    """The text with whatever looks like a secret replaced."""
    return PASSWORDS.sub(r"\1…@", SECRETS.sub(r"\1…", text))


def set_up_log(settings: Settings) -> None:
    """Replace the handlers of the root logger; what libraries say is shown from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    is_text = settings.log_format == "text" or (not settings.log_format and sys.stderr.isatty())
    handler.setFormatter(_Text() if is_text else _Json())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(settings.log_level)))


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        return super().formatMessage(record).replace("\n", "\\n")

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record)).translate(CONTROLS)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        return redact(json.dumps(line, ensure_ascii=False))
