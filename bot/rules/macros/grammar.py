"""How a text with macros is read: its literal parts, and each `{{ … }}` as a name with filters, never as a program.

Jinja reads what stands between the braces and gives a syntax tree. Of that tree only names, constants and known
filters are taken; whatever else it holds is refused. No template is ever compiled or run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from bot.errors import Refusal
from bot.rules.macros.facts import Facts
from bot.rules.macros.filters import Step, read_step
from bot.rules.macros.names import Kind, kind_of, look_up

if TYPE_CHECKING:
    from jinja2 import nodes

OPEN, CLOSE, LITERAL_OPEN = "{{", "}}", "\\{{"
LONGEST_MACRO = 200
MOST_FILTERS = 8
REMEMBERED = 1024
# Quotations are skipped as a whole, for they may hold the closing braces. Possessive: one look at each character.
INSIDE = re.compile(r"""((?:"(?:[^"\\]|\\.)*+" | '(?:[^'\\]|\\.)*+' | (?!\}\}).)*+)\}\}""", re.DOTALL | re.VERBOSE)
# The escapes that are no use here: some make texts that cannot be stored, some depend on the version of Python.
ESCAPE = re.compile(r"""\\(?:[\\"'nt]|(?P<strange>.?))""", re.DOTALL)
# Telephones type these for plain quotation marks.
CURLY = str.maketrans("“”„‟‘’", '""""\'\'')
LITERAL_HINT = "To send the braces as they are, write \\{{ for {{."
SHAPE = 'A macro is a name and, if you like, filters: {{ data_time | date("%Y-%m-%d") }}.'


@dataclass(frozen=True, slots=True)
class Macro:
    """`path` is the name in its parts, or None where `text` is a constant. `kind` is that of the value in the end."""

    source: str
    path: tuple[str | int, ...] | None
    text: str
    steps: tuple[Step, ...]
    kind: Kind

    def value(self, facts: Facts) -> Any:
        """What stands in its place; MISSING where there is nothing. Raises Refusal."""
        value = self.text if self.path is None else look_up(self.path, facts)
        for step in self.steps:
            value = step.apply(value, facts.zone)
        return value


def split(text: str) -> Iterator[str | Macro]:
    """The literal parts and the macros of a text, in order. Raises Refusal `bad_macro` or `bad_offset`."""
    at = 0
    while (start := text.find(OPEN, at)) >= 0:
        if start > at and text[start - 1] == "\\":
            yield text[at : start - 1] + OPEN
            at = start + len(OPEN)
            continue
        yield text[at:start]
        at = start + len(OPEN)
        found = INSIDE.match(text, at, at + LONGEST_MACRO + len(CLOSE))
        if found is None:
            raise _unclosed(text, at)
        yield read_macro(found[1])
        at = found.end()
    yield text[at:]


@lru_cache(REMEMBERED)
def read_macro(source: str) -> Macro:
    """What stands between two braces and two braces. Raises Refusal."""
    said = ""
    if '"' not in source and "'" not in source:
        source = source.translate(CURLY)
    try:
        node = _parse(source)
        typed: list[tuple[str, str | None]] = []
        while (filtered := _take_filter(node)) is not None:
            node, name, argument = filtered
            typed.append((name, argument))
        path, text = _read_start(node)
        said = ".".join(map(str, path or ()))
        kind = Kind.TEXT if path is None else kind_of(path)
        steps: list[Step] = []
        for name, argument in reversed(typed):
            step, kind = read_step(name, argument, kind)
            steps.append(step)
        if len(steps) > MOST_FILTERS:
            raise Refusal(f"It has more than {MOST_FILTERS} filters.", SHAPE, code="bad_macro")
    except Refusal as error:
        raise _about(source, said, error) from None
    return Macro(source.strip(), path, text, tuple(steps), kind)


def _parse(source: str) -> "nodes.Node":
    """The tree of one expression. Raises Refusal for what is none."""
    from jinja2 import TemplateSyntaxError, nodes

    for escape in ESCAPE.finditer(source):
        if escape["strange"] is not None:
            raise Refusal(f"“{escape[0]}” cannot stand in a macro.", "Write a backslash as two.", code="bad_macro")
    try:
        body = _reader().parse(f"{{{{ {source} }}}}").body
    except (TemplateSyntaxError, RecursionError):
        raise _shapeless() from None
    if len(body) != 1 or not isinstance(body[0], nodes.Output) or len(body[0].nodes) != 1:
        raise _shapeless()
    return body[0].nodes[0]


@cache
def _reader() -> Any:
    """Jinja costs a tenth of a second to import, which a process without macros need not pay."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment()


def _take_filter(node: Any) -> tuple[Any, str, str | None] | None:
    """What is filtered, the name of the filter, and its argument; None where there is no filter."""
    from jinja2 import nodes

    if not isinstance(node, nodes.Filter):
        return None
    if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None or len(node.args) > 1:
        raise _shapeless()
    if not node.args:
        return node.node, node.name, None
    argument = node.args[0]
    if not isinstance(argument, nodes.Const) or not isinstance(argument.value, str):
        raise Refusal(f"“{node.name}” takes a text in quotation marks.", 'As in add("-1d").', code="bad_macro")
    return node.node, node.name, argument.value


def _read_start(node: Any) -> tuple[tuple[str | int, ...] | None, str]:
    """The path of a name, or None and the text of a constant."""
    from jinja2 import nodes

    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return None, node.value
    path: list[str | int] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        path.append(node.attr if isinstance(node, nodes.Getattr) else _read_key(node.arg))
        node = node.node
    if not isinstance(node, nodes.Name):
        raise _shapeless()
    return (node.name, *reversed(path)), ""


def _read_key(node: Any) -> str | int:
    from jinja2 import nodes

    if isinstance(node, nodes.Const) and isinstance(node.value, str | int) and not isinstance(node.value, bool):
        return node.value
    raise _shapeless()


def _shapeless() -> Refusal:
    return Refusal("This is not a macro.", SHAPE, code="bad_macro")


def _unclosed(text: str, at: int) -> Refusal:
    shown = " ".join(text[at : at + 40].split())
    what = "is not closed" if text.find(CLOSE, at) < 0 else f"is longer than {LONGEST_MACRO} characters"
    return Refusal(f"“{{{{ {shown}” {what}.", f"{SHAPE} {LITERAL_HINT}", code="bad_macro")


def _about(source: str, said: str, error: Refusal) -> Refusal:
    """The refusal, naming the macro. To be typed instead: with the name that was meant, or the braces as they are."""
    shown = " ".join(f"{OPEN}{source}{CLOSE}".split())
    meant = (shown.replace(said, name, 1) for name in error.choices if said in shown)
    return Refusal(
        f"{shown}: {error.message}",
        f"{error.hint} {LITERAL_HINT}".strip(),
        code="bad_macro",
        choices=(*meant, f"\\{shown}"),
    )
