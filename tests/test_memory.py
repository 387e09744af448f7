"""A whole garbage collection waits for a calm moment, but not for ever."""

import gc
from dataclasses import dataclass, field

from bot.memory import AT_LEAST_EVERY_S, CALM, EVERY_S, NEVER, YOUNG, Memory, settle_memory


@dataclass
class Machine:
    """A clock that is turned by hand, and how much goes on."""

    now: float = 0.0
    busy: int = 0
    collected_at: list[float] = field(default_factory=list)

    def memory(self) -> Memory:
        return Memory(lambda: self.busy, monotonic=lambda: self.now, collect=self.collect)

    def collect(self) -> int:
        self.collected_at.append(self.now)
        return 0


async def test_in_a_calm_hour_it_is_done_every_ten_minutes() -> None:
    machine = Machine(busy=CALM)
    memory = machine.memory()
    for minute in range(60):
        machine.now = minute * 60.0
        await memory.once()
    assert machine.collected_at == [EVERY_S * number for number in range(1, 6)]


async def test_while_much_goes_on_it_waits_until_it_is_calm() -> None:
    machine = Machine(busy=CALM + 1)
    memory = machine.memory()
    machine.now = EVERY_S * 2
    await memory.once()
    assert machine.collected_at == []
    machine.busy = 0
    await memory.once()
    assert machine.collected_at == [EVERY_S * 2]


async def test_however_much_goes_on_it_is_done_every_hour() -> None:
    machine = Machine(busy=2_000)
    memory = machine.memory()
    machine.now = AT_LEAST_EVERY_S
    await memory.once()
    assert machine.collected_at == [AT_LEAST_EVERY_S]


def test_what_stands_at_the_start_is_looked_at_no_more() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    try:
        settle_memory()
        assert gc.get_freeze_count() > frozen
        assert gc.get_threshold()[0] == YOUNG
        assert gc.get_threshold()[2] == NEVER
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
