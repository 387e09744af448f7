"""The world of a story: a local Slack and a local Dify, the real bot between them, and a person's eyes and hands."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, TypeVar

import orjson

from bot.app import Bot, build
from bot.demo.slack import Answer, LocalSlack, Message, View
from bot.settings import read
from storage import claims
from tests.stories.servers import WatchedDify, connect_all, environment, open_servers
from tests.stories.sight import buttons_of, words_of

ANA, BEN, CHIE, GUS = "U0ANA", "U0BEN", "U0CHIE", "U0GUS"
OPS, NEWS, FINANCE = "#ops", "#news", "#finance"
TRANSPORTS = ("socket", "http")
PATIENCE_S = 8.0
LOOKS = 300  # at a few milliseconds each
DAY = timedelta(days=1)

Seen = TypeVar("Seen")


def until_early() -> timedelta:
    """From now to the next 05:00 UTC, so that a story sees the same order of due times whenever it is told."""
    now = datetime.now(UTC)
    return (now.replace(hour=5, minute=0, second=0, microsecond=0) - now) % DAY


@dataclass(slots=True)
class TurnedClock:
    """The real time, as far ahead as a story has turned it."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(slots=True, kw_only=True)
class World:
    """What a story holds in its hands. People act through `slack`; nothing here reaches into the bot to make it act,
    but for `turn`, which is time passing."""

    slack: LocalSlack
    dify: WatchedDify
    bot: Bot
    clock: TurnedClock

    # hands

    async def type(self, text: str, user: str = ANA, channel: str = OPS) -> Message:
        """Types a command; gives the answer that this person sees, whichever way it comes."""
        seen = len(self.slack.ephemerals(user))
        answer = await self.slack.type(user, channel, text)
        assert answer.ok, answer
        if answer.message is not None:
            return answer.message
        return (await self.wait(lambda: self.slack.ephemerals(user)[seen:], what=f"an answer to {text}"))[0]

    async def press(self, where: Message | View | str, button: str, user: str = ANA, **more: Any) -> Answer:
        """Presses a button and agrees to what it asks."""
        answer = await self.slack.click(user, where, button, confirmed=True, **more)
        assert answer.ok, answer
        return answer

    async def ask(self, where: Message | View | str, button: str, user: str = ANA, **more: Any) -> Message:
        """Presses a button and gives the answer that comes for this person alone."""
        seen = len(self.slack.ephemerals(user))
        await self.press(where, button, user, **more)
        return (await self.wait(lambda: self.slack.ephemerals(user)[seen:], what=f"an answer to {button}"))[0]

    async def save(self, typed: str, user: str = ANA, channel: str = OPS) -> Message:
        """Types `/dify schedule …`, presses Save, and gives the card of the saved job."""
        card = await self.type(typed, user, channel)
        await self.press(card, "draft_save", user)
        await self.wait(lambda: card.text.startswith("Saved"), what=f"Saved, for {card.text!r}")
        return card

    async def move_to(self, job: str, channel_id: str, user: str = ANA, channel: str = OPS) -> None:
        """Lets a job post into another channel from now on."""
        await self.slack.type(user, channel, f"/dify edit {job}")
        view = await self.view("Edit job", user)
        await self.wait(lambda: view.state.get("channel"), what="the form of the job")
        answer = await self.slack.submit(user, view, {"channel": channel_id})
        assert answer.ok, answer

    def turn(self, by: timedelta = DAY) -> None:
        """Time passes, and the engine notices."""
        self.clock.ahead += by
        self.wake()

    async def turn_to_next(self) -> None:
        """Time passes until the next planned run is due."""
        due_at = await self.bot.services.store.read(claims.next_due_at)
        assert due_at is not None, "nothing is planned"
        self.turn(max(due_at - self.clock(), timedelta()) + timedelta(milliseconds=1))

    async def turn_to_try(self) -> None:
        """Time passes until a run that failed is tried again."""
        try_at = await self.bot.services.store.read(claims.next_try_at)
        assert try_at is not None, "nothing is tried again"
        self.turn(max(try_at - self.clock(), timedelta()) + timedelta(milliseconds=1))

    def wake(self) -> None:
        """What the engine's beat does every five seconds."""
        for kind in ("clock", "runner", "saver", "courier", "janitor"):
            self.bot.services.engine.wake(kind)

    # eyes

    async def wait(self, look: Callable[[], Seen], patience_s: float = PATIENCE_S, what: str = "") -> Seen:
        """The first true value of `look`; shows what stands in Slack when it does not come."""
        __tracebackhide__ = True
        try:
            return await self.slack.wait_for(look, patience_s)
        except TimeoutError as error:
            raise AssertionError(f"never seen: {what}\n{self.picture()}\n{error}") from None

    async def told(self, words: str, channel: str = OPS, nth: int = 0, patience_s: float = PATIENCE_S) -> Message:
        """The nth message in a channel that says this."""
        __tracebackhide__ = True

        def look() -> Message | None:
            found = [message for message in self.slack.messages(channel) if words in message.text]
            return found[nth] if len(found) > nth else None

        seen = await self.wait(look, patience_s, what=f"{words!r} in {channel}")
        assert seen is not None
        return seen

    async def whispered(self, words: str, user: str = ANA) -> Message:
        """What only this person sees and says this."""
        found = await self.wait(
            lambda: [message for message in self.slack.ephemerals(user) if words in message.text],
            what=f"{words!r} for {user}",
        )
        return found[-1]

    async def view(self, title: str, user: str = ANA) -> View:
        """The modal on top, once it has this title."""

        def look() -> View | None:
            views = self.slack.views(user)
            return views[-1] if views and views[-1].title.startswith(title) else None

        seen = await self.wait(look, what=f"a modal {title!r} before {user}")
        assert seen is not None
        return seen

    async def dm(self, words: str, user: str = ANA, nth: int = 0) -> Message:
        """A direct message of the bot that says this."""
        return await self.told(words, self.slack.workspace.open_im(user).id, nth)

    async def started(self, app: str, count: int = 1) -> None:
        """Return when Dify has started so many runs of the app."""
        await self.wait(lambda: len(self.dify.starts(app)) >= count, what=f"{count} runs of {app} at Dify")

    async def history(self, job: str, says: str, **where: str) -> Message:
        """The history of a job, once it says this (`*` stands for anything)."""
        for _ in range(LOOKS):
            runs = await self.type(f"/dify runs {job}", **where)
            if fnmatch(words_of(runs), f"*{says}*"):
                return runs
        raise AssertionError(f"the history never says {says}:\n{words_of(runs)}\n{self.picture()}")

    def results(self, channel: str = OPS) -> list[Message]:
        """The messages of runs in a channel."""
        return [message for message in self.slack.messages(channel) if "Run again" in buttons_of(message)]

    def seen_by(self, user: str) -> str:
        """Everything that one person can see in Slack, as one text."""
        slack, person = self.slack.workspace, self.slack.workspace.people[user]
        channels = [channel.id for channel in slack.channels.values() if channel.is_visible_to(person)]
        shown = [message.as_json() for channel in channels for message in slack.messages.get(channel, [])]
        shown += [message.as_json() for message in slack.private.get(user, [])]
        shown += [view.payload for view in slack.stacks.get(user, [])]
        shown += [slack.homes[user].payload] if user in slack.homes else []
        return orjson.dumps(shown).decode()

    def says(self) -> str:
        """Everything that anybody can see in Slack, as one text."""
        slack = self.slack.workspace
        shown = [message.as_json() for said in slack.messages.values() for message in said]
        shown += [message.as_json() for said in slack.private.values() for message in said]
        shown += [view.payload for stack in slack.stacks.values() for view in stack]
        shown += [view.payload for view in slack.homes.values()]
        files = [str(file.content) for file in slack.files.values()]
        return orjson.dumps(shown).decode() + "".join(files)

    def picture(self) -> str:
        """What stands in Slack, for a failing test."""
        slack = self.slack.workspace
        lines = [f"{channel}: {one.text}" for channel, said in slack.messages.items() for one in said]
        lines += [f"only {user}: {one.text}" for user, said in slack.private.items() for one in said]
        views = [view for stack in slack.stacks.values() for view in stack]
        lines += [f"modal of {view.user}: {view.title}: {words_of(view)}" for view in views]
        return "\n".join(lines)


@asynccontextmanager
async def open_world(
    folder: Path,
    *,
    transport: str = "socket",
    environ: Mapping[str, str] | None = None,
    **servers: Any,
) -> AsyncIterator[World]:
    """The two local servers and the bot between them, over a SQLite in `folder`, with every app connected."""
    async with open_servers(**servers) as (slack, dify):
        clock = TurnedClock(until_early())
        bot = await build(read(environment(slack, folder, transport) | dict(environ or {}), None), now=clock)
        await connect_all(bot, dify)
        await bot.start()
        if transport == "http":
            slack.request_url = f"http://127.0.0.1:{bot.port}/slack/events"
        try:
            yield World(slack=slack, dify=dify, bot=bot, clock=clock)
        finally:
            await bot.stop()
