"""The house stands: arrows only go down, and each law holds. A checker reads the imports, so nothing has to run."""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

GROUND = ("storage", "bot.settings", "bot.values", "bot.egress", "bot.hosts", "bot.registry", "bot.errors")
CRAFTS = ("bot.schedules", "bot.rules", "bot.dify", "bot.blocks")
HINGE = ("bot.services", "bot.foreground", "bot.pulse", "bot.tasks", "bot.unsaved")
LEAST = ("storage.records", "bot.errors", "bot.registry")

# room: what it may import beside itself. A room that is not here is not part of the house yet.
FLOORS: Mapping[str, tuple[str, ...]] = {
    # 6 front
    "bot.__main__": ("bot", "storage"),
    "bot.app": ("bot", "storage"),
    "bot.cli": ("bot", "storage"),
    "bot.log": ("bot.settings",),
    "bot.opening": ("bot", "storage"),
    "bot.memory": (),
    "bot.process": ("bot.memory", "bot.rounds", "bot.watchdog"),
    "bot.watch": GROUND,
    "bot.rounds": ("bot.engine.port",),
    "bot.watchdog": (),
    # 5 doors, loops, engines: never each other
    "bot.slack": (*HINGE, "bot.operations", *CRAFTS, *GROUND),
    "bot.web": (*HINGE, "bot.operations", *CRAFTS, *GROUND),
    "bot.loops": (*HINGE, "bot.operations", *CRAFTS, *GROUND),
    "bot.engine": GROUND,
    # 4 hinge: the types that it holds
    "bot.services": (
        "bot.dify.client",
        "bot.dify.parameters",
        "bot.slack.client",
        "bot.engine.port",
        "bot.foreground",
        "bot.pulse",
        "bot.tasks",
        "bot.unsaved",
        *GROUND,
    ),
    "bot.foreground": (),
    "bot.pulse": (),
    "bot.tasks": (),
    "bot.unsaved": (),
    # 3 deeds
    "bot.operations": (*CRAFTS, *GROUND),
    "bot.notifiers": ("bot.blocks", *GROUND),
    "bot.demo": ("bot.settings", *LEAST),
    # 2 crafts: never each other
    "bot.schedules": LEAST,
    "bot.rules": LEAST,
    "bot.blocks": LEAST,
    "bot.dify": ("bot.egress", "bot.hosts", *LEAST),
    # 1 ground
    "bot.settings": ("bot.values", "bot.errors", "storage.address", "storage.errors", "storage.vault"),
    "bot.values": ("bot.errors", "storage.address", "storage.errors", "storage.vault"),
    "bot.egress": ("bot.hosts", "bot.errors"),
    "bot.hosts": ("bot.errors",),
    "bot.registry": (),
    "bot.errors": (),
    "storage": (),
}

PURE = (
    *("bot.rules", "bot.schedules", "bot.blocks"),
    *(
        "bot.slack.request",
        "bot.slack.words",
        "bot.slack.sentence",
        "bot.slack.run_sentence",
        "bot.slack.payload",
        "bot.slack.answers",
    ),
    *("bot.dify.sse", "bot.dify.events", "bot.dify.trace", "bot.dify.faults"),
)
IMPURE_IMPORTS = frozenset(
    {"aiohttp", "asyncio", "httpx", "requests", "slack_bolt", "slack_sdk", "socket", "sqlalchemy", "sqlite3"}
    | {"subprocess", "threading", "urllib3"}
)
CLOCKS = frozenset(
    {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns", "time.localtime"}
)

HTTP = "speaks HTTP out"
# outside package: (what it does, who may import it)
KEEPERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "slack_bolt": ("knows Bolt", ("bot.slack.listen", "bot.web")),
    "apscheduler": ("wakes loops", ("bot.engine",)),
    "procrastinate": ("wakes loops", ("bot.engine",)),
    "pgqueuer": ("wakes loops", ("bot.engine",)),
    # the Dify client stands in four files; the transport that all of it goes through is egress
    "httpx": (
        HTTP,
        (
            "bot.dify.client",
            "bot.dify.endpoint",
            "bot.dify.outage",
            "bot.dify.wire",
            "bot.notifiers",
            "bot.egress",
            "bot.hosts",
        ),
    ),
    "httpx_aiohttp": (HTTP, ("bot.egress",)),
    "aiohttp": (HTTP, ("bot.slack.client", "bot.notifiers", "bot.egress", "bot.demo")),
    "slack_sdk": (HTTP, ("bot.slack.client",)),
    "requests": (HTTP, ()),
    "urllib.request": (HTTP, ()),
    "dateparser": ("reads dates", ("bot.schedules",)),
    "holidays": ("knows calendars", ("bot.schedules",)),
    "chinese_calendar": ("knows calendars", ("bot.schedules",)),
    "icalendar": ("reads calendars", ("bot.schedules",)),
    "jinja2": ("renders templates", ("bot.rules",)),
    "fastapi": ("knows the web", ("bot.web", "bot.slack.listen")),
    "starlette": ("knows the web", ("bot.web", "bot.slack.listen")),
    "uvicorn": ("knows the web", ("bot.web",)),
    "alembic": ("migrates", ("storage",)),
}

