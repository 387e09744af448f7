"""Calendars in Slack: listed, shown, imported after a look at the difference, deleted when nobody needs them."""

import json
from datetime import timedelta

import pytest

from bot.demo.slack import View
from tests.stories.sight import buttons_of, words_of
from tests.stories.world import ANA, BEN, CHIE, GUS, OPS, TRANSPORTS, World


async def open_import(world: World, name: str = "", user: str = ANA) -> View:
    assert (await world.slack.type(user, OPS, f"/dify calendar import {name}")).ok
    return await world.view("Import a calendar", user)


async def import_days(world: World, name: str, days: str, user: str = ANA) -> View:
    view = await open_import(world, name, user)
    answer = await world.slack.submit(user, view, {"name": name, "days": days})
    assert answer.ok, answer
    return await world.view("Calendar", user)


@pytest.mark.parametrize("world", TRANSPORTS, indirect=True)
async def test_a_calendar_is_imported_used_changed_and_deleted(world: World) -> None:
    nothing = await world.type("/dify calendar")
    assert "You have no calendars of your own yet." in nothing.text
    assert "holiday:US" in words_of(nothing)
    year = world.clock().year
    done = await import_days(world, "Closing days", f"{year}-12-24\n{year + 1}-12-24")
    assert "“Closing days” is imported" in words_of(done)
    assert f"*{year + 1}* is new, with 1 day" in words_of(done)
    await world.save("/dify schedule digest every day at 9 except closing days as “News” topic=Tea")

    view = await open_import(world, "closing days")
    assert (await world.slack.submit(ANA, view, {"days": f"{year + 1}-12-24\n{year + 1}-12-25"})).ok
    asked = await world.view("Replace these days?")
    assert f"*{year + 1}* has 2 days then.\n+ 1 day:" in words_of(asked)
    assert "“News”" in words_of(asked)
    shown = await world.type("/dify calendar show closing days")
    assert "has 2 days in" in shown.text, "nothing is replaced before it is confirmed"
    assert (await world.slack.submit(ANA, asked, {})).ok
    await world.view("Calendar")
    shown = await world.type("/dify calendar show CLOSING days")
    assert "*Closing days* has 3 days in" in shown.text
    assert "“News” (#1)" in words_of(shown)

    refused = await world.type("/dify calendar delete closing days")
    assert "The calendar “Closing days” is in use: “News” (#1) goes by it." in refused.text
    await world.press(await world.type("/dify delete news"), "Delete")
    await world.told("deleted *News*")
    question = await world.type("/dify calendar delete closing days")
    await world.press(question, "Delete")
    await world.wait(lambda: "Deleted the calendar *Closing days*" in question.text, what="the calendar deleted")
    assert "You have no calendars of your own yet." in (await world.type("/dify calendar")).text


async def test_text_that_was_changed_after_the_difference_was_shown_is_shown_again(world: World) -> None:
    await import_days(world, "Closing days", "2027-01-04")
    view = await open_import(world, "Closing days")
    await world.slack.submit(ANA, view, {"days": "2027-01-05"})
    asked = await world.view("Replace these days?")
    await world.slack.submit(ANA, asked, {"days": "2027-01-06"})
    again = await world.wait(lambda: _view_with(world, "Wed 6 Jan"), what="the other difference")
    assert again is not None
    await world.slack.submit(ANA, again, {})
    await world.view("Calendar")
    assert "Wed 6 Jan 2027" in words_of(await world.type("/dify calendar show closing days"))


def _view_with(world: World, words: str) -> View | None:
    return next((view for view in world.slack.views(ANA) if words in words_of(view)), None)


