"""The log: text on a terminal, JSON lines elsewhere, and no secret in either."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

from bot.settings import Settings

# Slack tokens, Dify keys and bearer headers, wherever a library may have put them.
SECRETS = re.compile(r"(xox[a-z]-|xapp-|xwfp-|app-|Bearer\s+|sdb_)[A-Za-z0-9._\-]{6,}")
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
    return SECRETS.sub(lambda found: found.group(1) + "…", text)


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

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


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
        return redact(json.dumps(line, ensure_ascii=False))
