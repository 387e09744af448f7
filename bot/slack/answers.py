"""What Slack's answers mean: a refusal as a DeliveryError, a person, a channel and a workspace as values.

Two codes are our own: `unreachable` (nothing was sent) and `unanswered` (it was sent, and may have been done). Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import DeliveryError

# After these the same call may succeed. Every other word of Slack's says that it will be refused again.
PASSING = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "message_limit_exceeded",
        "fatal_error",
        "internal_error",
        "service_unavailable",
        "request_timeout",
        "upload_failed",
        "unreachable",
        "unanswered",
    }
)
# Slack may have done what was asked although it did not say so: a message may stand there already.
AMBIGUOUS = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout", "unanswered"})
# The bot was removed from the workspace, or its token taken back: no call will succeed any more.
CUT_OFF = frozenset(
    {"invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_authed", "team_disabled"}
)
HINTS = {
    "not_in_channel": "Invite the bot to the channel with /invite.",
    "channel_not_found": "There is no such channel, or the bot is not in it: invite it with /invite.",
    "is_archived": "The channel is archived.",
    "channel_is_archived": "The channel is archived.",
    "expired_trigger_id": "That took longer than Slack waits; press again.",
    "trigger_expired": "That took longer than Slack waits; press again.",
    "missing_scope": "Reinstall the app from its manifest.",
    "user_not_found": "The person is not known in this workspace.",
    "user_disabled": "The person has left the workspace.",
    "messages_tab_disabled": "The app's messages tab is turned off.",
    "unreachable": "Slack could not be reached.",
    "unanswered": "Slack did not answer.",
} | dict.fromkeys(CUT_OFF, "Check SLACK_BOT_TOKEN with `dify-ops doctor`.")
DEFAULT_RETRY_AFTER_S = 30.0  # of a 429 that does not say


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a message stands. `ts` is a text and an id; as a number it would lose digits."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class OpenedView:
    """`hash` changes with every render: sent back with an update, it keeps an older render from winning."""

    id: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`tz` is an IANA name. `team_id` is not ours when the person is of another organisation (a shared channel)."""

    id: str
    name: str
    team_id: str
    tz: str | None = None
    locale: str | None = None
    is_admin: bool = False
    is_guest: bool = False
    is_bot: bool = False
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFacts:
    """`is_member` is about the bot; `is_shared` tells that another organisation is in the channel."""

    id: str
    name: str
    is_private: bool
    is_archived: bool = False
    is_member: bool = False
    is_shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamFacts:
    """What the bot token stands for, and the scopes that were granted to it."""

    team_id: str
    team: str
    bot_user_id: str
    bot_id: str
    url: str
    enterprise_id: str | None
    scopes: frozenset[str]


def read_refusal(method: str, status: int, headers: Mapping[str, str], body: Any) -> DeliveryError:
    """What an answer that is not ok means. `body` is JSON or a text; it may be an error page of something between."""
    answer = body if isinstance(body, Mapping) else {}
    code = answer.get("error") or (body if isinstance(body, str) and body.replace("_", "").isalpha() else "")
    if status == 429:
        code = "ratelimited"
    if not isinstance(code, str) or not code:
        code = f"http_{status}"
    hint = HINTS.get(code, "")
    if code == "missing_scope":
        hint = f"{hint} The scope {answer.get('needed', 'it needs')} is missing."
    return DeliveryError(
        f"Slack refused {method}: {code}. {hint}".strip(),
        permanent=code not in PASSING and status < 500,
        code=code,
        retry_after_s=_read_retry_after(headers) if code in ("ratelimited", "rate_limited") else None,
        is_in_doubt=status >= 500 or code in AMBIGUOUS,
    )


def read_complaints(body: Any) -> list[str]:
    """Slack's pointers to what is wrong with a payload, cut short; they name places, not contents."""
    metadata = body.get("response_metadata") if isinstance(body, Mapping) else None
    messages = metadata.get("messages") if isinstance(metadata, Mapping) else None
    return [str(message)[:200] for message in messages[:10]] if isinstance(messages, list) else []


def silence(method: str, *, was_sent: bool) -> DeliveryError:
    """No answer came at all."""
    code = "unanswered" if was_sent else "unreachable"
    return DeliveryError(f"{HINTS[code]} ({method})", permanent=False, code=code, is_in_doubt=was_sent)


def read_person(user: Mapping[str, Any]) -> Person:
    profile = user.get("profile") or {}
    name = profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name")
    return Person(
        id=str(user.get("id", "")),
        name=str(name or user.get("id", "")),
        team_id=str(user.get("team_id", "")),
        tz=user.get("tz") or None,
        locale=user.get("locale") or None,
        is_admin=any(user.get(flag) is True for flag in ("is_admin", "is_owner", "is_primary_owner")),
        is_guest=any(user.get(flag) is True for flag in ("is_restricted", "is_ultra_restricted")),
        is_bot=user.get("is_bot") is True,
        is_deleted=user.get("deleted") is True,
    )


def read_channel(channel: Mapping[str, Any]) -> ChannelFacts:
    """What Slack does not call public is private."""
    is_public = channel.get("is_private") is False and not channel.get("is_im") and not channel.get("is_mpim")
    return ChannelFacts(
        id=str(channel.get("id", "")),
        name=str(channel.get("name") or channel.get("id", "")),
        is_private=not is_public,
        is_archived=channel.get("is_archived") is True,
        is_member=channel.get("is_member") is True or channel.get("is_im") is True,
        is_shared=channel.get("is_ext_shared") is True,
    )


def read_team(body: Mapping[str, Any], headers: Mapping[str, str]) -> TeamFacts:
    scopes = headers.get("x-oauth-scopes", "")
    return TeamFacts(
        team_id=str(body.get("team_id", "")),
        team=str(body.get("team", "")),
        bot_user_id=str(body.get("user_id", "")),
        bot_id=str(body.get("bot_id", "")),
        url=str(body.get("url", "")),
        enterprise_id=body.get("enterprise_id") or None,
        scopes=frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
    )


def _read_retry_after(headers: Mapping[str, str]) -> float:
    try:
        return max(1.0, float(headers.get("retry-after", DEFAULT_RETRY_AFTER_S)))
    except ValueError:
        return DEFAULT_RETRY_AFTER_S
