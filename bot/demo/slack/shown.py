"""What people see: messages, views and files, and the JSON in which Slack speaks of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from mimetypes import guess_type
from typing import Any
from urllib.parse import quote

from bot.demo.slack.forms import State
from bot.demo.slack.people import APP_ID, BOT_ID, BOT_USER


@dataclass(slots=True, eq=False)
class Message:
    """A message, or an ephemeral one when `viewer` names the only person who sees it. `ts` is also its id."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[Any] = field(default_factory=list)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    thread_ts: str | None = None
    broadcast: bool = False
    viewer: str | None = None
    files: list[dict[str, Any]] = field(default_factory=list)
    reactions: list[dict[str, Any]] = field(default_factory=list)
    state: State = field(default_factory=dict)
    edits: int = 0

    @property
    def is_ephemeral(self) -> bool:
        return self.viewer is not None

    def as_json(self) -> dict[str, Any]:
        """The message object of the Web API and of payloads."""
        shape: dict[str, Any] = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text}
        if self.user == BOT_USER:
            shape |= {"bot_id": BOT_ID, "app_id": APP_ID}
        optional = ("blocks", "attachments", "metadata", "thread_ts", "files", "reactions")
        shape |= {name: getattr(self, name) for name in optional if getattr(self, name)}
        if self.thread_ts and self.thread_ts != self.ts and self.broadcast:
            shape["subtype"] = "thread_broadcast"
        return shape


@dataclass(slots=True, eq=False)
class View:
    """A modal in somebody's stack, or somebody's Home. `payload` is what the app sent, ids filled in."""

    id: str
    user: str
    payload: dict[str, Any]
    hash: str
    state: State
    root_id: str
    previous_id: str | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def blocks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.payload["blocks"]
        return found

    @property
    def callback_id(self) -> str:
        return str(self.payload.get("callback_id", ""))

    @property
    def title(self) -> str:
        return str(self.payload.get("title", {}).get("text", ""))

    def as_json(self, team_id: str) -> dict[str, Any]:
        """The view object of the Web API and of payloads."""
        plain = {"private_metadata": "", "callback_id": "", "external_id": "", "submit": None, "close": None}
        flags = {"clear_on_close": False, "notify_on_close": False}
        return {
            **plain,
            **flags,
            **self.payload,
            "id": self.id,
            "team_id": team_id,
            "app_id": APP_ID,
            "app_installed_team_id": team_id,
            "bot_id": BOT_ID,
            "hash": self.hash,
            "state": {"values": self.state},
            "root_view_id": self.root_id,
            "previous_view_id": self.previous_id,
        }


@dataclass(slots=True, eq=False)
class File:
    """An uploaded file; `content` is None until the bytes have come, `channels` is empty until it is shared."""

    id: str
    name: str
    length: int
    alt_text: str = ""
    snippet_type: str = ""
    title: str = ""
    content: bytes | None = None
    channels: set[str] = field(default_factory=set)

    def as_json(self, url: str, team_id: str) -> dict[str, Any]:
        """The file object of the Web API."""
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "size": self.length,
            "mimetype": guess_type(self.name)[0] or "application/octet-stream",
            "filetype": self.snippet_type or self.name.rpartition(".")[2],
            "alt_txt": self.alt_text,
            "user": BOT_USER,
            "url_private": f"{url}files-pri/{team_id}-{self.id}/{quote(self.name)}",
        }
