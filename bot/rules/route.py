"""To which of its addresses the next run of an app goes. Pure."""

from collections.abc import Sequence

FIRST, ROUND, FAILOVER = "first", "round", "failover"


def in_turn(base_urls: Sequence[str], routing: str, last_url: str | None) -> tuple[str, ...]:
    """The addresses in the order in which the next run would try them, given where the last one went. One that is
    not the first of them is taken only where those before it cannot be reached."""
    start = 0
    if routing != FIRST and last_url in base_urls:
        start = base_urls.index(last_url) + (routing == ROUND)
    start %= len(base_urls)
    return (*base_urls[start:], *base_urls[:start])
