"""Several rhythms in one phrase: `9am on Mondays and 10am on Fridays`, each a whole one with its days and times."""

import re

from bot.errors import Refusal
from bot.schedules.words.cursor import Stuck
from bot.schedules.words.recurring import read_wish
from bot.schedules.words.wish import Wish

JOINTS = re.compile(r"\s*(?:,\s*and\b|[,;&]|\band\b|\bplus\b|\bas well as\b)\s*", re.IGNORECASE)
MOST_JOINTS = 8
LEADING_EVERY = re.compile(r"every\b|each\b", re.IGNORECASE)


def read_wishes(phrase: str) -> tuple[Wish, ...] | Stuck:
    """The rhythms of a phrase, or where reading ended. Raises Refusal for what is understood and cannot be."""
    try:
        found = read_wish(phrase)
    except Refusal:
        if wishes := _read_clauses(phrase):
            return wishes
        raise
    return (found,) if isinstance(found, Wish) else _read_clauses(phrase) or found


def _read_clauses(phrase: str) -> tuple[Wish, ...]:
    joints = [joint for joint in JOINTS.finditer(phrase) if joint.start() and joint.end() < len(phrase)]
    if not 1 <= len(joints) <= MOST_JOINTS:
        return ()
    return _split(phrase, joints, 0, "every " if LEADING_EVERY.match(phrase) else "")


def _split(phrase: str, joints: list[re.Match[str]], start: int, every: str) -> tuple[Wish, ...]:
    """Whole rhythms from `start` to the end, each as long as can be; empty where there is no such way.

    A later one may leave out the `every` that the first began with: `every Monday at 9 and Friday at 16`.
    """
    ends = [(joint.start(), joint.end()) for joint in joints if joint.start() > start]
    for end, following in [(len(phrase), len(phrase)), *reversed(ends)]:
        if not start and end == len(phrase):
            continue
        wish = _read_whole(phrase[start:end]) or (_read_whole(every + phrase[start:end]) if start and every else None)
        if wish is None:
            continue
        if end == len(phrase):
            return (wish,)
        if rest := _split(phrase, joints, following, every):
            return (wish, *rest)
    return ()


def _read_whole(clause: str) -> Wish | None:
    """Days and times; a cycle has an anchor of its own, so that it stands alone."""
    try:
        wish = read_wish(clause)
    except Refusal:
        return None
    return wish if isinstance(wish, Wish) and wish.dates and wish.times and not wish.cycle else None