REGISTERS = (
    *("bot.slack.commands", "bot.slack.actions", "bot.slack.views"),
    *("bot.schedules.kinds", "bot.notifiers", "bot.cli", "bot.demo.slack.api"),
)

LONGEST_FILE, LONGEST_FUNCTION = 250, 50
# file, or file:function -> why it is better whole
LONG: Mapping[str, str] = {
    "bot/blocks/markdown.py": "one reader of Markdown, one function for each kind of node",
    "bot/blocks/parts.py": "the small functions of which every block is made, with Slack's limits above them",
    "bot/blocks/trace.py": "the levels of one stack of modals, read from the outermost inwards",
    "bot/demo/dify/routes.py": "one method for each endpoint of one API",
    "bot/demo/dify/world.py": "data: the apps of the local Dify",
    "bot/slack/client.py": "one method for each thing that is said to Slack",
    "bot/loops/flight.py": "one run from its claim to its end, in the order in which things happen to it",
    "bot/dify/trace.py": "one state machine: each event of a run and what it changes",
    "bot/dify/tree.py": "one state machine: each event of a node and where it belongs",
    "storage/claims.py": "the one lock; in two files it would be two",
    "storage/runs.py": "one noun: its statements above, its functions below",
    "storage/records.py": "every type that travels, in one place to be read from top to bottom",
    "storage/tables.py": "every table, beside the rows that it points to",
    "storage/migrations/versions/v0001_first.py": "a migration is written once and never changed",
    "storage/migrations/versions/v0001_first.py:_make_runs": "a migration is written once and never changed",
}

VAGUE_NAMES = frozenset({"utils", "util", "helpers", "helper", "manager", "base", "common", "core", "misc"})
# Whoever holds one of these can ask Slack or Dify.
OUTSIDERS = frozenset({"Services", "Slack", "Dify", "Outlets", "AsyncClient"})
# operation -> why it asks nobody
TRUSTED: Mapping[str, str] = {
    "bot/operations/note.py:note": "writes down what another operation was allowed to do",
    "bot/operations/restore.py:restore": "whoever may replace the file of the database needs no leave of ours",
    "bot/operations/announce.py:announce": "tells the channel what another operation was allowed to do",
    "bot/operations/draft.py:take_draft": "a draft is its author's alone, and it compares the two",
}
DANGEROUS_IMPORTS = frozenset({"pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle"})
DANGEROUS_CALLS = frozenset(
    {"eval", "exec", "yaml.load", "yaml.unsafe_load", "yaml.full_load", "os.system", "os.popen"}
)
SQL_WRITE = re.compile(
    r"^sqlalchemy\b.*\.(insert|update|delete)$|^\s*(insert into|update|delete from)\s", re.IGNORECASE
)