async def test_days_that_cannot_be_read_are_marked_in_the_form_and_nothing_is_kept(world: World) -> None:
    view = await open_import(world, "Closing days")
    for typed, block, says in (
        ({"days": "2026-01-01\nsoon"}, "days", "Line 2, “soon”, is no day"),
        ({"days": '[{"month": 1, "days": [1]}]'}, "days", "do not say of which year"),
        ({"days": "2026-01-01", "year": "MMXX"}, "year", "is no year"),
        ({"days": "2026-01-01", "year": "", "name": "US holidays"}, "name", "already means the built-in calendar"),
    ):
        refused = await world.slack.submit(ANA, view, typed)
        assert says in refused.errors[block], refused
    assert "no calendars" in (await world.type("/dify calendar")).text


async def test_the_buttons_do_what_the_words_do(world: World) -> None:
    listed = await world.type("/dify calendar")
    assert buttons_of(listed) == ["Import a calendar"]
    await world.press(listed, "Import a calendar")
    view = await world.view("Import a calendar")
    answer = await world.slack.submit(
        ANA, view, {"name": "Closing days", "days": '{"2027": [{"month": 1, "days": [4, 5]}]}'}
    )
    assert answer.ok, answer
    await world.view("Calendar")
    listed = await world.type("/dify calendar")
    assert "1 calendar of your own." in listed.text
    card = await world.ask(listed, "calendar_show")
    assert buttons_of(card) == ["Import days", "Delete"]
    await world.press(card, "Import days")
    assert "Closing days" in str((await world.view("Import a calendar")).payload)
    await world.press(card, "Delete")
    await world.wait(lambda: "Deleted the calendar" in card.text, what="the calendar deleted")


async def test_a_built_in_calendar_tells_its_next_days(world: World) -> None:
    card = await world.type("/dify calendar show US holidays")
    assert "*holiday:US* is built in, known until 31 December 2035." in card.text
    assert "Jan 2027" in words_of(card) or world.clock().year > 2026
    assert "I know no calendar “moonshine”" in (await world.type("/dify calendar show moonshine")).text


async def test_others_see_a_calendar_and_do_not_change_it(world: World) -> None:
    await import_days(world, "Closing days", "2027-01-04", BEN)
    card = await world.type("/dify calendar show closing days", CHIE)
    assert "Mon 4 Jan 2027" in words_of(card)
    assert buttons_of(card) == []
    for verb in ("import", "delete"):
        refused = await world.type(f"/dify calendar {verb} closing days", CHIE)
        assert "Only who imported this calendar last" in refused.text
        assert not world.slack.views(CHIE)
    assert "1 calendar of your own" in (await world.type("/dify calendar", GUS)).text
    assert "Guests may look" in (await world.type("/dify calendar import mine", GUS)).text
    assert "Delete the calendar" in (await world.type("/dify calendar delete closing days", ANA)).text


async def test_words_that_are_not_known_are_answered_with_those_that_are(world: World) -> None:
    answer = await world.type("/dify calendar burn closing days")
    assert "I cannot “burn” a calendar." in answer.text
    assert "Which calendar? None was named." in (await world.type("/dify calendar show")).text


async def test_a_job_whose_calendar_ends_is_held_and_runs_again_when_the_next_year_is_there(world: World) -> None:
    today = world.clock().date()
    last = today + timedelta(2)
    days = {str(today.year): [], str(last.year): [last.isoformat()]}
    await import_days(world, "Closing days", json.dumps(days))
    await world.save("/dify schedule digest every day at 9 in UTC only on closing days as “News” topic=Tea")
    await world.turn_to_next()
    await world.told(f"the calendar Closing days has no {last.year + 1}")
    assert "held" in (await world.type("/dify show news")).text
    view = await open_import(world, "closing days")
    await world.slack.submit(ANA, view, {"days": f"{last.year + 1}-02-01"})
    await world.slack.submit(ANA, await world.view("Replace these days?"), {})
    await world.told("Ana imported the calendar “Closing days”: *News* runs again.")
    await world.turn_to_next()
    await world.told("*News* finished", nth=1)
    assert world.clock().date().isoformat() == f"{last.year + 1}-02-01"
