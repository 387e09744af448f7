"""HTTP mode: payloads POSTed to the app's request URL, signed as Slack signs them."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson

from bot.demo.slack.wire import Ack


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The value of X-Slack-Signature."""
    text = f"v0:{timestamp}:".encode() + body
    return "v0=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


class SignedPosts:
    """Posts to the app. The time stamp is the real one, for the app checks it against its own clock."""

    def __init__(self, session: aiohttp.ClientSession, secret: str) -> None:
        self._session = session
        self._secret = secret

    async def deliver(self, url: str, kind: str, payload: Any, within_s: float, **retry: Any) -> Ack:
        """Posts one payload and reads the answer within the time that Slack allows."""
        body, content_type = _encode(kind, payload)
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._secret, timestamp, body),
        }
        if retry:
            headers["X-Slack-Retry-Num"] = str(retry["retry_attempt"])
            headers["X-Slack-Retry-Reason"] = str(retry["retry_reason"])
        patience = aiohttp.ClientTimeout(total=within_s)
        try:
            async with self._session.post(url, data=body, headers=headers, timeout=patience) as response:
                return _read_ack(response.status, response.headers, await response.read())
        except TimeoutError:
            return Ack("timeout")
        except aiohttp.ClientError:
            return Ack("unreachable")


def _encode(kind: str, payload: Any) -> tuple[bytes, str]:
    if kind == "events_api":
        return orjson.dumps(payload), "application/json"
    form = payload if kind == "slash_commands" else {"payload": orjson.dumps(payload).decode()}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def _read_ack(status: int, headers: Mapping[str, str], body: bytes) -> Ack:
    no_retry = headers.get("X-Slack-No-Retry") == "1"
    if status != 200:
        return Ack("refused", no_retry=no_retry)
    if not headers.get("Content-Type", "").startswith("application/json"):
        return Ack("ok", {"text": body.decode("utf-8", "replace")} if body.strip() else None)
    try:
        return Ack("ok", orjson.loads(body) if body else None)
    except orjson.JSONDecodeError:
        return Ack("refused")
