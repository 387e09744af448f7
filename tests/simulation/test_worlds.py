"""Whole worlds in virtual time: thirty minutes of jobs, crashes, clocks that are set, answers that are lost."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.simulation.judge import judge
from tests.simulation.life import open_world
from tests.simulation.swarm import PLAIN, Faults, Swarm, draw
from tests.stories.process import ROOT
from tests.survival import count

# Worlds that have gone wrong once. What a seed draws may have changed since; each fault has a test of its own, too.
REGRESSIONS = (0, 7, 11, 18, 19, 98, 341, 381, 987, 10_013)
SEEDS = (int(os.environ["SEED"]),) if "SEED" in os.environ else REGRESSIONS
WORLDS = int(os.environ.get("WORLDS", "2000"))
ITEMS = 20  # the long form, in so many pieces: each goes to a worker that is free
# Seeds from here on are those of worlds of ten minutes.
QUICK_FROM, QUICK, QUICK_ITEMS, QUICK_WINDOW_S = 10_000, 16, 4, 600.0


def world_of(seed: int) -> Swarm:
    return draw(seed, window_s=QUICK_WINDOW_S) if seed >= QUICK_FROM else draw(seed)


def live(swarm: Swarm) -> str:
    """Live through a world, and give its trace; fails with what was violated, and how to see it again."""
    with open_world(swarm) as world:
        wrong = judge(world)
        if wrong:
            last = "\n".join(list(world.notes)[-40:])
            pytest.fail(
                f"SEED={swarm.seed} .venv/bin/python -m pytest tests/simulation/test_worlds.py -k once\n"
                + "\n".join(wrong[:20])
                + f"\n{swarm}\n{last}"
            )
        return world.trace


@pytest.mark.parametrize("item", range(QUICK_ITEMS))
def test_short_worlds_lose_nothing_and_double_nothing(item: int) -> None:
    for seed in range(QUICK_FROM + item, QUICK_FROM + QUICK, QUICK_ITEMS):
        live(world_of(seed))


@pytest.mark.long
@pytest.mark.parametrize("item", range(ITEMS))
def test_worlds_lose_nothing_and_double_nothing(item: int) -> None:
    seeds = range(item, WORLDS, ITEMS)
    for seed in seeds:
        live(draw(seed))
    count.add("simulated worlds", len(seeds))


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_a_world_that_went_wrong_once_goes_well(seed: int) -> None:
    live(world_of(seed))


def test_fmea_b9_a_commit_of_which_nobody_was_told_loses_and_doubles_nothing() -> None:
    live(replace(PLAIN, processes=2, faults=Faults(unsure=0.1)))


def test_fmea_f6_f7_wake_ups_that_are_lost_and_doubled_lose_and_double_nothing() -> None:
    live(replace(PLAIN, processes=2, faults=Faults(drop=0.3, double=0.3)))


def test_fmea_d22_a_slack_that_is_away_for_two_hours_is_told_everything_once() -> None:
    live(replace(PLAIN, faults=Faults(slack_out_s=7200.0, slack_lost_after=0.05)))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_fmea_c6_c7_a_clock_that_is_set_fifty_times_fires_nothing_twice_and_nothing_early(seed: int) -> None:
    faults = Faults(jump_every_s=30.0, kill_every_s=200.0, dify_lost_after=0.1, slack_lost_after=0.1)
    live(replace(PLAIN, seed=seed, jobs=5, window_s=1500.0, faults=faults))


def test_the_same_seed_is_the_same_world_whatever_the_hashes() -> None:
    swarm = draw(3, window_s=150.0)
    asked = f"from tests.simulation import test_worlds as t; print(t.live(t.draw({swarm.seed}, window_s=150.0)))"
    hash_seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {live(swarm), live(swarm)} == {done.stdout.strip()}


def test_another_seed_is_another_world() -> None:
    quiet = replace(draw(3, window_s=120.0), jobs=2)
    assert live(quiet) != live(replace(quiet, seed=4))
