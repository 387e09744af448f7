"""Every leaf of a register keeps to the Protocol of its folder, so that adding a word is adding a file."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Protocol

import click
import pytest

from bot.blocks.help import Help
from bot.demo.slack.call import Method
from bot.registry import leaves
from bot.schedules.kind import Kind
from bot.slack.door import Command, ModalView, PressAction

ROOT = Path(__file__).parents[1]


class Notifier(Protocol):
    """One kind of destination: what it answers is kept as the receipt."""

    async def send(self, outlets: Any, delivery: Any, message: Any, leave: Any) -> Any: ...
    async def take_back(self, outlets: Any, receipt: Any) -> Any: ...


PROTOCOLS: dict[str, type] = {
    "bot.schedules.kinds": Kind,
    "bot.slack.commands": Command,
    "bot.slack.actions": PressAction,
    "bot.slack.views": ModalView,
    "bot.notifiers": Notifier,
}
LEAVES = [(folder, name) for folder in PROTOCOLS for name in leaves(folder)]
COMMANDS = leaves("bot.slack.commands")


def complaints(leaf: object, protocol: type) -> list[str]:
    """What the leaf lacks of its Protocol: its functions, their arguments in order, and whether they are awaited."""
    found = [f"has no {name}" for name in inspect.get_annotations(protocol) if not hasattr(leaf, name)]
    for name, wanted in inspect.getmembers(protocol, inspect.isfunction):
        if name.startswith("_"):
            continue
        given = getattr(leaf, name, None)
        if not inspect.isfunction(given):
            found.append(f"has no function {name}()")
        elif inspect.iscoroutinefunction(given) != inspect.iscoroutinefunction(wanted):
            found.append(f"{name}() is awaited in the one and not in the other")
        elif list(inspect.signature(given).parameters) != list(inspect.signature(wanted).parameters)[1:]:
            found.append(f"{name}{inspect.signature(given)} takes other arguments than {inspect.signature(wanted)}")
    return found


@pytest.mark.parametrize("folder", PROTOCOLS)
def test_no_register_is_empty(folder: str) -> None:
    assert leaves(folder)


@pytest.mark.parametrize(("folder", "name"), LEAVES)
def test_a_leaf_keeps_to_the_protocol_of_its_folder(folder: str, name: str) -> None:
    assert complaints(leaves(folder)[name], PROTOCOLS[folder]) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself_with_words_that_can_be_typed(name: str) -> None:
    told = COMMANDS[name].HELP
    assert isinstance(told, Help)
    assert told.verb == name
    assert told.says.endswith(".")
    assert told.examples
    for typed in (told.usage, *told.examples):
        assert typed.split()[:1] in ([], [name]), "an example begins with the word itself, without /dify"


def test_every_kind_of_schedule_that_scripts_may_see_is_there() -> None:
    assert set(leaves("bot.schedules.kinds")) == {"cron", "fixed_rate", "fixed_delay", "one_time", "api"}


def test_every_word_of_the_command_line_has_a_help() -> None:
    words = {name: leaf for name, leaf in leaves("bot.cli").items() if not name.startswith("_")}
    assert {"serve", "demo", "next", "trace"} <= set(words)
    for name, leaf in words.items():
        assert isinstance(leaf.command, click.Command), name
        assert leaf.command.name == name
        assert leaf.command.help, name


def test_every_method_of_the_local_slack_stands_in_the_file_of_its_family() -> None:
    for family, leaf in leaves("bot.demo.slack.api").items():
        for name, method in leaf.METHODS.items():
            assert isinstance(method, Method), name
            assert name.split(".")[0] in (family, "apps", "team", "api"), f"{name} stands in {family}.py"


def buttons() -> Iterator[tuple[str, str]]:
    """(place, action_id) of each button whose action_id is written out: `button("Stop", "stop_run", …)`."""
    for room in ("bot/blocks", "bot/slack"):
        for file in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "button" and len(node.args) > 1:
                    second = node.args[1]
                    if isinstance(second, ast.Constant) and isinstance(second.value, str):
                        yield f"{file.relative_to(ROOT)}:{node.lineno}", second.value


def test_every_button_has_somebody_who_acts() -> None:
    found = list(buttons())
    assert len(found) > 5
    actions = leaves("bot.slack.actions")
    assert [(place, action) for place, action in found if action not in actions] == []


async def _act(press: object, services: object) -> None: ...


async def _act_otherwise(services: object, press: object) -> None: ...


def _act_at_once(press: object, services: object) -> None: ...


@pytest.mark.parametrize(
    ("leaf", "protocol", "is_good"),
    [
        (SimpleNamespace(act=_act), PressAction, True),
        (SimpleNamespace(), PressAction, False),
        (SimpleNamespace(act="act"), PressAction, False),
        (SimpleNamespace(act=_act_otherwise), PressAction, False),
        (SimpleNamespace(act=_act_at_once), PressAction, False),
        (SimpleNamespace(answer=_act), Command, False),
        (ModuleType("empty"), Kind, False),
    ],
)
def test_the_check_knows_a_leaf_that_keeps_to_it_from_one_that_does_not(
    leaf: object, protocol: type, is_good: bool
) -> None:
    assert (complaints(leaf, protocol) == []) is is_good
