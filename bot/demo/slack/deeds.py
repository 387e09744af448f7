"""What a person does in Slack: typing, shortcuts, opening the Home, looking around, waiting for something to show."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from bot.demo.slack.acks import show_command_answer
from bot.demo.slack.answer import TROUBLE, Answer, refuse
from bot.demo.slack.payloads import build_command, build_shortcut
from bot.demo.slack.people import Channel
from bot.demo.slack.place import Where, find_place
from bot.demo.slack.presses import Presses
from bot.demo.slack.shown import Message, View
from bot.demo.slack.wire import COMMANDS, INTERACTIVE
from bot.demo.slack.words import escape_command, find_person

Seen = TypeVar("Seen")


class Deeds(Presses):
    """Deeds that begin outside of blocks, and what a person sees."""

    async def type(self, user: str, channel: str, text: str, *, thread_ts: str | None = None) -> Answer:
        """Types into a channel (id or #name): a command when the text begins with a slash, else a message."""
        found = self._see(user, channel)
        if found is None:
            return refuse("channel_not_found", "There is no such channel here.")
        if found.is_archived:
            return refuse("is_archived", f"#{found.name} is archived.")
        if text.startswith("/"):
            return await self._command(user, found, text, thread_ts)
        made = Message(found.id, self.workspace.next_ts(), user, text, thread_ts=thread_ts)
        return Answer(True, message=self.workspace.post(made))

    async def shortcut(self, user: str, callback_id: str, message: Where | None = None) -> Answer:
        """Runs a global shortcut, or a message shortcut on a message."""
        shortcut = self.workspace.manifest.shortcuts.get(callback_id)
        if shortcut is None:
            return refuse("unknown_shortcut", "This app has no such shortcut.")
        if (shortcut.kind == "message") != (message is not None):
            return refuse("wrong_place", f"This is a {shortcut.kind} shortcut.")
        if shortcut.kind == "global" and self.workspace.people[user].is_guest:
            return refuse("not_allowed", "Guests have no global shortcuts.")
        place = find_place(self.workspace, user, message) if message is not None else None
        about = place if isinstance(place, Message) else None
        self._note(user, "shortcut", callback_id=callback_id)
        payload = build_shortcut(self.workspace, user, shortcut, about)
        ack = await self.wire.send(INTERACTIVE, payload)
        return Answer(True) if ack.ok else refuse(ack.error, TROUBLE)

    async def open_home(self, user: str, tab: str = "home") -> Answer:
        """Opens the app's Home (or its messages tab); the app hears of it and may publish afterwards."""
        conversation = self.workspace.open_im(user)
        home = self.workspace.homes.get(user)
        self._note(user, "open_home", tab=tab)
        if "app_home_opened" in self.workspace.manifest.events:
            event: dict[str, Any] = {"type": "app_home_opened", "user": user, "channel": conversation.id}
            event |= {"tab": tab, "event_ts": self.workspace.next_ts()}
            if home is not None and tab == "home":
                event["view"] = home.as_json(self.workspace.team_id)
            await self.wire.send_event(event)
        return Answer(True, view=self.workspace.homes.get(user))

    def messages(self, channel: str, viewer: str | None = None) -> list[Message]:
        """What stands in a channel, oldest first, thread answers included; nothing if `viewer` may not see it.

        With a viewer, the messages that only they see are among them.
        """
        found = self.workspace.find_channel(channel)
        if found is None or (viewer is not None and self._see(viewer, channel) is None):
            return []
        said = list(self.workspace.messages.get(found.id, []))
        own = [each for each in self.ephemerals(viewer) if each.channel == found.id] if viewer else []
        return sorted([*said, *own], key=lambda message: message.ts) if own else said

    def ephemerals(self, user: str) -> list[Message]:
        """The messages that only this person sees, oldest first."""
        return list(self.workspace.private.get(user, []))

    def views(self, user: str) -> list[View]:
        """The person's modals, the one on top last."""
        return list(self.workspace.stacks.get(user, []))

    def home(self, user: str) -> View | None:
        """The person's Home, once the app has published it."""
        return self.workspace.homes.get(user)

    async def wait_for(self, predicate: Callable[[], Seen], timeout: float = 5.0) -> Seen:  # noqa: ASYNC109
        """The first true value of `predicate`, which is asked again at each change. Raises TimeoutError."""
        try:
            async with asyncio.timeout(timeout):
                while not (seen := predicate()):
                    await self.workspace.next_change()
                return seen
        except TimeoutError:
            last = [f"{effect.kind} {dict(effect.detail)}"[:300] for effect in self.workspace.log[-5:]]
            raise TimeoutError(f"nothing of the kind within {timeout} s; last: {last}") from None

    async def _command(self, user: str, channel: Channel, text: str, thread_ts: str | None) -> Answer:
        command, _, rest = text.partition(" ")
        self._note(user, "type", channel=channel.id, text=text)
        if command in ("/invite", "/remove"):
            return self._move_member(channel, command, rest)
        known = self.workspace.manifest.commands.get(command)
        if known is None:
            return refuse("unknown_command", f"{command} is not a valid command.")
        if thread_ts:
            return refuse("command_in_thread", f"{command} is not supported in threads. Sorry!")
        words = escape_command(self.workspace, rest) if known.should_escape else rest
        payload = build_command(self.workspace, user, channel, command, words)
        ack = await self.wire.send(COMMANDS, payload)
        if not ack.ok:
            return refuse(ack.error, f'{command} failed with the error "{ack.error}"')
        return show_command_answer(self.workspace, user, channel, text, ack.body)

    def _move_member(self, channel: Channel, command: str, rest: str) -> Answer:
        """Slack's own /invite and /remove, with @name."""
        person = find_person(self.workspace, rest)
        if person is None:
            return refuse("user_not_found", f"There is nobody called {rest}.")
        if command == "/invite":
            channel.members.add(person.id)
            self.workspace.emit("member_joined_channel", **_membership(self.workspace.team_id, person.id, channel))
        elif person.id in channel.members:
            channel.members.remove(person.id)
            self.workspace.emit("member_left_channel", **_membership(self.workspace.team_id, person.id, channel))
        self.workspace.touch()
        return Answer(True)

    def _see(self, user: str, channel: str) -> Channel | None:
        found = self.workspace.find_channel(channel)
        return found if found is not None and found.is_visible_to(self.workspace.people[user]) else None


def _membership(team_id: str, user: str, channel: Channel) -> dict[str, Any]:
    kind = "G" if channel.is_private else "C"
    return {"user": user, "channel": channel.id, "channel_type": kind, "team": team_id}
