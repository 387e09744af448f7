"""What the long tests have done to the bot, for the sentence at their end: counted in each test process, summed up in
the one that tells it."""

from collections import Counter
from collections.abc import Mapping

# What the sentence is to say.
GOALS: Mapping[str, int] = {
    "kill −9": 1_000,
    "freezes": 300,
    "network cuts": 100,
    "database restarts": 120,
    "simulated worlds": 2_000,
}
# What else is counted, and told above it.
BESIDE = ("faults at one position", "copies at any instant", "bytes turned")
KINDS = (*GOALS, *BESIDE)
COUNTS: Counter[str] = Counter()


def add(kind: str, times: int) -> None:
    """So many more were survived: called when all was judged, and nothing was wrong."""
    assert kind in KINDS
    COUNTS[kind] += times


def sentence() -> str:
    """ "1,000 kill −9, 60 freezes and 40 network cuts: every due time fired once, …". What goes beyond a goal is not
    boasted with."""
    told = [f"{min(COUNTS[kind], goal):,} {kind}" for kind, goal in GOALS.items() if COUNTS[kind]]
    if not told:
        return ""
    all_told = " and ".join([", ".join(told[:-1]), told[-1]] if told[1:] else told)
    return f"{all_told}: every due time fired once, every result posted once, nothing lost."


def exactly() -> str:
    """The same without the bounds: "1,240 kill −9, 316 freezes"."""
    return ", ".join(f"{COUNTS[kind]:,} {kind}" for kind in KINDS if COUNTS[kind])
