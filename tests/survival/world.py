"""A world that outlives its bot: a Slack and a Dify that keep what was done to them, and jobs that come due.

What happened is judged by those two alone; the rows are only asked when all is over.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from bot.app import build
from bot.demo.dify import LocalDify
from bot.demo.slack import LocalSlack
from bot.operations.draft import draft
from bot.operations.schedule import schedule
from bot.settings import read
from storage import apps
from storage.database import Store, open_store, upgrade
from storage.records import RunState
from storage.tables import deliveries, runs
from storage.tag import tag_of
from tests.makers import an_actor
from tests.stories.servers import connect_all, environment, open_servers
from tests.stories.world import ANA
from tests.survival.life import Life, begin

OPS = "C0OPS"
PATIENCE_S = 30.0


@dataclass
class Survival:
    slack: LocalSlack
    dify: LocalDify
    store: Store
    environ: dict[str, str]
    log_file: Path
    installation: str
    names: list[str] = field(default_factory=list)
    deaths: int = 0
    exits_s: list[float] = field(default_factory=list)

    async def add_job(self, after_s: float = 0.5, app_name: str = "digest") -> None:
        """A job that comes due once, in so many seconds of real time."""
        name, now = f"Job {len(self.names) + 1}", datetime.now(UTC)
        team = self.slack.workspace.team_id

        def save(c: Connection) -> None:
            app = apps.find(c, team, app_name)
            assert app is not None
            actor = an_actor(ANA, team_id=team, channels={OPS})
            inputs = {"topic": name} if app_name == "digest" else {}
            told = {"app": app, "channel_id": OPS, "name": name, "inputs": inputs}
            at = (now + timedelta(seconds=max(1.0, after_s))).strftime("%Y-%m-%d %H:%M:%S")
            schedule(c, actor, draft(c, actor, when=at, zone="UTC", now=now, **told).id, now=now)  # type: ignore[arg-type]

        await self.store.run(save)
        self.names.append(name)

    @asynccontextmanager
    async def life(self, crash: str = "", **more: str) -> AsyncIterator[Life]:
        """One process of the bot, to its end; `more` is told to it alone."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "DIFY_OPS_"))}
        process = await begin(clean | self.environ | {"CRASH": crash} | more, self.log_file)
        try:
            yield process
        finally:
            await process.end()

    async def die_at(self, point: str, passing: int = 1) -> None:
        """A life that ends at this point; fails where the point is never passed."""
        async with self.life(f"{point}:{passing}") as process:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    code = await process.wait()
            except TimeoutError:
                raise AssertionError(f"{point} was never passed\n{self.log_file.read_text()[-3000:]}") from None
        assert code == -9, self.log_file.read_text()[-3000:]
        self.deaths += 1

    async def live_out(self, *, to_the_last_word: bool = True, patience_s: float = PATIENCE_S * 2) -> None:
        """A life without a fault, until nothing is open, and nothing is owed (a channel takes a message a second)."""
        count = _count_open_and_owed if to_the_last_word else _count_open
        async with self.life(), asyncio.timeout(patience_s):
            while await self.store.read(count):  # noqa: ASYNC110 - another process is at work
                await asyncio.sleep(0.05)

    def report(self) -> str:
        """What stands in the channel beside good news, and the log, for whoever has to find out why."""
        bad = [message.text for message in self.slack.messages(OPS) if "finished" not in message.text]
        return "\n".join([*bad, self.log_file.read_text()[-3000:]])

    async def judge(self) -> dict[str, int]:
        """What went wrong, counted by kind: all zero where every job ran once and was told once. A second run that
        was stopped is none."""
        going = [run for run in self.dify.starts("digest") if run.status != "stopped"]
        started = Counter(run.inputs["topic"] for run in going)
        return {
            "lost": sum(1 for name in self.names if not started[name]),
            "started twice": sum(1 for name in self.names if started[name] > 1),
            **await self.judge_messages(),
        }

    async def judge_messages(self) -> dict[str, int]:
        """As `judge`, for runs of which Dify does not know the job."""
        messages = Counter(
            name for message in self.slack.messages(OPS) for name in self.names if f"*{name}* " in message.text
        )
        finished = {
            name
            for message in self.slack.messages(OPS)
            for name in self.names
            if f"*{name}* finished" in message.text
        }
        keys = await self.store.read(lambda c: [row.key for row in c.execute(runs.select())])
        ours = {tag_of(self.installation, key, attempt) for key in keys for attempt in range(1, 30)}
        return {
            "not told": len(self.names) - len(finished),
            "told twice": sum(1 for name in self.names if messages[name] > 1),
            "of nobody": sum(1 for run in self.dify.starts() if run.user not in ours),
        }


def _count_open(c: Connection) -> int:
    return len(c.execute(runs.select().where(runs.c.state.not_in(_ENDED))).all())


def _count_open_and_owed(c: Connection) -> int:
    return _count_open(c) + len(c.execute(deliveries.select().where(deliveries.c.state == "owed")).all())


_ENDED = [state for state in RunState if state.has_ended]


@asynccontextmanager
async def open_survival(folder: Path, speed: float = 20.0, **more: str) -> AsyncIterator[Survival]:
    """The world before its first life: apps are connected, there is no job yet. Dify is `speed` times as fast;
    `more` are settings."""
    async with open_servers(speed=speed) as (slack, dify):
        environ = environment(slack, folder) | {"DIFY_OPS_DIGEST_OVER": "off"} | more
        settings = read(environ, None)
        await upgrade(settings.database_url)
        seeding = await build(settings)
        await connect_all(seeding, dify)
        installation = seeding.services.installation
        await seeding.stop()
        store = open_store(settings.database_url)
        try:
            yield Survival(slack, dify, store, environ, folder / "bot.log", installation)
        finally:
            await store.close()
