"""Reads what comes again: tries the readers of a language at each place until the phrase is at its end."""

import re
from collections.abc import Callable, Sequence

from bot.schedules.words.cursor import Stuck
from bot.schedules.words.han.draft import Draft, settle
from bot.schedules.words.han.scan import Scan, straighten
from bot.schedules.words.han.tongue import Tongue
from bot.schedules.words.han.vague import refuse_vague
from bot.schedules.words.wish import Wish

Reader = Callable[[Scan, Draft], Draft | None]


def read_recurring(
    phrase: str,
    readers: Sequence[Reader],
    fillers: re.Pattern[str],
    vague: Sequence[tuple[re.Pattern[str], str]],
    tongue: Tongue,
) -> Wish | Stuck:
    """The whole phrase as a wish, or where reading ended. Raises Refusal for what is understood and cannot be."""
    scan, draft, understood = Scan(straighten(phrase)), Draft(), 0
    while not scan.is_at_end:
        more = read_next(scan, draft, readers)
        if more is not None:
            draft, understood = more, scan.at
        elif not scan.take(fillers):
            refuse_vague(scan, vague, tongue)
            return Stuck(understood, scan.rest_from(understood))
    return settle(draft, tongue) if draft != Draft() else Stuck(0, phrase)


def read_next(scan: Scan, draft: Draft, readers: Sequence[Reader]) -> Draft | None:
    """The draft with what stands here; None where no reader knows it, or where it is said twice."""
    place = scan.at
    for reader in readers:
        more = reader(scan, draft)
        if more is not None and scan.at > place:
            return more
        scan.at = place
    return None
