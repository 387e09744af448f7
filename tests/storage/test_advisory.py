"""What is done by one at a time is done by one at a time, also by two processes."""

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection

from storage.advisory import Lock, lock
from storage.database import Store


async def test_a_second_waits_until_the_first_has_committed(store: Store) -> None:
    seen: list[str] = []

    def work(name: str) -> Callable[[Connection], None]:
        def inside(c: Connection) -> None:
            lock(c, Lock.ROOM)
            seen.append(f"{name} begins")
            lock(c, Lock.PRUNE)
            seen.append(f"{name} ends")

        return inside

    await asyncio.gather(*(store.run(work(name)) for name in "ab"))
    assert [one.split()[0] for one in seen] in (["a", "a", "b", "b"], ["b", "b", "a", "a"])
