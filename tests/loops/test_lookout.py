"""What should never be so is told to the operators, once: a slot that nobody takes, a job without a next time."""

from dataclasses import replace
from datetime import timedelta

from bot.loops.lookout import JOBS_EVERY_S, STAYS_S, Lookout
from bot.operations.health import MAX_DUE_AGE_S
from storage import apps, deliveries, jobs, runs
from storage.records import Delivery, JobState
from tests.loops.house import ANA, BEN, TEAM, House
from tests.makers import save_job
from tests.storage.examples import a_run, an_app


class Seconds:
    """A monotonic clock that is turned by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def a_lookout(house: House, *admins: str) -> tuple[Lookout, Seconds]:
    seconds = Seconds()
    settings = replace(house.services.settings, admins=frozenset(admins))
    return Lookout(replace(house.services, settings=settings), monotonic=seconds), seconds


async def alarms(house: House, *people: str) -> list[Delivery]:
    """What is owed to these people, who are told nothing else."""
    known = await house.store.read(lambda c: [deliveries.get(c, TEAM, number) for number in range(1, 20)])
    return [one for one in known if one is not None and one.target in people]


async def overdue(house: House) -> None:
    due_at = house.hand.now - timedelta(seconds=MAX_DUE_AGE_S + 1)
    await house.store.run(lambda c: runs.add(c, a_run(due_at=due_at)))


async def test_a_slot_that_stays_untaken_is_told_to_each_admin_once(house: House) -> None:
    lookout, seconds = a_lookout(house, ANA, BEN)
    await overdue(house)
    await lookout.once()
    assert await alarms(house, ANA, BEN) == []
    for _ in range(3):
        seconds.at += STAYS_S
        await lookout.once()
    told = await alarms(house, ANA, BEN)
    assert sorted(one.target for one in told) == [ANA, BEN]
    assert "nobody has taken" in told[0].facts["says"]
    await house.deliver()
    assert "Dify Ops finds a run that was due" in house.said(house.slack.workspace.open_im(ANA).id)[-1].text


async def test_what_was_overdue_for_a_moment_after_an_outage_is_no_alarm(house: House) -> None:
    lookout, seconds = a_lookout(house, ANA)
    await overdue(house)
    await lookout.once()
    await house.clock.once()
    seconds.at += STAYS_S
    await lookout.once()
    assert await alarms(house, ANA) == []


async def test_what_stands_still_since_slack_took_the_token_back_is_no_alarm(house: House) -> None:
    lookout, seconds = a_lookout(house, ANA)
    await overdue(house)
    house.services.slack.cut_off = "token_revoked"
    for _ in range(2):
        await lookout.once()
        seconds.at += max(STAYS_S, JOBS_EVERY_S)
    assert await alarms(house, ANA) == []


async def test_without_set_admins_those_who_connected_apps_are_told(house: House) -> None:
    await house.store.run(lambda c: apps.add(c, an_app(created_by=BEN)))
    await house.store.run(lambda c: apps.add(c, an_app(name="Other", created_by="system")))
    lookout, seconds = a_lookout(house)
    await overdue(house)
    await lookout.once()
    seconds.at += STAYS_S
    await lookout.once()
    assert [one.target for one in await alarms(house, ANA, BEN, "system")] == [BEN]


async def test_an_active_job_without_a_next_time_is_told_once(house: House) -> None:
    lookout, seconds = a_lookout(house, ANA)
    job = (await house.store.run(lambda c: save_job(c, name="Fine"))).job
    lost = (await house.store.run(lambda c: save_job(c, name="Lost"))).job
    paused = (await house.store.run(lambda c: save_job(c, name="Paused"))).job
    await house.store.run(lambda c: save_job(c, "on api", name="On call"))
    await house.store.run(lambda c: [runs.drop_planned(c, one.id) for one in (lost, paused)])
    await house.store.run(lambda c: jobs.set_state(c, paused.id, JobState.PAUSED, by=ANA, reason=None))
    for _ in range(2):
        seconds.at += JOBS_EVERY_S
        await lookout.once()
    (told,) = await alarms(house, ANA)
    assert f"job #{lost.id} is active and has no next time" in told.facts["says"]
    assert f"#{job.id}" not in told.facts["says"]
