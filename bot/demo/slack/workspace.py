"""The state of the local Slack: people, channels, messages, ephemerals, views, homes, files; and who may see what."""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.demo.slack.forms import dress_blocks, read_state
from bot.demo.slack.log import EffectLog
from bot.demo.slack.manifest import Manifest
from bot.demo.slack.passes import Passes
from bot.demo.slack.people import BOT_USER, Channel, Person, find_by_name
from bot.demo.slack.shown import File, Message, View

EventListener = Callable[[Mapping[str, Any]], None]


class Workspace:
    """Everything that the server remembers. Every change raises `rev` and wakes those who wait."""

    def __init__(
        self,
        manifest: Manifest,
        clock: Callable[[], float],
        team_id: str,
        people: Iterable[Person],
        channels: Iterable[Channel],
        log: EffectLog,
    ) -> None:
        self.manifest, self.clock, self.team_id, self.log = manifest, clock, team_id, log
        self.team_domain = "demo"
        self.people = {person.id: person for person in people}
        self.channels = {channel.id: channel for channel in channels}
        self.messages: dict[str, list[Message]] = {}
        self.private: dict[str, list[Message]] = {}  # ephemerals by person
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.files: dict[str, File] = {}
        self.tickets: dict[str, float] = {}  # unused Socket Mode tickets, by time of issue
        self.uploads: dict[str, str] = {}  # upload ticket -> file id
        self.passes = Passes(clock)
        self.rev = 0
        self.url = ""
        self.on_event: EventListener = lambda event: None
        self._last_ts = 0
        self._changed = asyncio.Event()
        log.on_record = self.wake

    def changed(self, kind: str, **detail: Any) -> None:
        """Notes a change that people can see, and wakes those who wait for one."""
        self.log.record(self.clock(), kind, **detail)
        self.touch()

    def touch(self) -> None:
        """Notes a change, without a line in the log."""
        self.rev += 1
        self.wake()

    def wake(self) -> None:
        """Wakes those who wait; every line of the log does so too."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def next_change(self) -> None:
        """Returns at the next change or line of the log."""
        await self._changed.wait()

    def next_ts(self) -> str:
        """A message id: seconds with six decimals, never the same twice."""
        self._last_ts = max(self._last_ts + 1, int(self.clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def bot_is_in(self, channel: Channel) -> bool:
        """Whether the bot is a member."""
        return BOT_USER in channel.members

    def find_channel(self, reference: str) -> Channel | None:
        """By id or by #name."""
        return self.channels.get(reference) or find_by_name(self.channels, reference)

    def open_im(self, user: str) -> Channel:
        """The conversation of a person with the bot; made when it is first asked for."""
        for channel in self.channels.values():
            if channel.im_with == user:
                return channel
        channel = Channel(f"D0{user.removeprefix('U0')}", "", im_with=user, members={user, BOT_USER})
        channel.created = int(self.clock())
        self.channels[channel.id] = channel
        self.touch()
        return channel

    def find_message(self, channel: str, ts: str) -> Message | None:
        """A message that everybody in the channel sees."""
        newest_first = reversed(self.messages.get(channel, []))
        return next((each for each in newest_first if each.ts == ts), None)

    def find_ephemeral(self, user: str, ts: str) -> Message | None:
        """A message that only this person sees."""
        return next((each for each in self.private.get(user, []) if each.ts == ts), None)

    def post(self, message: Message) -> Message:
        """Puts a message into its channel, or before its only viewer."""
        message.blocks = dress_blocks(message.blocks)
        message.state = read_state(message.blocks)
        if message.viewer is not None:
            self.private.setdefault(message.viewer, []).append(message)
        else:
            self.messages.setdefault(message.channel, []).append(message)
        self.changed("ephemeral" if message.viewer else "message", **_summarise(message))
        return message

    def edit(self, message: Message, **fields: Any) -> None:
        """Changes fields of a message; what a person has chosen in it stays where the ids stay."""
        if "blocks" in fields:
            fields["blocks"] = dress_blocks(fields["blocks"])
            message.state = read_state(fields["blocks"], message.state)
        for name, value in fields.items():
            setattr(message, name, value)
        message.edits += 1
        self.changed("update", **_summarise(message))

    def remove(self, message: Message) -> None:
        """Takes a message away."""
        shelf = self.private[message.viewer] if message.viewer else self.messages[message.channel]
        shelf.remove(message)
        self.changed("delete", channel=message.channel, ts=message.ts, viewer=message.viewer)

    def new_view(self, user: str, payload: Mapping[str, Any], previous: View | None = None) -> View:
        """A view that stands nowhere yet."""
        view_id = f"V{secrets.token_hex(5).upper()}"
        dressed = {**payload, "blocks": dress_blocks(payload["blocks"])}
        root = previous.root_id if previous else view_id
        previous_id = previous.id if previous else None
        return View(view_id, user, dressed, self.new_hash(), read_state(dressed["blocks"]), root, previous_id)

    def redraw(self, view: View, payload: Mapping[str, Any]) -> None:
        """Replaces what a view shows; values typed into fields that keep their ids stay."""
        view.payload = {**payload, "blocks": dress_blocks(payload["blocks"])}
        view.state = read_state(view.blocks, view.state)
        view.hash = self.new_hash()
        view.errors = {}
        self.note_view(view, "updated")

    def note_view(self, view: View, how: str) -> None:
        """Writes into the log that a person now sees this view."""
        kind = "home" if view.payload["type"] == "home" else "view"
        detail = {"callback_id": view.callback_id, "title": view.title, "blocks": view.blocks}
        self.changed(kind, how=how, user=view.user, view_id=view.id, **detail)

    def new_hash(self) -> str:
        """Changes with every render of a view."""
        return f"{int(self.clock())}.{secrets.token_hex(4)}"

    def find_view(self, view_id: str | None = None, external_id: str | None = None) -> View | None:
        """An open modal or a Home, by its id or by the app's own."""
        views = [*(view for stack in self.stacks.values() for view in stack), *self.homes.values()]
        for view in views:
            if view_id and view.id == view_id:
                return view
            if external_id and view.payload.get("external_id") == external_id:
                return view
        return None

    def replies(self, parent: Message) -> list[Message]:
        """The answers in the thread of a message, oldest first."""
        said = self.messages.get(parent.channel, [])
        return [each for each in said if each.thread_ts == parent.ts and each is not parent]

    def new_ticket(self) -> str:
        """Opens one Socket Mode connection, once."""
        ticket = secrets.token_urlsafe(24)
        self.tickets[ticket] = self.clock()
        return ticket

    def new_upload(self, file_id: str) -> str:
        """The secret part of an upload address."""
        ticket = secrets.token_urlsafe(24)
        self.uploads[ticket] = file_id
        return ticket

    def emit(self, kind: str, **fields: Any) -> None:
        """Tells the app of an event, if its manifest subscribes to it."""
        if kind in self.manifest.events:
            self.on_event({"type": kind, **fields, "event_ts": self.next_ts()})


def _summarise(message: Message) -> dict[str, Any]:
    names = ("channel", "ts", "user", "text", "thread_ts", "viewer", "metadata", "blocks")
    return {name: getattr(message, name) for name in names}
