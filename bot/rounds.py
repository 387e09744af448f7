"""Whether the loops still come round: one that hangs for minutes will not mend itself, and a process that is started
anew takes its work up again."""

from asyncio import sleep
from collections.abc import Collection

from bot.engine.port import Handler

LOOK_EVERY_S = 10.0
# Each loop is woken every 5 s at the latest, and nothing that it waits for takes longer than a minute.
MOST_LOOKS = 18


class Rounds:
    """Counts the rounds of each loop that have ended, well or not."""

    def __init__(self) -> None:
        self._ended: dict[str, int] = {}

    def count(self, kind: str, handler: Handler) -> Handler:
        """The same handler, counted."""
        self._ended[kind] = 0

        async def come_round(ids: Collection[int]) -> object:
            try:
                return await handler(ids)
            finally:
                self._ended[kind] += 1

        return come_round

    async def wait_for_standstill(self, *, look_every_s: float = LOOK_EVERY_S) -> str:
        """Return the kind of a loop that has ended no round for so many looks. Looks are counted, and not time: a
        process that was stopped from outside is not at fault."""
        seen, looks = dict(self._ended), dict.fromkeys(self._ended, 0)
        while True:
            await sleep(look_every_s)
            for kind, ended in self._ended.items():
                looks[kind] = looks[kind] + 1 if seen[kind] == ended else 0
                if looks[kind] >= MOST_LOOKS:
                    return kind
            seen = dict(self._ended)
