"""One world: a database, a Slack, a Dify and some processes of the bot, for thirty minutes and a quiet end.

Everything is drawn from the seed, and time is virtual, so that the same seed is the same world to the last step.
"""

from collections import deque
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from random import Random
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from storage.errors import StorageError
from storage.records import DeliveryState, RunState
from storage.tables import deliveries, runs
from tests.makers import a_vault, connected
from tests.simulation.dify import SimulatedDify
from tests.simulation.jobs import SavedJob, save_jobs
from tests.simulation.process import Process
from tests.simulation.slack import SimulatedSlack
from tests.simulation.store import close_memory, open_memory, transact
from tests.simulation.swarm import LONGEST_JUMP_S, Faults, Swarm
from tests.simulation.timeline import BEGINNING_S, Timeline

LOOK_S = 5.0
MOST_LOOKS = 3000  # over four hours; what waits for an instant that is far away is not lived through
AGES = timedelta(days=3650)
# A step takes next to no time, but never none: what waits for "later than now" must not wait for ever.
STEP_S = 1e-6
# More steps than this without a pause are no work any more.
MOST_STEPS = 20_000
KEPT_NOTES = 400


class World:
    """The world of a swarm. `latest` is the latest time that any process has gone by."""

    def __init__(self, swarm: Swarm) -> None:
        self.swarm = swarm
        self.faults = swarm.faults
        self.timeline = Timeline()
        self.dice = Random(f"{swarm.seed}/world")
        self.vault = a_vault()
        self.connection = open_memory()
        self.slack = SimulatedSlack(self.timeline, swarm.faults, swarm.begins_at, swarm.seed)
        self.dify = SimulatedDify(self.timeline, swarm.faults, swarm.seed)
        self.processes: list[Process] = []
        self.dead: list[Process] = []
        self.bugs: list[str] = []
        self.notes: deque[str] = deque(maxlen=KEPT_NOTES)
        self.deaths = 0
        self.jumps = 0
        self.is_quiet = False
        self.cut = swarm.begins_at
        self._offset_s = 0.0
        self._born = 0
        self._hash = blake2b(digest_size=16)
        self._started, self._posted = 0, 0
        self.saved_at = self.latest = self.wall()
        self.last_run = self.last_delivery = 0
        self.jobs: list[SavedJob] = transact(
            self.connection, lambda c: save_jobs(c, swarm, self._connect_apps(c), self.saved_at)
        )

    @property
    def trace(self) -> str:
        """What tells this world from any other."""
        return self._hash.hexdigest()

    def wall(self) -> datetime:
        """What the clock shows that decides: of the database, or of the one machine."""
        return self.swarm.begins_at + timedelta(seconds=self.timeline.now - BEGINNING_S + self._offset_s)

    def note(self, *what: str) -> None:
        """It is part of the trace."""
        line = f"{self.timeline.now:.6f} {' '.join(what)}"
        self.notes.append(line)
        self._hash.update(line.encode())

    def note_bug(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, StorageError):
            self.bugs.append(f"{context.get('message')}: {error!r}")

    def note_error(self, error: Exception) -> None:
        if not isinstance(error, StorageError):
            self.bugs.append(repr(error))

    def anybody(self) -> Process | None:
        """Who has a hand free for a row, where several could."""
        if self.swarm.is_alone or not self.processes:
            return None
        return self.dice.choice(self.processes)

    def bury(self, process: Process) -> None:
        """It is dead; another takes its place after a while."""
        self.deaths += 1
        self.processes.remove(process)
        self.dead.append(process)
        self.timeline.after(self.dice.uniform(0.3, 12.0), self._bear)

    def run(self) -> None:
        """Live through the window, then in quiet until all is settled."""
        for _ in range(self.swarm.processes):
            self._bear()
        self._lay_faults()
        self._live_until(BEGINNING_S + self.swarm.window_s)
        self._fall_quiet()
        for _ in range(MOST_LOOKS):
            if self.bugs or self._is_settled():
                return
            self._put_off_what_comes_later()
            self._live_until(self.timeline.now + LOOK_S)

    def close(self) -> None:
        for process in (*self.dead, *self.processes):
            process.is_alive = False
            process.loop.tear_down()
        close_memory(self.connection)

    def _connect_apps(self, c: Connection) -> list[Any]:
        """Two apps, one of which has two addresses."""
        return [
            connected(c, self.vault, key=f"app-{hosts[0]}", name=hosts[0], mode="workflow", base_urls=_urls(*hosts))
            for hosts in (("one",), ("two", "three"))
        ]

    def _bear(self) -> None:
        self._born += 1
        process = Process(self, f"p{self._born}", self.dice.uniform(-300, 300))
        self.processes.append(process)
        process.start()

    def _live_until(self, end: float) -> None:
        steps = 0
        while self.timeline.now < end:
            if self._step():
                steps += 1
                self.timeline.now += STEP_S
                if steps > MOST_STEPS:
                    self.bugs.append(f"it goes round in circles at {self.timeline.now}")
                    return
                continue
            steps = 0
            nearest = min((process.next_at for process in self.processes), default=float("inf"))
            self.timeline.now = min(end, self.timeline.next_at, max(nearest, self.timeline.now))

    def _step(self) -> bool:
        """Somebody does one thing; False where nobody has anything to do now."""
        if self.timeline.do_due():
            self._trace_effects()
            return True
        who = self.processes
        if len(who) > 1:
            first = self.dice.randrange(len(who))
            who = who[first:] + who[:first]
        return any(process.step() for process in who)

    def _trace_effects(self) -> None:
        for run in self.dify.starts[self._started :]:
            self.note("dify", run.user)
        for post in self.slack.posts[self._posted :]:
            self.note("slack", post.channel, post.text)
        self._started, self._posted = len(self.dify.starts), len(self.slack.posts)

    def _lay_faults(self) -> None:
        faults, after = self.faults, self.timeline.after
        for every_s, deed in (
            (faults.kill_every_s, self._kill),
            (faults.end_every_s, self._end_one),
            (faults.freeze_every_s, self._freeze_one),
            (faults.jump_every_s, self._jump),
        ):
            if every_s:
                self._repeat(every_s, deed)
        for server, out_s in ((self.dify, faults.dify_out_s), (self.slack, faults.slack_out_s)):
            if out_s:
                begins_s = self.dice.uniform(0, self.swarm.window_s)
                after(begins_s, partial(setattr, server, "is_out", True))
                after(begins_s + out_s, partial(setattr, server, "is_out", False))

    def _repeat(self, every_s: float, deed: Any) -> None:
        """Again and again, at random, until it is quiet."""

        def once() -> None:
            if not self.is_quiet:
                deed()
                self._repeat(every_s, deed)

        self.timeline.after(self.dice.expovariate(1 / every_s), once)

    def _kill(self) -> None:
        if self.processes:
            self.dice.choice(self.processes).dies_in = self.dice.randrange(1, 60)

    def _end_one(self) -> None:
        if self.processes:
            self.dice.choice(self.processes).end()

    def _freeze_one(self) -> None:
        if self.processes:
            self.dice.choice(self.processes).freeze()

    def _jump(self) -> None:
        """The clock is set, by a second or by a day; often somebody mends it."""
        by_s = self.dice.choice((1, -1)) * LONGEST_JUMP_S ** self.dice.random()
        if not self.swarm.is_alone:
            by_s = max(-3600.0, min(3600.0, by_s))
        self.note("clock", f"{by_s:.3f}")
        self.jumps += 1
        self._offset_s = max(-LONGEST_JUMP_S, min(LONGEST_JUMP_S, self._offset_s + by_s))
        if self.faults.is_jump_mended:
            self.timeline.after(self.dice.uniform(5, 300), self._mend_clock)

    def _mend_clock(self) -> None:
        self._offset_s = 0.0

    def _fall_quiet(self) -> None:
        self.is_quiet = self.dify.is_quiet = self.slack.is_quiet = True
        self.faults = Faults()
        for process in self.processes:
            process.dies_in = 0
        self._mend_clock()
        self.cut = self.wall()
        self.last_run = self.connection.execute(select(func.max(runs.c.id))).scalar_one()
        self.last_delivery = self.connection.execute(select(func.max(deliveries.c.id))).scalar() or 0
        self.note("quiet")

    def _put_off_what_comes_later(self) -> None:
        """The world is judged up to its cut: what would come due after it need not be lived through."""
        later = runs.update().where(runs.c.state == RunState.PLANNED, runs.c.due_at > self.cut)
        transact(self.connection, lambda c: c.execute(later.values(due_at=self.cut + AGES)))

    def _is_settled(self) -> bool:
        """Whether all that was due before the quiet has ended and is told; no long wait is lived through."""
        owed_at = self._next_owed_at()
        if owed_at is None:
            return True
        wait_s = (owed_at - self.wall()).total_seconds()
        if wait_s > 2 * LOOK_S and all(process.is_idle for process in self.processes):
            self.timeline.now += wait_s
        return False

    def _next_owed_at(self) -> datetime | None:
        """When the next thing of the window can go on; None where all is settled."""
        c = self.connection
        is_open = runs.c.state.in_((RunState.QUEUED, RunState.READY, RunState.RUNNING, RunState.WAITING))
        is_due = and_(runs.c.state == RunState.PLANNED, runs.c.due_at <= self.cut)
        going = select(runs.c.try_at, runs.c.lease_until).where(runs.c.id <= self.last_run, or_(is_open, is_due))
        owed = select(deliveries.c.due_at, deliveries.c.lease_until).where(
            deliveries.c.state == DeliveryState.OWED,
            or_(deliveries.c.id <= self.last_delivery, deliveries.c.run_id <= self.last_run),
        )
        rows = [*c.execute(going), *c.execute(owed)]
        if not rows:
            return None
        return min((max(filter(None, row), default=self.wall()) for row in rows), default=None)


def _urls(*hosts: str) -> tuple[str, ...]:
    return tuple(f"https://{host}.example/v1" for host in hosts)
