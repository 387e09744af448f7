"""A world that outlives its bot: a Slack and a Dify that keep what was done to them, and jobs that come due.

What happened is judged by those two alone; the rows are only asked when all is over.
"""

import asyncio
import os
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from bot.app import build
from bot.demo.dify import DemoApp, LocalDify
from bot.demo.dify.world import DIGEST
from bot.demo.slack import LocalSlack, Message
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

# Slack takes a message a second for each, so the jobs take turns.
CHANNELS = ("C0OPS", "C0NEWS", "C0GENERAL")
PATIENCE_S = 60.0
TOLD_TO_END = (None, 0, -signal.SIGKILL, 130)
# In every world: a run of a second or so, one whose message is edited, one that fails. Each tells Dify its job.
_TOPIC = DIGEST.form
APPS = (
    DIGEST,
    DemoApp(name="long", stream="slow_35s", form=_TOPIC, pace=2.0),
    DemoApp(name="failing", stream="fail_code", form=_TOPIC),
    DemoApp(name="slow", stream="slow_35s"),
)
REPORT = "was started twice at Dify"
NAMED = re.compile(r"\*(Job \d+)\* ")


@dataclass(frozen=True)
class Due:
    """A job that comes due once."""

    app_name: str
    at: datetime

    @property
    def fails(self) -> bool:
        return self.app_name == "failing"


@dataclass
class Survival:
    slack: LocalSlack
    dify: LocalDify
    store: Store
    environ: dict[str, str]
    log_file: Path
    installation: str
    jobs: dict[str, Due] = field(default_factory=dict)
    deaths: int = 0
    exits_s: list[float] = field(default_factory=list)

    async def add_job(self, after_s: float = 0.5, app_name: str = "digest", channel: str = "") -> str:
        """A job that comes due once, in so many seconds of real time; its name."""
        name, now = f"Job {len(self.jobs) + 1}", datetime.now(UTC)
        at = (now + timedelta(seconds=max(1.0, after_s))).replace(microsecond=0)
        team, channel = self.slack.workspace.team_id, channel or CHANNELS[len(self.jobs) % len(CHANNELS)]

        def save(c: Connection) -> None:
            app = apps.find(c, team, app_name)
            assert app is not None
            actor = an_actor(ANA, team_id=team, channels={channel})
            inputs = {} if app_name == "slow" else {"topic": name}
            told = {"app": app, "channel_id": channel, "name": name, "inputs": inputs}
            when = at.strftime("%Y-%m-%d %H:%M:%S")
            schedule(c, actor, draft(c, actor, when=when, zone="UTC", now=now, **told).id, now=now)  # type: ignore[arg-type]

        await self.store.run(save)
        self.jobs[name] = Due(app_name, at)
        return name

    @asynccontextmanager
    async def life(self, crash: str = "", **more: str) -> AsyncIterator[Life]:
        """One process of the bot, to its end; `more` is told to it alone."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "DIFY_OPS_"))}
        process = await begin(clean | self.environ | {"CRASH": crash} | more, self.log_file)
        try:
            yield process
            assert process.returncode in TOLD_TO_END, f"it died by itself\n{self.log_file.read_text()[-3000:]}"
        finally:
            await process.end()

    async def all_hear(self, count: int) -> None:
        """Return when so many bots are ready and hear Slack."""
        async with asyncio.timeout(PATIENCE_S):
            while self.slack.sockets.count < count:  # noqa: ASYNC110 - other processes are at work
                await asyncio.sleep(0.05)

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
        """What stands in the channels beside good news, and the log, for whoever has to find out why."""
        bad = [message.text for message in self._said() if "finished" not in message.text]
        return "\n".join([*bad[-20:], self.log_file.read_text()[-3000:]])

    async def judge(self) -> dict[str, int]:
        """What went wrong, counted by kind: all zero where every job ran once and was told once. A second run that
        was stopped is none."""
        started = self._started()
        return {
            "lost": sum(1 for name in self.jobs if not started[name]),
            "started twice": sum(1 for name in self.jobs if started[name] > 1),
            **await self.judge_messages(),
        }

    async def judge_messages(self) -> dict[str, int]:
        """As `judge`, for runs of which Dify does not know the job."""
        told, ended, alerts = Counter[str](), set[str](), Counter[str]()
        for message in self._said():
            if REPORT in message.text:
                continue
            for name in NAMED.findall(message.text):
                if message.text.startswith("<@"):
                    alerts[name] += 1
                    continue
                told[name] += 1
                if ("failed" if self.jobs[name].fails else "finished") in message.text:
                    ended.add(name)
        keys = await self.store.read(lambda c: [row.key for row in c.execute(runs.select())])
        ours = {tag_of(self.installation, key, attempt) for key in keys for attempt in range(1, 30)}
        return {
            "not told": len(self.jobs) - len(ended),
            "told twice": sum(1 for name in self.jobs if told[name] > 1),
            "alerted wrongly": sum(1 for name, due in self.jobs.items() if alerts[name] != due.fails),
            "of nobody": sum(1 for run in self.dify.starts() if run.user not in ours),
        }

    def lateness_s(self, name: str) -> float:
        """How long after it was due its run came to Dify."""
        at = self.jobs[name].at.timestamp()
        return min(run.created_at for run in self.dify.starts() if run.inputs.get("topic") == name) - at

    def told_after_s(self, name: str) -> float:
        """How long after it was due Slack was told of it."""
        return min(float(one.ts) for one in self._said() if f"*{name}* " in one.text) - self.jobs[name].at.timestamp()

    def extra_runs(self) -> tuple[int, int, int]:
        """How many runs Dify was asked for once too often, how many of them it was told to stop, and of how many
        somebody was told."""
        asked = Counter(run.inputs.get("topic") for run in self.dify.starts())
        extra = sum(count - 1 for count in asked.values())
        stopped = sum(1 for run in self.dify.starts() if run.status == "stopped")
        return extra, stopped, sum(1 for message in self._said() if REPORT in message.text)

    def _started(self) -> Counter[str]:
        return Counter(str(run.inputs.get("topic")) for run in self.dify.starts() if run.status != "stopped")

    def _said(self) -> list[Message]:
        return [message for channel in self.slack.workspace.channels for message in self.slack.messages(channel)]


def _count_open(c: Connection) -> int:
    return len(c.execute(runs.select().where(runs.c.state.not_in(_ENDED))).all())


def _count_open_and_owed(c: Connection) -> int:
    return _count_open(c) + len(c.execute(deliveries.select().where(deliveries.c.state == "owed")).all())


_ENDED = [state for state in RunState if state.has_ended]


@asynccontextmanager
async def open_survival(folder: Path, speed: float = 20.0, **more: str) -> AsyncIterator[Survival]:
    """The world before its first life: apps are connected, there is no job yet. Dify is `speed` times as fast;
    `more` are settings."""
    async with open_servers(speed=speed, apps=APPS) as (slack, dify):
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
