"""The executions of one container of the graph, and which of them an event is about.

Traps of the wire: events of a container carry its node id and no execution id, and repeat for every outer round.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import islice

from bot.dify.node import Node

MAX_LOOK = 64
"""Open executions of one container that are looked at to place an event, so that folding stays linear."""


@dataclass(slots=True, eq=False, kw_only=True)
class Box(Node):
    """One execution of an iteration or loop. `turn` is the round it is in, as far as its `next` events tell.

    `rank` is the order in which the containers of the graph appeared: what stands inside has the higher rank.
    """

    rank: int
    told: bool = False  # its own start has been seen, not only a child
    settled: bool = False  # its parent has been read from a child, not guessed
    paced: bool = True  # one round after the other; parallel rounds tell nothing by their `next`
    fresh: bool = False  # nothing has happened since the last `next`
    turn: int | None = None
    running: int = 0  # children that have begun and not ended
    worker: str | None = None

    def fits(self, told: int | None, worker: str | None) -> bool:
        """Could hold a child of that outer round and worker."""
        return (told is None or self.round in (None, told)) and (worker is None or self.worker in (None, worker))


@dataclass(slots=True, eq=False)
class Group:
    """All executions of one container of the graph, in the order in which they began. `home` is what holds it."""

    node_id: str
    kind: str
    rank: int
    home: "Group | None" = None
    boxes: list[Box] = field(default_factory=list)
    open: dict[str, Box] = field(default_factory=dict)
    by_round: dict[tuple[str, int], Box] = field(default_factory=dict)  # (box of the home, its round)
    by_worker: dict[str, Box] = field(default_factory=dict)
    touched: Box | None = None  # the last that a child was placed in
    paused: deque[Box] = field(default_factory=deque)
    replayed: int = 0  # how many, from the first, have been told by a replay

    def current(self) -> Box | None:
        """The execution that goes on, else the newest."""
        if self.touched is not None and not self.touched.ended:
            return self.touched
        if self.open:
            return next(reversed(self.open.values()))
        return self.boxes[-1] if self.boxes else None

    def pick(self, told: int | None, holder: str, worker: str | None) -> Box | None:
        """The execution that a child belongs to: by outer round, by worker, else one that is open and fits."""
        if told is not None and (box := self.by_round.get((holder, told))) is not None:
            return box
        if len(self.open) < 2:
            box = self.current()
            return box if box is not None and box.fits(told, None) else None
        if worker is not None and (box := self.by_worker.get(worker)) is not None:
            return box
        # Only the parallel items of Dify 1.8 have workers; they begin in the order in which their loops do.
        newest_first = reversed(self.open.values()) if worker is None else iter(self.open.values())
        for box in islice(newest_first, MAX_LOOK):
            if box.fits(told, worker):
                if worker is not None:
                    box.worker = worker
                    self.by_worker[worker] = box
                return box
        return None

    def finishing(self) -> Box | None:
        """Which execution an end is about: the one that was busy last and has no running child.

        With none open it is the newest again, for Dify 1.8 can send an end twice.
        """
        box = self.touched
        if box is not None and not box.ended and not box.running:
            return box
        idle = (box for box in islice(self.open.values(), MAX_LOOK) if not box.running)
        return next(idle, None) or next(iter(self.open.values()), None) or (self.boxes[-1] if self.boxes else None)

    def expected(self) -> Box | None:
        """An execution that a start is about though it is known: left open by a pause, or made for a child."""
        while self.paused:
            box = self.paused.popleft()
            if not box.ended:
                return box
        newest = self.boxes[-1] if self.boxes else None
        return newest if newest is not None and not newest.told and not newest.ended else None
