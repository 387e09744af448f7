"""What the long tests have done to the bot, for the sentence at their end."""

from collections import Counter

KINDS = (
    *("kill −9", "freezes", "network cuts", "database restarts", "faults at one position", "copies at any instant"),
    *("bytes turned", "simulated worlds"),
)
COUNTS: Counter[str] = Counter()


def add(kind: str, times: int) -> None:
    """So many more were survived: called when all was judged, and nothing was wrong."""
    assert kind in KINDS
    COUNTS[kind] += times


def sentence() -> str:
    """ "200 kill −9, 60 freezes: every due time fired once, …"."""
    told = ", ".join(f"{COUNTS[kind]:,} {kind}" for kind in KINDS if COUNTS[kind])
    return f"{told}: every due time fired once, every result posted once, nothing lost." if told else ""
