"""Saboteurs: each guard is taken away in a copy of the program, and a test must fail for it."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "docs", "benchmarks")
TIMEOUT_S = 240


@dataclass(frozen=True)
class Saboteur:
    """Puts `new` in the place of `old`, which stands once in the file; `test` is who must notice."""

    guard: str
    file: str
    old: str
    new: str
    test: str


SABOTEURS = (
    Saboteur(
        "unique key of a slot",
        "bot/operations/foresight.py",
        'return f"job:{job_id}@{_iso(at)}"',
        "return f\"job:{job_id}.{__import__('random').random()}@{_iso(at)}\"",
        "tests/operations/test_plan.py::test_planning_again_and_again_never_makes_a_slot_twice",
    ),
    Saboteur(
        "one transaction for a tick",
        "bot/operations/tick.py",
        "    runs.add_many(c, [row for _, walked in doing.walks for row in walked.rows])\n",
        "    c.exec_driver_sql('COMMIT'), c.exec_driver_sql('BEGIN')\n",
        "tests/loops/test_clock.py::test_a_tick_that_fails_changes_nothing_and_the_next_one_does_it_all",
    ),
    Saboteur(
        "fence on save",
        "storage/claims.py",
        '.where(_WITH_ID, runs.c.fence == bindparam("held_fence"), RUN_OPEN)',
        '.where(_WITH_ID, runs.c.fence >= bindparam("held_fence"), RUN_OPEN)',
        "tests/storage/test_claims.py::test_who_lost_the_fence_writes_nothing",
    ),
    Saboteur(
        "leave before the request to Dify",
        "bot/loops/leave.py",
        "has_leave = await self._join(run)",
        "has_leave = True",
        "tests/loops/test_doubt.py::test_a_run_that_was_taken_over_before_it_left_is_not_sent",
    ),
    Saboteur(
        "search by the name of the attempt",
        "bot/loops/pursuit.py",
        "        if not found.runs:\n            stop_by",
        "        if True:\n            stop_by",
        "tests/loops/test_doubt.py::test_fmea_a5_a_run_that_was_sent_is_found_by_its_name_and_joined",
    ),
    Saboteur(
        "grace for a log that is late",
        "bot/loops/pursuit.py",
        "patience_s = services.settings.start_grace_s - since_s",
        "patience_s = 0.0",
        "tests/loops/test_doubt.py::test_fmea_e19_a_log_that_is_late_is_waited_for_and_nothing_is_started_twice",
    ),
    Saboteur(
        "a frozen owner stops its second run",
        "bot/loops/disown.py",
        "is_stopped = ours.task_id is not None and await halt(services.dify, endpoint, ours, ours.task_id)",
        "is_stopped = False",
        "tests/loops/test_doubt.py::test_fmea_a15_a_frozen_owner_stops_its_own_second_run_and_tells_it",
    ),
    Saboteur(
        "a late courier takes its message back",
        "bot/loops/courier.py",
        "        if not await self._settle(delivery, receipt):\n",
        "        if not await self._settle(delivery, receipt) and False:\n",
        "tests/loops/test_courier.py::test_a_courier_that_posted_too_late_takes_its_message_back",
    ),
    Saboteur(
        "the result is owed with the end of the run",
        "bot/operations/finish.py",
        "        show(c, run, now=now, rank=1)\n",
        "        pass\n",
        "tests/operations/test_finish.py::test_an_end_is_written_and_its_message_is_owed",
    ),
    Saboteur(
        "the alert is owed with the end of the run",
        "bot/operations/finish.py",
        "    owe_alert(c, run, job, judge(run, job), now=now)\n",
        "",
        "tests/loops/test_runner.py::test_the_end_of_a_run_is_judged_and_told_with_its_job",
    ),
    Saboteur(
        "a message in doubt is looked for by its mark",
        "bot/notifiers/slack.py",
        "if delivery.asked_at is None:",
        "if True:",
        "tests/loops/test_courier.py::test_fmea_d2_a_message_that_slack_took_without_saying_so_stands_once",
    ),
    Saboteur(
        "leave before the first post",
        "bot/slack/client.py",
        "if leave is not None and not await leave():",
        "if False:",
        "tests/loops/test_courier.py::test_fmea_a15_a_frozen_courier_does_not_post_what_another_has_taken_over",
    ),
    Saboteur(
        "at most 24 are made up for",
        "bot/rules/admit.py",
        '"all": 23}',
        '"all": 9999}',
        "tests/loops/test_missed.py::test_all_is_never_more_than_24",
    ),
    Saboteur(
        "the time of the database",
        "bot/watch.py",
        "        if told is not None:\n",
        "        if False:\n",
        "tests/test_watch.py::test_fmea_c8_a_machine_whose_clock_is_off_goes_by_the_time_of_the_database",
    ),
    Saboteur(
        "the limit of a run",
        "bot/loops/flight.py",
        "left_s = self._deadline - time.monotonic()",
        "left_s = 5.0",
        "tests/loops/test_runner.py"
        "::test_fmea_e11_a_run_is_stopped_at_its_limit_and_the_limit_counts_from_when_it_was_sent",
    ),
    Saboteur(
        "a key is sealed to its row and address",
        "storage/vault.py",
        "return head + about.encode()",
        "return head",
        "tests/storage/test_vault.py::test_a_token_that_was_moved_to_another_row_or_address_does_not_open",
    ),
    Saboteur(
        "words of others are escaped",
        "bot/blocks/text.py",
        "def escape(text: str) -> str:\n",
        "def escape(text: str) -> str:\n    return text\n\n\ndef _unused(text: str) -> str:\n",
        "tests/blocks/test_text.py::test_escaped_text_calls_nobody_however_often_it_is_decoded",
    ),
    Saboteur(
        "membership is asked from Slack",
        "bot/slack/door.py",
        "if await services.slack.is_member(user_id, channel):",
        "if True:",
        "tests/stories/test_privacy.py::test_fmea_d12_who_has_left_the_channel_sees_its_jobs_no_more",
    ),
    Saboteur(
        "a run belongs to its team",
        "storage/runs.py",
        'runs.c.team_id == bindparam("team"), runs.c.id == bindparam("run_id")',
        'runs.c.id == bindparam("run_id"), bindparam("team").is_not(None)',
        "tests/storage/test_runs.py::test_a_run_belongs_to_its_team",
    ),
    Saboteur(
        "no secret in the log",
        "bot/log.py",
        'return PASSWORDS.sub(r"\\1…@", SECRETS.sub(r"\\1…", text))',
        "return text",
        "tests/test_log.py",
    ),
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, to be spoilt."""
    where = tmp_path_factory.mktemp("sabotage") / "house"
    shutil.copytree(ROOT, where, ignore=LEFT_OUT)
    return where


def run(copy: Path, test: str) -> int:
    """The exit code of pytest: 0 where the test passes, 1 where it fails."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", test]
    return subprocess.run(command, cwd=copy, capture_output=True, timeout=TIMEOUT_S, check=False).returncode


@pytest.mark.long
@pytest.mark.parametrize("saboteur", SABOTEURS, ids=lambda one: one.guard.replace(" ", "-"))
def test_a_guard_that_is_taken_away_is_missed_by_a_test(copy: Path, saboteur: Saboteur) -> None:
    file = copy / saboteur.file
    sound = file.read_text("utf-8")
    assert sound.count(saboteur.old) == 1, f"{saboteur.file} has changed; find the guard again"
    file.write_text(sound.replace(saboteur.old, saboteur.new), "utf-8")
    try:
        assert run(copy, saboteur.test) == 1
    finally:
        file.write_text(sound, "utf-8")


def test_every_guard_still_stands_where_a_saboteur_looks_for_it() -> None:
    assert len(SABOTEURS) == 20
    for saboteur in SABOTEURS:
        assert (ROOT / saboteur.file).read_text("utf-8").count(saboteur.old) == 1, saboteur.guard
