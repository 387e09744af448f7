"""Thousands of messages through a Slack that refuses, forgets and goes away: each stands there once, alerts first."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.demo.slack.faults import DROP, DROP_AFTER_ACCEPT, RATE_LIMITED, Fault, Faults
from bot.loops.courier import MAX_SENDING_PER_LINE
from storage import claims, deliveries, runs
from storage.database import Store
from storage.records import DeliveryKind, RunState
from tests.loops.house import ANA, TEAM, House, open_house
from tests.loops.test_digest import RUN, words
from tests.storage.examples import a_delivery, a_run

CHANNELS = ("C0OPS", "C0NEWS", "C0GENERAL", "C0FINANCE")
REFUSED, LOST, OWED_AGAIN = 0.05, 0.03, 0.01
ALERTS = 0.02
BURST = 3  # that so many go at once after a rest is no harm
OVERTAKEN = 2 * MAX_SENDING_PER_LINE  # results that were on their way, or passed an alert that was refused
OUTAGE_S = 2 * 3600


class Rough(Faults):
    """Each post may be refused for a while, or be taken without an answer; while Slack is away nothing is taken."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._luck = random.Random(seed)
        self.is_away = False
        self.struck: Counter[str] = Counter()

    def take(self, method: str, channel: str) -> Fault | None:
        if self.is_away:
            return self._strike(method, DROP)
        if method != "chat.postMessage":
            return None
        drawn = self._luck.random()
        if drawn < REFUSED:
            return self._strike(method, RATE_LIMITED)
        return self._strike(method, DROP_AFTER_ACCEPT) if drawn < REFUSED + LOST else None

    def _strike(self, method: str, error: str) -> Fault:
        self.struck[error] += 1
        return Fault(method, error, 1, None, retry_after_s=self._luck.randint(1, 5), delay_s=0.0)


@dataclass
class Flood:
    """Results and alerts that come due over time, a third of them while Slack is away."""

    house: House
    rough: Rough
    luck: random.Random
    alerts_while_away: set[str] = field(default_factory=set)
    back_at: float = 0.0
    names: Counter[str] = field(default_factory=Counter)
    results: set[int] = field(default_factory=set)
    alerts: Counter[str] = field(default_factory=Counter)
    _number: int = 0

    async def owe(self, count: int) -> None:
        await self.house.store.run(lambda c: [self._owe_one(c) for _ in range(count)])

    def _owe_one(self, c: Connection) -> None:
        now, channel = self.house.hand.now, CHANNELS[self._number % len(CHANNELS)]
        is_alert = self.luck.random() < ALERTS
        state = RunState.FAILED if is_alert else RunState.SUCCEEDED
        run = runs.add(c, a_run(state=state, channel_id=channel, owner_id=ANA, ended_at=now, name=f"J{self._number}"))
        assert run is not None
        told = {
            "key": f"run:{run.id}>{channel}",
            "target": channel,
            "run_id": run.id,
            "due_at": now,
            "created_at": now,
        }
        if is_alert:
            facts = {"alert": "failure", "since": now.isoformat(), "failures": 1}
            told |= {"kind": DeliveryKind.ALERT, "rank": 0, "facts": facts}
            self.alerts[run.name] += 1
            if self.rough.is_away:
                self.alerts_while_away.add(run.name)
        else:
            self.results.add(run.id)
        self.names[run.name] += 1
        for _ in range(2 if self.luck.random() < OWED_AGAIN else 1):
            deliveries.owe(c, a_delivery(**told))
        self._number += 1

    async def live(self, seconds: float) -> None:
        """Let the loop work until that much time is over, of which it takes a part itself by waiting."""
        end = self.house.hand.now + timedelta(seconds=seconds)
        while self.house.hand.now < end:
            if not await self.house.courier.once():
                alarm = self.house.bell.alarms.pop("courier", end)
                self.house.hand.now = max(self.house.hand.now, min(alarm, end))
                self.house.hand.turn(seconds=0.05)
            await self.house.services.tasks.idle()


async def flood(house: House, count: int) -> Flood:
    """A third before the outage, a third while it lasts, a third after it; and time until all is told."""
    rough = Rough(seed=count)
    house.slack.faults = rough
    house.slack.web_api._faults = rough
    told = Flood(house, rough, random.Random(count))
    third = count // 3
    await told.owe(third)
    await told.live(third / len(CHANNELS) / 2)
    rough.is_away = True
    for _ in range(10):
        await told.owe(third // 10)
        await told.live(OUTAGE_S / 10)
    rough.is_away, told.back_at = False, house.hand.now.timestamp()
    await told.owe(count - third - third // 10 * 10)
    while await house.store.read(unsettled):
        await told.live(60)
    return told


def unsettled(c: Connection) -> bool:
    return claims.next_delivery_at(c) is not None


def posted_at(house: House, channel: str) -> list[float]:
    return sorted(float(message.ts) for message in house.said(channel))


def windows(times: list[float], seconds: float) -> Iterator[int]:
    """How many came in so many seconds from each on."""
    for at, first in enumerate(times):
        yield sum(1 for other in times[at : at + int(seconds) + 10] if other < first + seconds)


def names_in(house: House, channel: str, since: float = 0.0) -> list[str]:
    """The names of the runs, a message each, in the order in which they were posted."""
    said = sorted(house.said(channel), key=lambda message: float(message.ts))
    return [message.text.split("*")[1] for message in said if float(message.ts) >= since]


@pytest.mark.parametrize("count", [200, pytest.param(10_000, marks=pytest.mark.long)])
async def test_each_of_very_many_messages_stands_in_slack_once(store: Store, tmp_path: Path, count: int) -> None:
    async with open_house(store, tmp_path, digest_over=None, is_one_time=True) as house:
        told = await flood(house, count)
        assert Counter(name for channel in CHANNELS for name in names_in(house, channel)) == told.names
        for channel in CHANNELS:
            assert max(windows(posted_at(house, channel), 10)) <= 10 + BURST
            after = names_in(house, channel, told.back_at)
            alerts = [place for place, name in enumerate(after) if name in told.alerts_while_away]
            assert alerts == [] or alerts[-1] < len(alerts) + OVERTAKEN
        assert await house.store.read(lambda c: deliveries.dead(c, TEAM)) == []
        assert told.rough.struck[RATE_LIMITED] >= count * REFUSED / 2
        assert told.rough.struck[DROP_AFTER_ACCEPT] >= count * LOST / 3


@pytest.mark.parametrize("count", [400, pytest.param(10_000, marks=pytest.mark.long)])
async def test_each_of_very_many_runs_is_told_once_by_itself_or_in_a_digest(
    store: Store, tmp_path: Path, count: int
) -> None:
    async with open_house(store, tmp_path, is_one_time=True) as house:
        told = await flood(house, count)
        said = [message for channel in CHANNELS for message in house.said(channel)]
        results = [one for one in said if " failed" not in one.text.partition(".")[0] or "ended:" in one.text]
        found = Counter(int(number) for one in results for number in RUN.findall(words(one)))
        assert found == Counter(dict.fromkeys(told.results, 1))
        assert Counter(one.text.split("*")[1] for one in said if one not in results) == told.alerts
        assert len(said) < count / 2
        assert await house.store.read(lambda c: deliveries.dead(c, TEAM)) == []
