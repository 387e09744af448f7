"""Who asks, where, and what: Slack's payloads and typed sentences as values.

Reading a payload never raises, whatever it holds: what is missing or of another type is empty. Reading a sentence
raises a `Refusal` that says how to type it. Identity comes only from the payload's own user and team, never from a
button's value or a modal's metadata. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.slack.payload import read_fields, read_value, take_first, take_map, take_text
from bot.slack.sentence import ScheduleWords, read_name, read_schedule
from bot.slack.words import holds_key, read_words

__all__ = [
    "Asker",
    "HomeOpened",
    "Interaction",
    "Press",
    "Request",
    "ScheduleWords",
    "Shortcut",
    "Submission",
    "View",
    "holds_key",
    "read_command",
    "read_home",
    "read_name",
    "read_press",
    "read_schedule",
    "read_shortcut",
    "read_submission",
]

REFERENCE = re.compile(r"(?:^|(?<=\s))([a-z_]+):(\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The person behind a payload. `team_id` is where the app is installed, `actor_team_id` the person's own team.

    `is_stranger` tells that the person belongs to another organisation (a shared channel). A bot of one workspace
    should also compare `team_id` with its own.
    """

    team_id: str
    user_id: str
    actor_team_id: str = ""
    enterprise_id: str | None = None
    is_stranger: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction(Asker):
    """What Slack wants an ack for, and what can be answered after it.

    `trigger_id` opens one view within 3 s. `response_url` takes 5 answers within 30 minutes. It and `channel_id` are
    empty where there is no message to answer.
    """

    channel_id: str = ""
    trigger_id: str = ""
    response_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Interaction):
    """A slash command. `verb` is its first word in lower case, `rest` the text after it as it was delivered."""

    verb: str
    rest: str
    command: str = ""
    is_enterprise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A modal or a Home as Slack sends it back.

    `fields` are what was filled in, by block_id, as `Press.fields`; `state` is the same as Slack sent it, by block_id
    and action_id.
    """

    id: str
    hash: str
    callback_id: str
    private_metadata: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    root_id: str = ""
    previous_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press(Interaction):
    """A button or a menu. `value` is the button's value or the chosen option's; `refs` are the ids that it names
    (`run:381 span:abc` → {"run": "381", "span": "abc"}), never a permission.

    `channel_id` and `message_ts` are empty in a view; `view` is None in a message. `action_ts` differs for every
    press. `fields` are the inputs beside the button, by block_id: text, an id, a tuple of those, or None when empty.
    """

    action_id: str
    block_id: str
    value: str
    refs: Mapping[str, str]
    action_ts: str
    message_ts: str = ""
    thread_ts: str = ""
    is_ephemeral: bool = False
    view: View | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission(Interaction):
    """A modal that was submitted, or closed when `is_closed`."""

    callback_id: str
    view: View
    is_closed: bool = False

    @property
    def fields(self) -> Mapping[str, Any]:
        return self.view.fields


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeOpened(Asker):
    """Somebody looks at the app. `tab` is home or messages; `view` is what they see, None the first time."""

    tab: str
    view: View | None = None
    channel_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut(Interaction):
    """A shortcut. A global one has neither channel nor message nor response_url."""

    callback_id: str
    message_ts: str = ""
    message_text: str = ""


def read_command(payload: Mapping[str, Any]) -> Request:
    text = take_text(payload, "text")
    words = read_words(text)
    asker = _asker(payload)
    return Request(
        **asker | {"user_id": take_text(payload, "user_id")},
        channel_id=take_text(payload, "channel_id"),
        verb=words[0].text.lower() if words else "",
        rest=text[words[0].end :].strip() if words else "",
        command=take_text(payload, "command"),
        trigger_id=take_text(payload, "trigger_id"),
        response_url=take_text(payload, "response_url"),
        is_enterprise=payload.get("is_enterprise_install") in ("true", True),
    )


def read_press(payload: Mapping[str, Any]) -> Press:
    action = take_first(payload.get("actions"))
    value = read_value(action)
    text = value if isinstance(value, str) else ""
    return Press(
        **_asker(payload),
        action_id=take_text(action, "action_id"),
        block_id=take_text(action, "block_id"),
        value=text,
        refs=dict(REFERENCE.findall(text)),
        action_ts=take_text(action, "action_ts"),
        channel_id=take_text(payload, "channel", "id") or take_text(payload, "container", "channel_id"),
        message_ts=take_text(payload, "container", "message_ts") or take_text(payload, "message", "ts"),
        thread_ts=take_text(payload, "container", "thread_ts") or take_text(payload, "message", "thread_ts"),
        is_ephemeral=take_map(payload, "container").get("is_ephemeral") is True,
        view=_read_view(payload),
        fields=read_fields(take_map(payload, "state", "values")),
        trigger_id=take_text(payload, "trigger_id"),
        response_url=take_text(payload, "response_url"),
    )


def read_submission(payload: Mapping[str, Any]) -> Submission:
    view = _read_view(payload) or View(id="", hash="", callback_id="", private_metadata="")
    return Submission(
        **_asker(payload),
        callback_id=view.callback_id,
        view=view,
        trigger_id=take_text(payload, "trigger_id"),
        is_closed=payload.get("type") == "view_closed",
    )


def read_home(body: Mapping[str, Any]) -> HomeOpened:
    """`body` is the whole event request: the event itself does not name the team."""
    event = take_map(body, "event")
    return HomeOpened(
        **_asker(body) | {"user_id": take_text(event, "user")},
        tab=take_text(event, "tab"),
        view=_read_view(event),
        channel_id=take_text(event, "channel"),
    )


def read_shortcut(payload: Mapping[str, Any]) -> Shortcut:
    return Shortcut(
        **_asker(payload),
        callback_id=take_text(payload, "callback_id"),
        trigger_id=take_text(payload, "trigger_id"),
        channel_id=take_text(payload, "channel", "id"),
        message_ts=take_text(payload, "message", "ts"),
        message_text=take_text(payload, "message", "text"),
        response_url=take_text(payload, "response_url"),
    )


def _asker(payload: Mapping[str, Any]) -> dict[str, Any]:
    actor_team = take_text(payload, "user", "team_id")
    enterprise = take_text(payload, "enterprise", "id") or take_text(payload, "enterprise_id")
    # `team` is null for an app that is installed on a whole organisation
    team = take_text(payload, "view", "app_installed_team_id") or take_text(payload, "team", "id")
    team = team or take_text(payload, "team_id") or actor_team
    return {
        "team_id": team,
        "user_id": take_text(payload, "user", "id"),
        "actor_team_id": actor_team or team,
        "enterprise_id": enterprise or None,
        "is_stranger": bool(actor_team) and actor_team not in (team, enterprise),
    }


def _read_view(payload: Mapping[str, Any]) -> View | None:
    view = take_map(payload, "view")
    if not view:
        return None
    return View(
        id=take_text(view, "id"),
        hash=take_text(view, "hash"),
        callback_id=take_text(view, "callback_id"),
        private_metadata=take_text(view, "private_metadata"),
        fields=read_fields(take_map(view, "state", "values")),
        state=take_map(view, "state", "values"),
        root_id=take_text(view, "root_view_id"),
        previous_id=take_text(view, "previous_view_id"),
    )
