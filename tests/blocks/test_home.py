"""The App Home."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.home import home_view
from bot.blocks.parts import View
from storage.records import Job, JobState, Run, RunState
from tests.blocks.makers import NOW, jobs, make_job, make_run, nasty_text, patient, runs, sound_view


def actions_of(view: View) -> list[tuple[str, str]]:
    found = [one for block in view["blocks"] if block["type"] == "actions" for one in block["elements"]]
    found += [block["accessory"] for block in view["blocks"] if block.get("accessory", {}).get("type") == "button"]
    return [(one["action_id"], one["value"]) for one in found]


@patient
@given(
    st.lists(jobs, max_size=6),
    st.lists(st.tuples(runs, st.none() | jobs), max_size=6),
    st.lists(st.tuples(runs, jobs), max_size=6),
    nasty_text,
)
def test_any_home_is_one_that_slack_takes(
    many: list[Job], running: list[tuple[Run, Any]], upcoming: list[tuple[Run, Job]], text: str
) -> None:
    view = home_view(
        now=NOW, jobs_total=len(many), failing=many, running=running, upcoming=upcoming, jobs=many, page=1, pages=3,
        last_by_job={12: make_run()}, next_by_job={12: NOW}, user_name=text, banner=text, word=text,
    )  # fmt: skip
    sound_view(view)


def test_the_home_tells_how_things_stand_and_what_to_do() -> None:
    bad = make_job(id=1, name="Broken", failures=3, failing_since=NOW)
    going = make_run(id=7, state=RunState.RUNNING, nodes=9, nodes_done=4)
    view = sound_view(
        home_view(
            now=NOW,
            jobs_total=3,
            failing=[bad],
            running=[(going, make_job())],
            upcoming=[(make_run(state=RunState.PLANNED), make_job())],
            jobs=[bad, make_job(), make_job(id=2, state=JobState.PAUSED)],
        )
    )
    text = json.dumps(view, ensure_ascii=False)
    assert "*3 jobs, 1 failing, 1 running, next run now*" in text
    assert "4 of 9 nodes" in text
    assert [block["text"]["text"] for block in view["blocks"] if block["type"] == "header"] == [
        "Needs attention",
        "Running now",
        "Next runs",
    ]
    assert actions_of(view) == [
        ("new_job", "new"),
        ("home_refresh", "home"),
        ("pause_job", "job:1"),
        ("stop_run", "run:7"),
    ]
    assert text.count('"style": "primary"') == 1


def test_the_first_visit_is_an_invitation() -> None:
    view = sound_view(home_view(now=NOW, jobs_total=0, user_name="Ana"))
    assert "Welcome, Ana" in json.dumps(view)
    assert ("new_job", "new") in actions_of(view)
    assert len(view["blocks"]) < 8


def test_a_banner_comes_first() -> None:
    view = home_view(now=NOW, jobs_total=1, banner="I cannot post in <#C1> any more.")
    assert view["blocks"][0]["text"]["text"] == "⚠️ *Please note* I cannot post in &lt; #C1&gt; any more."


def test_a_run_that_is_being_stopped_has_no_second_stop() -> None:
    view = home_view(now=NOW, jobs_total=1, running=[(make_run(state=RunState.RUNNING, stop_by="USTOP"), None)])
    assert "stop_run" not in dict(actions_of(view))


def test_the_home_is_never_too_long() -> None:
    many = [make_job(id=number, failures=2) for number in range(200)]
    going = [(make_run(id=number, state=RunState.RUNNING), None) for number in range(200)]
    view = sound_view(home_view(now=NOW, jobs_total=200, failing=many, running=going, jobs=many, pages=20))
    assert len(view["blocks"]) < 60
    assert "192 more failing" in json.dumps(view)
