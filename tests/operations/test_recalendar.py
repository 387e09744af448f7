"""Own calendars: who may change them, what an import shows before and does after, and what a removal asks for."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.calendar import book_of, find_calendar, jobs_by, list_own
from bot.operations.move import move
from bot.operations.pause import pause
from bot.operations.recalendar import MAX_CALENDARS, NEW, import_calendar, preview_import, remove_calendar
from bot.operations.skip import skip
from bot.rules.access import Actor
from bot.schedules.calendars import Days
from storage import calendars, jobs, runs
from storage.database import Store
from storage.records import Calendar, Job, JobState
from tests.makers import ADMIN, NOW, OTHER, OWNER, TEAM, an_actor, fresh_job, list_entries, save_job
from tests.storage.examples import a_calendar

WED, THU, FRI = date(2026, 9, 2), date(2026, 9, 3), date(2026, 9, 4)


def at(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def days(*some: date, years: tuple[int, ...] = (2026,)) -> Days:
    return Days(some, years)


def put(c: Connection, some: Days, *, name: str = "Closing days", by: Actor | None = None, **said: Any) -> Calendar:
    """Imported as a person does it who has just seen what changes."""
    actor = by or an_actor()
    told: dict[str, Any] = {"version": preview_import(c, actor, name, some).version, "now": NOW} | said
    return import_calendar(c, actor, name, some, **told)[0]


def next_at(c: Connection, job: Job) -> datetime | None:
    planned = runs.planned_of(c, job.id)
    return planned.due_at if planned else None


async def test_a_calendar_is_imported_and_can_be_named_in_any_case(store: Store) -> None:
    saved = await store.run(lambda c: put(c, days(WED), name="  Closing \n days "))
    assert (saved.name, saved.days, saved.years, saved.version) == ("Closing days", (WED,), (2026,), 1)
    book = await store.read(lambda c: book_of(c, TEAM))
    assert book.find("CLOSING days", "UTC") == "Closing days"
    assert book.has("Closing days", WED)
    assert (await store.read(lambda c: find_calendar(c, an_actor(OTHER), "closing DAYS"))) == saved
    (entry,) = await store.read(lambda c: list_entries(c, TEAM))
    assert (entry.action, entry.about, entry.actor) == ("import", f"calendar:{saved.id}", OWNER)
    assert entry.detail == {"name": "Closing days", "version": 1, "years": [2026], "added": 1, "removed": 0}


async def test_what_would_change_is_shown_and_nothing_is_written(store: Store) -> None:
    await store.run(lambda c: put(c, days(WED, THU, years=(2026, 2027))))
    seen = await store.run(lambda c: preview_import(c, an_actor(), "closing days", days(THU, FRI)))
    assert (seen.name, seen.version, seen.is_new, seen.is_change) == ("Closing days", 1, False, True)
    assert (seen.changes[2026].added, seen.changes[2026].removed) == ((FRI,), (WED,))
    assert set(seen.changes) == {2026}, "2027 is not in the file, so it stays"
    assert (await store.read(lambda c: find_calendar(c, an_actor(), "closing days"))).days == (WED, THU)


async def test_the_years_of_the_file_are_replaced_and_the_others_stay(store: Store) -> None:
    await store.run(lambda c: put(c, days(WED, date(2027, 1, 1), years=(2026, 2027))))
    saved = await store.run(lambda c: put(c, days(FRI, date(2028, 1, 1), years=(2026, 2028))))
    assert saved.days == (FRI, date(2027, 1, 1), date(2028, 1, 1))
    assert (saved.years, saved.version) == ((2026, 2027, 2028), 2)


async def test_an_import_without_a_change_writes_nothing(store: Store) -> None:
    first = await store.run(lambda c: put(c, days(WED)))
    assert await store.run(lambda c: put(c, days(WED))) == first
    assert len(await store.read(lambda c: list_entries(c, TEAM))) == 1


async def test_a_calendar_that_changed_since_it_was_shown_is_not_replaced(store: Store) -> None:
    await store.run(lambda c: put(c, days(WED)))
    for version in (NEW, 2):
        with pytest.raises(Refusal, match="changed by somebody else meanwhile") as refused:
            await store.run(lambda c, version=version: put(c, days(THU), version=version))  # type: ignore[misc]
        assert refused.value.code == "conflict"
    with pytest.raises(Refusal, match="changed by somebody else"):
        await store.run(lambda c: put(c, days(THU), name="Other", version=1))
    assert (await store.read(lambda c: list_own(c, an_actor())))[0].days == (WED,)


MAY_NOT = {
    "a guest": an_actor(is_guest=True),
    "a stranger": an_actor(is_stranger=True),
    "a strange admin": an_actor(ADMIN, is_stranger=True, is_admin=True),
}


@pytest.mark.parametrize("who", MAY_NOT)
async def test_guests_and_strangers_change_nothing(store: Store, who: str) -> None:
    await store.run(lambda c: put(c, days(WED)))
    for name in ("Closing days", "Fresh"):
        with pytest.raises(Refusal):
            await store.run(lambda c, name=name: preview_import(c, MAY_NOT[who], name, days(FRI)))  # type: ignore[misc]
        with pytest.raises(Refusal):
            await store.run(
                lambda c, name=name: import_calendar(c, MAY_NOT[who], name, days(FRI), version=1, now=NOW)  # type: ignore[misc]
            )
    with pytest.raises(Refusal):
        await store.run(lambda c: remove_calendar(c, MAY_NOT[who], "Closing days", now=NOW))
    assert (await store.read(lambda c: list_own(c, an_actor())))[0].days == (WED,)


async def test_another_member_replaces_and_removes_nothing_and_an_admin_does(store: Store) -> None:
    await store.run(lambda c: put(c, days(WED)))
    with pytest.raises(Refusal, match="Only who imported this calendar last"):
        await store.run(lambda c: put(c, days(FRI), by=an_actor(OTHER)))
    with pytest.raises(Refusal, match="Only who imported this calendar last"):
        await store.run(lambda c: remove_calendar(c, an_actor(OTHER), "closing days", now=NOW))
    admin = an_actor(ADMIN, is_admin=True)
    assert (await store.run(lambda c: put(c, days(FRI), by=admin))).changed_by == ADMIN
    await store.run(lambda c: remove_calendar(c, admin, "closing days", now=NOW))
    assert await store.read(lambda c: list_own(c, an_actor())) == []


async def test_a_calendar_of_another_team_is_not_there(store: Store) -> None:
    await store.run(lambda c: put(c, days(WED)))
    other = an_actor(team_id="T2")
    assert await store.read(lambda c: list_own(c, other)) == []
    with pytest.raises(Refusal, match="I know no calendar “Closing days”"):
        await store.run(lambda c: remove_calendar(c, other, "Closing days", now=NOW))
    assert (await store.run(lambda c: put(c, days(FRI), by=other))).version == 1
    assert (await store.read(lambda c: find_calendar(c, an_actor(), "Closing days"))).days == (WED,)


@pytest.mark.parametrize(
    "name",
    ["", "  ", "x" * 61, "holiday:US", "*bold*", "a\x00b", "<!channel>", "`code`", "{name}", "; drop", "_x_ <@U1>"],
)
async def test_a_name_is_one_that_can_be_typed(store: Store, name: str) -> None:
    with pytest.raises(Refusal, match="A calendar's name has 1 to 60") as refused:
        await store.run(lambda c: put(c, days(WED), name=name))
    assert refused.value.field == "name"


@pytest.mark.parametrize("name", ["US holidays", "holidays", "NYSE trading days", "工作日"])
async def test_a_name_does_not_take_the_words_of_a_built_in_calendar(store: Store, name: str) -> None:
    with pytest.raises(Refusal, match="already means the built-in calendar") as refused:
        await store.run(lambda c: put(c, days(WED), name=name))
    assert refused.value.code == "taken"


async def test_a_team_has_so_many_calendars_and_no_more(store: Store) -> None:
    def fill(c: Connection) -> None:
        for number in range(MAX_CALENDARS):
            calendars.put(c, a_calendar(WED, name=f"Calendar {number}"))

    await store.run(fill)
    with pytest.raises(Refusal, match=f"already {MAX_CALENDARS} calendars"):
        await store.run(lambda c: put(c, days(WED), name="One more"))
    assert (await store.run(lambda c: put(c, days(FRI), name="calendar 7"))).version == 2


async def test_all_calendars_of_a_team_have_so_many_days_and_no_more(store: Store) -> None:
    many = tuple(date.fromordinal(date(2000, 1, 1).toordinal() + step) for step in range(15_000))

    def fill(c: Connection) -> None:
        for number in range(4):
            calendars.put(c, a_calendar(*many, name=f"Calendar {number}", years=tuple(range(2000, 2042))))

    await store.run(fill)
    with pytest.raises(Refusal, match="more than 60,000 days"):
        await store.run(lambda c: put(c, days(WED), name="One more"))
    fewer = days(*many[:366], years=(2000,))
    assert (await store.run(lambda c: put(c, fewer, name="calendar 0"))).days == many


async def test_a_name_with_a_slip_is_answered_with_the_nearest(store: Store) -> None:
    await store.run(lambda c: put(c, days(WED)))
    with pytest.raises(Refusal, match="Did you mean “Closing days”") as refused:
        await store.read(lambda c: find_calendar(c, an_actor(), "closng days"))
    assert refused.value.choices == ("Closing days",)


async def test_a_calendar_in_use_is_not_removed_and_the_jobs_are_named(store: Store) -> None:
    def fill(c: Connection) -> Job:
        put(c, days(WED))
        news = save_job(c, "every day at 9 except closing days", name="News").job
        hidden = an_actor(OTHER, channels=["CPRIVATE"])
        save_job(c, "every day at 9 except closing days", name="Secret", by=hidden, channel_id="CPRIVATE")
        save_job(c, "every day at 9", name="Free")
        return news

    news = await store.run(fill)
    with pytest.raises(Refusal) as refused:
        await store.run(lambda c: remove_calendar(c, an_actor(), "closing days", now=NOW))
    assert refused.value.code == "in_use"
    assert f"“News” (#{news.id}) and 1 more job go by it" in refused.value.message
    assert "Secret" not in str(refused.value)
    assert "Free" not in str(refused.value)


async def test_a_calendar_of_deleted_and_completed_jobs_can_be_removed(store: Store) -> None:
    def fill(c: Connection) -> None:
        put(c, days(WED))
        for state in (JobState.DELETED, JobState.COMPLETED):
            job = save_job(c, "every day at 9 except closing days", name=state.value).job
            jobs.set_state(c, job.id, state, by=None, reason=None)

    await store.run(fill)
    await store.run(lambda c: remove_calendar(c, an_actor(), "closing days", now=NOW))
    assert await store.read(lambda c: list_own(c, an_actor())) == []
    assert (await store.read(lambda c: list_entries(c, TEAM)))[0].action == "delete"


async def test_the_planned_run_of_a_job_is_the_one_that_the_new_days_call_for(store: Store) -> None:
    def story(c: Connection) -> None:
        put(c, days(THU))
        job = save_job(c, "every day at 9 except closing days", now=NOW.replace(hour=10)).job
        assert next_at(c, job) == at(WED)
        put(c, days(WED))
        assert next_at(c, job) == at(date(2026, 9, 1)), "NOW is before nine"
        put(c, days(date(2026, 9, 1), WED))
        assert next_at(c, job) == at(THU)
        put(c, days(FRI))
        assert next_at(c, job) == at(date(2026, 9, 1))
        assert runs.count_runs(c, job.id) == 1

    await store.run(story)


async def test_a_job_that_goes_by_other_calendars_is_left_alone(store: Store) -> None:
    def story(c: Connection) -> None:
        put(c, days(THU))
        put(c, days(THU), name="Other days")
        job = save_job(c, "every day at 9 except other days").job
        before = runs.planned_of(c, job.id)
        put(c, days(date(2026, 9, 1)))
        assert runs.planned_of(c, job.id) == before
        assert jobs_by(c, TEAM, "CLOSING days") == []

    await store.run(story)


async def test_a_run_that_was_moved_stays_moved_and_one_that_was_skipped_stays_skipped(store: Store) -> None:
    def story(c: Connection) -> None:
        put(c, days(THU))
        moved = save_job(c, "every day at 9 except closing days", name="Moved").job
        skipped = save_job(c, "every day at 9 except closing days", name="Skipped").job
        move(c, an_actor(), moved.id, NOW.replace(hour=11), now=NOW)
        skip(c, an_actor(), skipped.id, 1, now=NOW)
        put(c, days(FRI))
        assert next_at(c, moved) == NOW.replace(hour=11)
        assert next_at(c, skipped) == at(WED)

    await store.run(story)


async def test_a_delay_goes_on_counting_from_where_it_counted(store: Store) -> None:
    def story(c: Connection) -> None:
        put(c, days(FRI))
        job = save_job(c, "6 hours after each run except closing days").job
        due_at = next_at(c, job)
        put(c, days(THU), now=NOW.replace(hour=9))
        assert next_at(c, job) == due_at == NOW.replace(hour=13)

    await store.run(story)


def hold(c: Connection, when: str = "every day at 9 only on closing days") -> Job:
    """A job whose calendar has come to its end."""
    job = save_job(c, when).job
    runs.drop_planned(c, job.id)
    return jobs.set_state(c, job.id, JobState.HELD, by=None, reason="the calendar Closing days has no 2027")


async def test_a_job_that_was_held_for_want_of_the_year_runs_again_once_it_is_there(store: Store) -> None:
    def story(c: Connection) -> Job:
        put(c, days(WED))
        job = hold(c)
        put(c, days(date(2027, 1, 4), years=(2027,)), now=datetime(2026, 12, 31, 12, tzinfo=UTC))
        assert next_at(c, job) == at(date(2027, 1, 4))
        return fresh_job(c, job)

    job = await store.run(story)
    assert (job.state, job.state_reason) == (JobState.ACTIVE, None)


async def test_a_job_that_still_lacks_its_year_stays_held(store: Store) -> None:
    def story(c: Connection) -> Job:
        put(c, days(WED))
        job = hold(c)
        put(c, days(FRI), now=datetime(2026, 12, 31, 12, tzinfo=UTC))
        assert next_at(c, job) is None
        return fresh_job(c, job)

    assert (await store.run(story)).state is JobState.HELD


async def test_a_job_that_is_held_for_another_reason_or_paused_is_not_started(store: Store) -> None:
    def story(c: Connection) -> tuple[Job, Job]:
        put(c, days(WED))
        job = hold(c)
        other = jobs.set_state(c, job.id, JobState.HELD, by=None, reason="the calendar Other has no 2027")
        paused = pause(c, an_actor(), save_job(c, "every day at 9 except closing days", name="P").job.id, now=NOW)
        put(c, days(THU))
        return fresh_job(c, other), fresh_job(c, paused)

    other, paused = await store.run(story)
    assert (other.state, paused.state) == (JobState.HELD, JobState.PAUSED)
    assert await store.read(lambda c: runs.planned_of_many(c, [other.id, paused.id])) == []
