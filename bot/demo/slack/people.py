"""The people and channels of the workspace, and the ones it opens with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

BOT_USER, BOT_ID, APP_ID = "U0BOT", "B0BOT", "A0DEMO"


@dataclass(slots=True)
class Person:
    """A member, a guest or the bot itself. `tz` is an IANA name."""

    id: str
    name: str
    tz: str = "Etc/UTC"
    locale: str = "en-US"
    is_admin: bool = False
    is_guest: bool = False
    is_bot: bool = False
    deleted: bool = False

    def as_json(self, team_id: str, now: float) -> dict[str, Any]:
        """The user object of users.info."""
        here = datetime.fromtimestamp(now, ZoneInfo(self.tz))
        offset = here.utcoffset()
        return {
            "id": self.id,
            "team_id": team_id,
            "name": self.name.lower().replace(" ", "_"),
            "real_name": self.name,
            "deleted": self.deleted,
            "tz": self.tz,
            "tz_label": here.tzname(),
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "profile": {"real_name": self.name, "display_name": self.name, "team": team_id},
            "is_admin": self.is_admin,
            "is_owner": self.is_admin,
            "is_primary_owner": self.is_admin,
            "is_restricted": self.is_guest,
            "is_ultra_restricted": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "locale": self.locale,
            "updated": int(now),
        }


@dataclass(slots=True)
class Channel:
    """A channel or a direct conversation with the bot (`im_with` is then the person)."""

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    im_with: str | None = None
    members: set[str] = field(default_factory=set)
    topic: str = ""
    created: int = 0

    def is_visible_to(self, person: Person) -> bool:
        """Private channels and conversations: members only. Guests see nothing but their channels."""
        hidden = self.is_private or self.im_with is not None or person.is_guest
        return person.id in self.members or not hidden

    def as_json(self, viewer: str) -> dict[str, Any]:
        """The channel object of conversations.info, for one member."""
        if self.im_with is not None:
            return {
                "id": self.id,
                "is_im": True,
                "user": self.im_with,
                "created": self.created,
                "is_archived": self.is_archived,
                "is_user_deleted": False,
            }
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_general": self.name == "general",
            "is_member": viewer in self.members,
            "created": self.created,
            "creator": "U0ANA",
            "is_shared": False,
            "is_ext_shared": False,
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }


def first_people(bot_name: str) -> list[Person]:
    """The people of a fresh workspace: an admin, two members elsewhere on earth, a guest, the bot."""
    return [
        Person("U0ANA", "Ana", "Europe/Berlin", is_admin=True),
        Person("U0BEN", "Ben", "America/New_York"),
        Person("U0CHIE", "Chie", "Asia/Tokyo", "ja-JP"),
        Person("U0GUS", "Gus", "Europe/London", "en-GB", is_guest=True),
        Person(BOT_USER, bot_name, is_bot=True),
    ]


def first_channels() -> list[Channel]:
    """The channels of a fresh workspace. The bot is in all of them; only Ana shares the private one with it."""
    members = {"U0ANA", "U0BEN", "U0CHIE", BOT_USER}
    return [
        Channel("C0GENERAL", "general", members=members | {"U0GUS"}, topic="Announcements for everybody"),
        Channel("C0OPS", "ops", members=members | {"U0GUS"}, topic="What runs, and what broke"),
        Channel("C0NEWS", "news", members=set(members), topic="Digests"),
        Channel("C0FINANCE", "finance", is_private=True, members={"U0ANA", BOT_USER}, topic="Closed round"),
    ]


def find_by_name(channels: Mapping[str, Channel], name: str) -> Channel | None:
    """The channel called `name` (with or without #), if there is one."""
    wanted = name.removeprefix("#").lower()
    return next((each for each in channels.values() if each.im_with is None and each.name == wanted), None)