@dataclass(frozen=True)
class Module:
    """One file. `imports` are (module, the name taken from it or "", what it is called here, line)."""

    name: str
    source: str
    is_package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @cached_property
    def path(self) -> str:
        return self.name.replace(".", "/") + ("/__init__.py" if self.is_package else ".py")

    @cached_property
    def imports(self) -> tuple[tuple[str, str, str, int], ...]:
        found: list[tuple[str, str, str, int]] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [(alias.name, "", alias.asname or alias.name, node.lineno) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                origin = self._origin(node)
                found += [(origin, alias.name, alias.asname or alias.name, node.lineno) for alias in node.names]
        return tuple(found)

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parents = self.name.split(".")[: -node.level + (1 if self.is_package else 0) or None]
        return ".".join([*parents, *([node.module] if node.module else [])])

    @property
    def room(self) -> str:
        parts = self.name.split(".")
        return "storage" if parts[0] == "storage" else ".".join(parts[:2])


class House:
    """All modules, and the arrows between them."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.modules = {module.name: module for module in modules}

    def arrows(self, module: Module) -> Iterator[tuple[str, int]]:
        """(module of ours, line); `from bot import dify` points to bot.dify."""
        for origin, name, _, line in module.imports:
            if origin.split(".")[0] in ("bot", "storage"):
                inner = f"{origin}.{name}"
                yield (inner if inner in self.modules else origin), line

    def outside(self, module: Module) -> Iterator[tuple[str, int]]:
        for origin, name, _, line in module.imports:
            if origin.split(".")[0] not in ("bot", "storage"):
                yield f"{origin}.{name}" if name else origin, line


def read_house() -> House:
    modules = []
    for top in ("bot", "storage"):
        for file in sorted((ROOT / top).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            modules.append(Module(".".join(parts[:-1] if is_package else parts), file.read_text("utf-8"), is_package))
    return House(modules)


HOUSE = read_house()


def is_in(name: str, places: Iterable[str]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def dotted(node: ast.expr) -> str:
    """`datetime.now` of datetime.now(); "" of anything that is no name."""
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ast.Name) else ""


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def climbing_arrows(house: House) -> list[str]:
    found = []
    for module in house.modules.values():
        allowed = FLOORS.get(module.room)
        if allowed is None and module.name != "bot":
            found.append(f"{module.path}: no floor is known for this room; give it one in FLOORS")
            continue
        found += [
            f"{module.path}:{line} imports {target}"
            for target, line in house.arrows(module)
            if target not in ("bot", module.room) and not is_in(target, (module.room, *(allowed or ())))
        ]
    return found


def what_records_import(house: House) -> list[str]:
    records = house.modules["storage.records"]
    outside = [name for name, _ in house.outside(records) if name.split(".")[0] not in sys.stdlib_module_names]
    return outside + [target for target, _ in house.arrows(records)]


def impure_deeds(house: House) -> list[str]:
    """What pure modules, and whatever of the house they build upon, import or ask."""
    waiting = [name for name in house.modules if is_in(name, PURE)]
    pure: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in house.modules and name not in pure:
            pure.add(name)
            waiting += [target for target, _ in house.arrows(house.modules[name]) if target != "bot.registry"]
    found = []
    for name in sorted(pure):
        module = house.modules[name]
        aliases = {local: f"{origin}.{taken}" for origin, taken, local, _ in module.imports if taken}
        found += [
            f"{module.path}:{line} imports {target}"
            for target, line in house.outside(module)
            if target.split(".")[0] in IMPURE_IMPORTS
        ]
        for called, node in calls(module.tree):
            full = aliases.get(called, called)
            if full == "open" or any(full == clock or full.endswith(f".{clock}") for clock in CLOCKS):
                found.append(f"{module.path}:{node.lineno} calls {called}()")
    return found


def trespasses(house: House) -> list[str]:
    found = []
    for module in house.modules.values():
        for target, line in house.outside(module):
            for package, (deed, keepers) in KEEPERS.items():
                if is_in(target, (package,)) and not is_in(module.name, keepers):
                    found.append(
                        f"{module.path}:{line} imports {target}; only {', '.join(keepers) or 'nobody'} {deed}"
                    )
            if (
                target.startswith("sqlalchemy")
                and not is_in(module.name, ("storage",))
                and target != "sqlalchemy.Connection"
            ):
                found.append(f"{module.path}:{line} imports {target}; only storage/ writes SQL")
    return found


def storage_writers(house: House) -> set[str]:
    """`storage.jobs.save` and its like: what changes rows, itself or through a statement or a function that does."""
    named: dict[str, set[str]] = {}
    for module in house.modules.values():
        if module.room == "storage" and ".migrations" not in module.name:
            for name, node in definitions(module):
                named[f"{module.name}.{name}"] = {resolve(house, module, each) for each in mentions(node)}
    writers = {name for name, mentioned in named.items() if any(SQL_WRITE.search(each) for each in mentioned)}
    while more := {name for name, mentioned in named.items() if mentioned & writers} - writers:
        writers |= more
    return writers


def definitions(module: Module) -> Iterator[tuple[str, ast.stmt]]:
    """Functions and constants of a module, by name."""
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            yield from ((target.id, node) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node


def mentions(node: ast.AST) -> Iterator[str]:
    """Every dotted name in it, and every text, which may be SQL."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name | ast.Attribute) and (name := dotted(inner)):
            yield name
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def resolve(house: House, module: Module, name: str) -> str:
    """The whole name: `jobs.save` after `from storage import jobs` is storage.jobs.save."""
    head, _, rest = name.partition(".")
    for origin, taken, local, _ in module.imports:
        if local == head:
            return ".".join(part for part in (origin, taken, rest) if part)
    return f"{module.name}.{name}" if head.isidentifier() else name


def doors_that_write(house: House) -> list[str]:
    writers = storage_writers(house)
    return [
        f"{module.path}:{node.lineno} calls {called}()"
        for module in house.modules.values()
        if module.room in ("bot.slack", "bot.web", "bot.cli")
        for called, node in calls(module.tree)
        if resolve(house, module, called) in writers
    ]


def operations_without_authority(house: House) -> list[str]:
    """Public operations that take an actor and neither ask `authorize` nor hand the actor to one that does."""
    return [
        f"{module.path}:{function.name}"
        for module in house.modules.values()
        if module.room == "bot.operations"
        for function in module.tree.body
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("_")
        if f"{module.path}:{function.name}" not in TRUSTED
        if "actor" in {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}
        if not any(
            "authorize" in called or any(isinstance(given, ast.Name) and given.id == "actor" for given in node.args)
            for called, node in calls(function)
        )
    ]


def circles(house: House) -> list[str]:
    """A module that can be reached from what it imports."""
    arrows = {name: {target for target, _ in house.arrows(module)} - {name} for name, module in house.modules.items()}

    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for target in arrows.get(waiting.pop(), set()) - seen:
                seen.add(target)
                waiting.append(target)
        return seen

    return sorted(name for name in house.modules if name in reach(name))


def long_places(house: House) -> dict[str, int]:
    """Files and functions over their length, with their lines."""
    found = {}
    for module in house.modules.values():
        lines = len(module.source.splitlines())
        if lines > LONGEST_FILE:
            found[module.path] = lines
        for function in functions(module.tree):
            length = (function.end_lineno or 0) - function.lineno + 1
            if length > LONGEST_FUNCTION:
                found[f"{module.path}:{function.name}"] = length
    return found


def sizes_without_reason(house: House) -> list[str]:
    return [f"{place} has {lines} lines" for place, lines in long_places(house).items() if place not in LONG]


def leaves_called_by_name(house: House) -> list[str]:
    return [
        f"{module.path}:{line} imports {target}"
        for module in house.modules.values()
        for target, line in house.arrows(module)
        for register in REGISTERS
        if is_in(target, (register,))
        and target != register
        and not target.removeprefix(f"{register}.").startswith("_")
    ]


def outside_asked_in_a_transaction(house: House) -> list[str]:
    """What works on an open connection is a plain function, which cannot wait, and is handed nobody to ask."""
    found = []
    for module in house.modules.values():
        coroutines = {node.name for node in functions(module.tree) if isinstance(node, ast.AsyncFunctionDef)}
        for function in functions(module.tree) if module.room != "storage" else ():
            types = {annotation for annotation in annotations(function) if annotation}
            if "Connection" in types and (function.name in coroutines or types & OUTSIDERS):
                found.append(f"{module.path}:{function.lineno} {function.name}")
        for called, node in calls(module.tree):
            if called.endswith(("store.run", "store.read")):
                given = {argument.id for argument in node.args if isinstance(argument, ast.Name)}
                found += [f"{module.path}:{node.lineno} runs {name}" for name in sorted(given & coroutines)]
    return found


def annotations(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs):
        yield dotted(argument.annotation).rpartition(".")[2] if argument.annotation else ""


def dangers(house: House) -> list[str]:
    found = []
    for module in house.modules.values():
        found += [
            f"{module.path}:{line} imports {target}"
            for target, line in house.outside(module)
            if target.split(".")[0] in DANGEROUS_IMPORTS
        ]
        for called, node in calls(module.tree):
            risky = {keyword.arg for keyword in node.keywords if isinstance(keyword.value, ast.Constant)} and [
                keyword.arg
                for keyword in node.keywords
                if isinstance(keyword.value, ast.Constant)
                if (keyword.arg, keyword.value.value) in {("shell", True), ("verify", False), ("ssl", False)}
            ]
            if called in DANGEROUS_CALLS or risky:
                found.append(f"{module.path}:{node.lineno} calls {called}({', '.join(map(str, risky or []))})")
    return found


def nameless_files(house: House) -> list[str]:
    found = []
    for module in house.modules.values():
        if module.name.rpartition(".")[2] in VAGUE_NAMES:
            found.append(f"{module.path} has a name that says nothing")
        if module.source.strip() and not ast.get_docstring(module.tree):
            found.append(f"{module.path} does not open with the sentence that says what it owns")
    return found


def test_arrows_only_go_down() -> None:
    """Move the code to the floor that it belongs to, or hand it what it needs as an argument."""
    assert climbing_arrows(HOUSE) == []


def test_records_are_made_of_the_standard_library() -> None:
    """They travel through every room: what they import, everybody imports."""
    assert what_records_import(HOUSE) == []


def test_pure_rooms_do_no_io_and_never_ask_for_the_time() -> None:
    """Take `now` as an argument, and give back a value for somebody else to act on."""
    assert impure_deeds(HOUSE) == []


def test_what_reaches_outside_has_one_keeper() -> None:
    """Call the keeper instead of the library."""
    assert trespasses(HOUSE) == []


def test_doors_write_only_through_operations() -> None:
    """Write an operation that authorises its actor, and call that."""
    assert doors_that_write(HOUSE) == []


def test_every_operation_authorises_its_actor() -> None:
    """Call `authorize(actor, action, object)` with the row as it is inside the transaction."""
    assert operations_without_authority(HOUSE) == []


def test_there_is_no_circle() -> None:
    """Of two that need each other, what both need is a third."""
    assert circles(HOUSE) == []


def test_what_is_long_has_a_reason() -> None:
    """Split it by meaning, or write the reason into LONG."""
    assert sizes_without_reason(HOUSE) == []


def test_a_reason_goes_when_what_it_excused_is_short() -> None:
    assert set(LONG) - set(long_places(HOUSE)) == set()


def test_nobody_calls_a_leaf_by_its_name() -> None:
    """Ask the register: `leaves("bot.slack.commands")`. What two leaves share stands beside their folder."""
    assert leaves_called_by_name(HOUSE) == []


def test_the_outside_is_asked_before_a_transaction_opens() -> None:
    """Ask first, then open the transaction with the answer as a value."""
    assert outside_asked_in_a_transaction(HOUSE) == []


def test_nothing_turns_data_into_code() -> None:
    """JSON for data, yaml.safe_load for YAML, a list of arguments for a program."""
    assert dangers(HOUSE) == []


def test_every_file_has_a_name_and_a_first_sentence() -> None:
    assert nameless_files(HOUSE) == []


def test_every_room_of_the_table_is_there() -> None:
    rooms = {module.room for module in HOUSE.modules.values()}
    assert set(FLOORS) <= rooms


FAKES: list[tuple[Callable[[House], list[str]], str, str]] = [
    (climbing_arrows, "storage.jobs", "import bot.errors"),
    (climbing_arrows, "bot.rules.x", "from bot.blocks import y"),
    (climbing_arrows, "bot.slack.x", "def f():\n    from bot.loops.clock import Clock"),
    (climbing_arrows, "bot.web.x", "from bot import slack"),
    (climbing_arrows, "bot.engine.x", "from bot.loops import clock"),
    (climbing_arrows, "bot.demo.x", "from bot.slack.client import Slack"),
    (climbing_arrows, "bot.operations.x", "from bot.services import Services"),
    (climbing_arrows, "bot.dify.x", "from storage import runs"),
    (climbing_arrows, "bot.dify.x", "from ..blocks import run"),
    (climbing_arrows, "bot.attic.x", ""),
    (what_records_import, "storage.records", "import sqlalchemy"),
    (what_records_import, "storage.records", "from storage import tables"),
    (impure_deeds, "bot.rules.x", "import asyncio"),
    (impure_deeds, "bot.schedules.deep.x", "from datetime import datetime\nnow = datetime.now()"),
    (impure_deeds, "bot.blocks.x", "import datetime\nnow = datetime.datetime.utcnow()"),
    (impure_deeds, "bot.slack.words", "from time import time\nnow = time()"),
    (impure_deeds, "bot.dify.sse", "open('x')"),
    (trespasses, "bot.slack.x", "from slack_bolt.async_app import AsyncApp"),
    (trespasses, "bot.loops.x", "import apscheduler"),
    (trespasses, "bot.operations.x", "import httpx"),
    (trespasses, "bot.web.x", "import urllib.request"),
    (trespasses, "bot.cli.x", "import dateparser.search"),
    (trespasses, "bot.operations.x", "from sqlalchemy import select"),
    (operations_without_authority, "bot.operations.x", "def pause(connection, actor, job):\n    save(job)"),
    (sizes_without_reason, "bot.x", "\n" * 251),
    (sizes_without_reason, "bot.x", "def f():\n" + "    pass\n" * 50),
    (leaves_called_by_name, "bot.app", "from bot.slack.commands.list import answer"),
    (leaves_called_by_name, "bot.slack.commands.b", "from bot.slack.commands import a"),
    (outside_asked_in_a_transaction, "bot.operations.x", "async def f(c: Connection): ..."),
    (outside_asked_in_a_transaction, "bot.loops.x", "def f(c: sqlalchemy.Connection, dify: Dify): ..."),
    (outside_asked_in_a_transaction, "bot.loops.x", "async def f(c): ...\nservices.store.run(f)"),
    (dangers, "storage.x", "import pickle"),
    (dangers, "storage.x", "import yaml\nyaml.load(text)"),
    (dangers, "bot.x", "eval('1')"),
    (dangers, "bot.x", "subprocess.run('ls', shell=True)"),
    (dangers, "bot.x", "httpx.get(url, verify=False)"),
    (nameless_files, "bot.slack.utils", '"""Owns nothing."""'),
    (nameless_files, "bot.slack.x", "x = 1"),
]


@pytest.mark.parametrize(("law", "name", "source"), FAKES)
def test_the_checker_catches_who_breaks_a_law(law: Callable[[House], list[str]], name: str, source: str) -> None:
    known = [Module("bot.slack.commands.a", ""), Module("bot.slack", "", True), Module("storage.records", "")]
    assert law(House([*known, Module(name, source)]))


def test_the_checker_sees_a_circle_of_three() -> None:
    ring = {"bot.rules.a": "bot.rules.b", "bot.rules.b": "bot.rules.c", "bot.rules.c": "bot.rules.a"}
    house = House(Module(name, f"import {target}") for name, target in ring.items())
    assert circles(house) == sorted(ring)


def test_the_checker_sees_impurity_through_a_neighbour() -> None:
    house = House([Module("bot.dify.trace", "from bot.dify import tree"), Module("bot.dify.tree", "import httpx")])
    assert impure_deeds(house) == ["bot/dify/tree.py:1 imports httpx"]


def test_the_checker_sees_a_door_that_writes_through_another_function() -> None:
    storage = """
from sqlalchemy import select, update as change
_PUT = {"sqlite": change(jobs)}
_GET = select(jobs)
def put(c): c.execute(_PUT[c.dialect.name])
def pause(c): put(c)
def get(c): found.update(c.execute(_GET))
"""
    door = Module("bot.slack.x", "from storage import jobs\njobs.get(c)\njobs.pause(c)")
    house = House([Module("storage.jobs", storage), door])
    assert doors_that_write(house) == ["bot/slack/x.py:3 calls jobs.pause()"]


def test_the_checker_knows_which_functions_of_the_storage_write() -> None:
    writers = storage_writers(HOUSE)
    assert {"storage.jobs.add", "storage.jobs.save", "storage.apps.set_key", "storage.deliveries.owe"} <= writers
    assert not {"storage.jobs.get", "storage.runs.get", "storage.meta.get"} & writers
