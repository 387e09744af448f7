"""The nodes of one run as a growing tree: each event finds its node, each node its container.

Traps of the wire: a round is told only when a node has finished, so that the place of a running node can be a
guess; Dify 1.8 gives each retry a new id and mixes parallel items; any event may be lost or come twice.
"""

from collections import deque
from collections.abc import Mapping
from itertools import islice
from typing import Any, TypeVar

from bot.dify.box import MAX_LOOK, Box, Group
from bot.dify.events import ident, mapping, text, whole
from bot.dify.node import CONTAINERS, Node, Previews, Where, locate

MAX_SPANS = 20_000
"""Nodes kept of one run; Dify's own limit is 500 steps, but the children of an iteration do not count there. To write
more of them at once would hold up every ack for over 50 ms; those beyond are counted."""

N = TypeVar("N", bound=Node)


class Tree:
    """`nodes` are in the order in which they began; `done` of them have ended; `dropped` were too many to keep."""

    def __init__(self, max_spans: int = MAX_SPANS) -> None:
        self.nodes: list[Node] = []
        self.done = 0
        self.dropped = 0
        self._max = max_spans
        self._previews = Previews()
        self._ids: set[str] = set()
        self._by_id: dict[str, Node] = {}
        self._running: dict[str, Node] = {}
        self._latest: dict[tuple[str, str | None], Node] = {}  # the newest leaf of a graph node, per worker
        self._groups: dict[str, Group] = {}
        self._open_groups: dict[str, Group] = {}

    @property
    def current(self) -> Node | None:
        """The node that began last and still runs."""
        return next(reversed(self._running.values()), None)

    def resume(self) -> None:
        """The run goes on after a pause: a container that is announced again is the one that was open."""
        for group in self._open_groups.values():
            group.paused = deque(group.open.values())

    # Nodes

    def begin(self, data: Mapping[str, Any], _: int) -> None:
        """`node_started`: twice for one id after a pause, or after its end when events overtake each other."""
        if ident(data.get("node_type")) in CONTAINERS:
            self._replay_box(data)
            return
        where = locate(data)
        node = self._leaf(data) or self._add_leaf(data, where)
        if node is None:
            self.dropped += 1
            return
        node.begun = True
        if node.parent is None and where.ids:
            self._place(node, where)

    def retry(self, data: Mapping[str, Any], _: int) -> None:
        """`node_retry`: one more attempt of a node that has begun, under the same id or (Dify 1.8) a new one."""
        where = locate(data)
        node = self._leaf(data) or self._unended(data, where) or self._add_leaf(data, where)
        if node is None:
            return
        if (execution := ident(data.get("id"))) is not None:
            self._by_id.setdefault(execution, node)
        if node.parent is None and where.ids:
            self._place(node, where)
        node.frozen = None
        index = whole(data.get("retry_index"))
        node.attempts = max(node.attempts, index + 1) if index is not None else node.attempts + 1
        if not node.ended:
            node.state, node.error = "retry", text(data.get("error"))

    def end(self, data: Mapping[str, Any], size: int) -> None:
        """`node_finished`, which may come without a start, before it, or twice. `size` bounds its bytes."""
        if ident(data.get("node_type")) in CONTAINERS:
            if (box := self._replay_box(data)) is not None:
                self._settle(box, data, size)
            return
        where = locate(data)
        node = self._leaf(data)
        if node is None:
            node = self._unended(data, where)
            if node is not None and node.begun and ident(data.get("id")) is not None:
                node = None  # another execution runs there: two must never become one
            node = node or self._add_leaf(data, where)
        if node is None:
            return
        if where.ids:
            self._place(node, where, final=True)
        self._settle(node, data, size)

    # Containers

    def open_box(self, data: Mapping[str, Any], kind: str, size: int) -> None:
        """`iteration_started`, `loop_started`."""
        group = self._group(data, kind)
        box = None if group is None else group.expected() or self._add_box(group)
        if box is None:
            self.dropped += group is not None
            return
        box.told = True
        box.name(data)
        length = mapping(data.get("metadata"))
        for key in ("iteration_length", "iterator_length", "loop_length"):
            if (rounds := whole(length.get(key))) is not None:
                box.rounds = rounds
        box.inputs = box.inputs or self._previews.take(data.get("inputs"), size)

    def turn_box(self, data: Mapping[str, Any], kind: str) -> None:
        """`iteration_next`, `loop_next`: the round that follows, unless all of them are announced at once."""
        group = self._group(data, kind)
        box = None if group is None else group.current() or self._add_box(group)
        if box is None:
            return
        box.paced = box.paced and not box.fresh
        box.fresh = True
        box.turn = whole(data.get("index"))

    def close_box(self, data: Mapping[str, Any], kind: str, size: int) -> None:
        """`iteration_completed`, `loop_completed`; the rounds of a loop are told here, not by its length."""
        group = self._group(data, kind)
        box = None if group is None else group.finishing() or self._add_box(group)
        if box is None:
            return
        box.name(data)
        if box.round is None and isinstance(box.parent, Box) and box.parent.paced:
            box.round = box.hint
        if (rounds := whole(mapping(data.get("outputs")).get("loop_round"))) is not None:
            box.rounds = rounds
        self._settle(box, data, size)

    def _replay_box(self, data: Mapping[str, Any]) -> Box | None:
        """A replay after a reconnect tells containers as nodes, with an execution id that the stream never had."""
        execution = ident(data.get("id"))
        known = self._by_id.get(execution) if execution is not None else None
        group = self._group(data, str(data.get("node_type")))
        if isinstance(known, Box) or group is None:
            return known if isinstance(known, Box) else None
        box = group.boxes[group.replayed] if group.replayed < len(group.boxes) else self._add_box(group)
        if box is None:
            return None
        group.replayed += 1
        if execution is not None:
            self._by_id.setdefault(execution, box)
        box.told = True
        box.name(data)
        return box

    # Placing

    def _place(self, node: Node, where: Where, *, final: bool = False) -> None:
        """Puts a node into its container; with `final` its round is known as well as it ever will be."""
        inner, outer = self._around(where)
        holder = self._holder(node, inner, outer, where)
        if holder is None:
            return
        self._house(holder, inner, outer)
        if node.parent is not holder:
            if isinstance(node.parent, Box) and not node.ended:
                node.parent.running -= 1
            if not node.ended:
                holder.running += 1
            node.parent = holder
            node.hint = holder.turn
        holder.fresh = False
        if where.worker is not None:
            holder.paced = False
            if isinstance(holder.parent, Box):
                holder.parent.paced = False
        inner.touched = holder
        if final:
            told = where.round_in(inner.node_id)
            node.round = told if told is not None or not holder.paced else node.hint

    def _around(self, where: Where) -> tuple[Group, Group | None]:
        """The container that holds the node, and what holds that. Of two, the inner one appeared later."""
        *rest, inner = [self._named(node_id, kind) for node_id, kind in reversed(where.ids)]
        if not rest:
            return inner, inner.home
        outer = rest[0]
        return (outer, inner) if inner.rank < outer.rank and not where.sure else (inner, outer)

    def _holder(self, node: Node, inner: Group, outer: Group | None, where: Where) -> Box | None:
        told = where.round_in(outer.node_id) if outer is not None else None
        outer_box = outer.current() if outer is not None and told is not None else None
        guess, key = node.parent, outer_box.id if outer_box is not None else ""
        if isinstance(guess, Box) and guess.node_id == inner.node_id and guess.fits(told, None):
            box: Box | None = guess
        else:
            box = inner.pick(told, key, where.worker) or self._add_box(inner)
        if box is not None and told is not None:
            box.round = told
            inner.by_round.setdefault((key, told), box)
        return box

    def _house(self, box: Box, inner: Group, outer: Group | None) -> None:
        """A child tells where its container stands: inside `outer`, or in none."""
        if outer is not None and inner.home is None and outer.rank < inner.rank:
            inner.home = outer
        if box.settled:
            return
        box.settled = True
        box.parent = None if inner.home is None else inner.home.current() or self._add_box(inner.home)
        if isinstance(box.parent, Box):
            box.parent.fresh = False
            box.hint = box.parent.turn if box.hint is None else box.hint

    def _guess_holder(self, group: Group) -> Box | None:
        """Where a container stands before a child tells: in an open one that has nothing else to do."""
        if group.home is not None:
            return group.home.current()
        for other in islice(reversed(self._open_groups.values()), MAX_LOOK):
            box = other.current()
            if box is not None and other.rank < group.rank and not box.ended and not box.running:
                return box
        return None

    # Finding and adding

    def _leaf(self, data: Mapping[str, Any]) -> Node | None:
        execution = ident(data.get("id"))
        node = self._by_id.get(execution) if execution is not None else None
        return None if isinstance(node, Box) else node

    def _unended(self, data: Mapping[str, Any], where: Where) -> Node | None:
        """What runs at that node of the graph, in that worker."""
        node = self._latest.get((ident(data.get("node_id")) or "", where.worker))
        return None if node is None or node.ended else node

    def _group(self, data: Mapping[str, Any], kind: str) -> Group | None:
        node_id = ident(data.get("node_id")) or ident(data.get("id"))
        return None if node_id is None else self._named(node_id, kind)

    def _named(self, node_id: str, kind: str) -> Group:
        group = self._groups.get(node_id)
        if group is None:
            group = self._groups[node_id] = Group(node_id, kind, len(self._groups))
        return group

    def _add_leaf(self, data: Mapping[str, Any], where: Where) -> Node | None:
        for holder_id, kind in reversed(where.ids):  # a container stands before its children, even when told late
            group = self._named(holder_id, kind)
            if not group.boxes:
                self._add_box(group)
        if len(self.nodes) >= self._max:
            return None
        node_id = ident(data.get("node_id")) or "unknown"
        execution = ident(data.get("id"))
        node = Node(id=self._unique(execution or f"{node_id}#{len(self.nodes)}"), node_id=node_id)
        if execution is not None:
            self._by_id[execution] = node
        self._latest[(node_id, where.worker)] = node
        node.name(data)
        return self._keep(node)

    def _add_box(self, group: Group) -> Box | None:
        if len(self.nodes) >= self._max:
            return None
        count = len(group.boxes) + 1
        name = self._unique(group.node_id if count == 1 else f"{group.node_id}#{count}")
        box = Box(id=name, node_id=group.node_id, kind=group.kind, title=group.node_id, rank=group.rank)
        box.turn = 0 if group.kind == "loop" else None  # a loop announces every round but the first
        if (holder := self._guess_holder(group)) is not None:
            box.parent, box.hint, box.settled = holder, holder.turn, group.home is not None
            holder.fresh = False
        group.boxes.append(box)
        group.open[name] = box
        self._open_groups[group.node_id] = group
        return self._keep(box)

    def _unique(self, wanted: str) -> str:
        while wanted in self._ids:
            wanted = f"{wanted}~{len(self.nodes)}"
        self._ids.add(wanted)
        return wanted

    def _keep(self, node: N) -> N:
        self.nodes.append(node)
        self._running[node.id] = node
        return node

    def _settle(self, node: Node, data: Mapping[str, Any], size: int) -> None:
        if not node.ended:
            self.done += 1
            self._running.pop(node.id, None)
            if isinstance(node, Box):
                self._shut(self._groups[node.node_id], node)
            elif isinstance(node.parent, Box):
                node.parent.running -= 1
        node.finish(data, size, self._previews)

    def _shut(self, group: Group, box: Box) -> None:
        group.open.pop(box.id, None)
        if not group.open:
            self._open_groups.pop(group.node_id, None)
