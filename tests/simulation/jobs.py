"""The jobs of a world, and when they should fire: worked out without the evaluator."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.operations.draft import draft
from bot.operations.schedule import schedule
from storage.records import App, Job, Policy
from tests.makers import OWNER, an_actor
from tests.schedules.oracle import HOUR_S, Minutes, Rule
from tests.simulation.swarm import CHANGES, Swarm

CHANNELS = ("C1", "C2", "C3")
MINUTES_A_DAY = range(24 * 60)


@dataclass(frozen=True, slots=True)
class Plan:
    """A job as somebody asks for it. It fires by `rule` in its zone, each `every_s` from when it was saved, or once
    `at`; or after each of its ends, which nobody can foretell."""

    when: str
    zone: str
    rule: Rule | None = None
    every_s: int = 0
    at: datetime | None = None

    @property
    def is_foretold(self) -> bool:
        return bool(self.rule or self.every_s or self.at)

    def due(self, saved_at: datetime, until: datetime) -> set[datetime]:
        """Every instant at which it should fire after it was saved, up to `until`."""
        if self.at is not None:
            return {self.at} if self.at <= until else set()
        if self.rule is not None:
            start, end = int(saved_at.timestamp()), int(until.timestamp()) + 1
            fires = Minutes(self.zone, start - HOUR_S, end).fires(self.rule)
            return {at for fire in fires if saved_at < (at := datetime.fromtimestamp(fire, UTC)) <= until}
        if not self.every_s:
            return set()
        anchor = saved_at.replace(microsecond=0)
        count = int((until - anchor).total_seconds() // self.every_s)
        return {anchor + timedelta(seconds=self.every_s * n) for n in range(1, count + 1)}


@dataclass(frozen=True, slots=True)
class SavedJob:
    """A job of the world; `channel` is where its results are told."""

    plan: Plan
    job: Job


def save_jobs(c: Connection, swarm: Swarm, apps: list[App], now: datetime) -> list[SavedJob]:
    """Draw the jobs of a world, and save them as a person does."""
    dice = Random(f"{swarm.seed}/jobs")
    return [_save(c, swarm, dice, number, dice.choice(apps), now) for number in range(1, swarm.jobs + 1)]


def _save(c: Connection, swarm: Swarm, dice: Random, number: int, app: App, now: datetime) -> SavedJob:
    plan, channel = _draw_plan(swarm, dice, now), dice.choice(CHANNELS)
    actor = an_actor(OWNER, channels=CHANNELS)
    policy = Policy(
        overlap=dice.choice(("skip", "queue", "replace", "allow")),
        overlap_max=dice.choice((1, 2, 3)),
        catch_up=dice.choice(("skip", "latest", "all")),
        catch_up_s=dice.choice((120, 600, 3600)),
        retries=dice.choice((0, 1, 2, 3)),
        priority=dice.choice((0, 1, 1, 2)),
    )
    kept = draft(
        c,
        actor,
        app=app,
        channel_id=channel,
        name=f"Job {number}",
        when=plan.when,
        zone=plan.zone,
        inputs={},
        now=now,
        timeout_s=dice.choice((60, 120, 300, 1200)),
        policy=policy,
    )
    return SavedJob(plan, schedule(c, actor, kept.id, now=now).job)


def _draw_plan(swarm: Swarm, dice: Random, now: datetime) -> Plan:
    zone = swarm.zone if dice.random() < 0.7 else dice.choice(CHANGES)[0]
    match dice.choice(("rate", "rate", "cron", "cron", "hourly", "daily", "daily", "once", "delay")):
        case "rate":
            every_s = dice.choice((60, 90, 180, 300, 420))
            return Plan(f"every {every_s} seconds", zone, every_s=every_s)
        case "cron":
            step = dice.choice((2, 5, 7, 10, 15))
            minutes = frozenset(minute for minute in MINUTES_A_DAY if minute % 60 % step == 0)
            return Plan(f"*/{step} * * * *", zone, Rule("", minutes, repeats=True))
        case "hourly":
            minute = dice.randrange(60)
            minutes = frozenset(range(minute, 24 * 60, 60))
            return Plan(f"{minute} * * * *", zone, Rule("", minutes, repeats=True))
        case "daily":
            wall = (now + timedelta(seconds=dice.uniform(0, swarm.window_s))).astimezone(ZoneInfo(zone))
            shift = dice.choice((0, 0, -60, 60, -30, 30))  # also what a clock change skips or doubles
            minute = (wall.hour * 60 + wall.minute + shift) % (24 * 60)
            when = f"every day at {minute // 60}:{minute % 60:02}"
            return Plan(when, zone, Rule("", frozenset({minute}), repeats=False))
        case "once":
            at = (now + timedelta(seconds=dice.uniform(20, swarm.window_s - 20))).replace(microsecond=0)
            return Plan(at.strftime("%Y-%m-%d %H:%M:%S"), "UTC", at=at)
    return Plan(f"{dice.choice((45, 90, 200))} seconds after each run", zone)
