"""Macros in the inputs of a job: `{{ yesterday }}` is filled in from the slot of each run, in the job's zone. Pure.

Only `{{ … }}` means something, and `\\{{` is a literal `{{`; every other character of a text stays as it is. A text
that `check` has let pass renders, but for what only the outputs of the last success can tell: whether they are there,
how long they are, whether they are numbers. docs/macros.md has the names.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot.errors import Refusal
from bot.rules.macros.facts import Facts, LastSuccess, read_data_time
from bot.rules.macros.grammar import LITERAL_OPEN, OPEN, Macro, split
from bot.rules.macros.names import MISSING, Kind, is_of_success
from bot.rules.macros.offset import Offset, read_offset, shift, write_offset
from bot.rules.macros.written import write

__all__ = (
    "Facts",
    "LastSuccess",
    "Offset",
    "Preview",
    "check",
    "escape",
    "has_macros",
    "needs_last_success",
    "preview",
    "read_data_time",
    "read_offset",
    "render",
    "shift",
    "write_number",
    "write_offset",
)

LONGEST_TEXT = 100_000  # characters of one value, before and after it is filled in
MOST_MACROS = 50  # in all inputs of a job together: a clock with many jobs due has no time for more
DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """`values` are the inputs with macros as the run would get them; `warnings` say what would hold a run up."""

    values: Mapping[str, Any]
    warnings: tuple[str, ...]


def has_macros(value: Any) -> bool:
    """Whether anything in it would be filled in; costs next to nothing."""
    return any(OPEN in text for text in _texts(value))


def check(inputs: Mapping[str, Any]) -> None:
    """Raises the Refusal `bad_macro` for the first macro that could not be filled in; its `field` is the input."""
    if sum(1 for _ in _macros(inputs)) > MOST_MACROS:
        raise Refusal(f"The inputs have more than {MOST_MACROS} macros in all.", "Take fewer.", code="bad_macro")


def needs_last_success(inputs: Mapping[str, Any]) -> bool:
    """Whether a macro asks for the success before this run. Raises Refusal as `check` does."""
    return any(macro.path is not None and is_of_success(macro.path) for macro in _macros(inputs))


def render(inputs: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """The inputs with every macro filled in, those in lists and objects too; keys stay as they are.

    A text that is one macro ending in `| number` becomes a number, every other one stays a text. Raises Refusal
    with the input as `field`: `bad_macro`, `no_value` where something is missing and no `default` is given, or
    `bad_value` for an output that does not fit.
    What has been rendered must not be rendered again: a value that was filled in may itself hold braces.
    """
    check(inputs)
    rendered = dict(inputs)
    for name, value in inputs.items():
        if has_macros(value):
            with _naming(name):
                rendered[name] = _map(value, lambda text: _fill(text, facts))
    return rendered


def preview(inputs: Mapping[str, Any], facts: Facts) -> Preview:
    """What the card shows before anything runs."""
    values: dict[str, Any] = {}
    warnings: list[str] = []
    for name, value in inputs.items():
        if any("%}" in text[text.find("{%") :] for text in _texts(value) if "{%" in text):
            warnings.append(f"Input “{name}”: {{% … %}} is sent as it is; only {{{{ … }}}} is filled in.")
        try:
            if has_macros(value):
                values |= render({name: value}, facts)
        except Refusal as error:
            warnings.append(str(error))
    return Preview(values, tuple(warnings))


def escape(value: Any) -> Any:
    """The value so that rendering gives it back as it is: for texts that nobody meant as a macro."""
    return _map(value, lambda text: text.replace(OPEN, LITERAL_OPEN)) if has_macros(value) else value


def write_number(text: str) -> str:
    """A text that is one macro, so written that it gives a number. Raises Refusal when it cannot give one."""
    macro = _only_macro(text)
    if macro is None:
        raise Refusal("It is a number and takes one macro alone.", "Write {{ job.id }}, say.", code="bad_macro")
    if macro.kind in (Kind.TIME, Kind.DATE, Kind.MONTH):
        ways = f'{{{{ {macro.source} | timestamp }}}} or {{{{ {macro.source} | date("%Y") }}}}'
        raise Refusal(f"{{{{ {macro.source} }}}} is {macro.kind} and no number.", f"Write {ways}.", code="bad_macro")
    return text if _is_number(macro) else f"{{{{ {macro.source} | number }}}}"


def _fill(text: str, facts: Facts) -> Any:
    alone = _only_macro(text)
    if alone is not None and _is_number(alone):
        return _value(alone, facts)
    filled: list[str] = []
    length = 0
    for part in split(text):
        filled.append(write(_value(part, facts)) if isinstance(part, Macro) else part)
        length += len(filled[-1])
        if length > LONGEST_TEXT:
            message = f"It would get more than {LONGEST_TEXT:,} characters."
            raise Refusal(message, "Name a part of that output.", code="bad_value")
    return "".join(filled)


def _value(macro: Macro, facts: Facts) -> Any:
    value = macro.value(facts)
    if value is not MISSING:
        return value
    waits = macro.path is not None and is_of_success(macro.path) and facts.last_success is None
    why = "it has a value once the job has succeeded" if waits else "it has no value"
    raise Refusal(
        f"{{{{ {macro.source} }}}}: {why}.",
        f'Write {{{{ {macro.source} | default("…") }}}} with what stands there until then.',
        code="no_value",
    )


def _only_macro(text: str) -> Macro | None:
    """The macro of a text that holds nothing else."""
    parts = [part for part in split(text) if isinstance(part, Macro) or part.strip()]
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Macro) else None


def _is_number(macro: Macro) -> bool:
    return bool(macro.steps) and macro.steps[-1].name == "number"


def _macros(inputs: Mapping[str, Any]) -> Iterator[Macro]:
    for name, value in inputs.items():
        if has_macros(value):
            with _naming(name):
                texts: list[str] = []
                _map(value, texts.append)
                for text in texts:
                    yield from (part for part in split(_bounded(text)) if isinstance(part, Macro))


def _bounded(text: str) -> str:
    if len(text) > LONGEST_TEXT and OPEN in text:
        raise Refusal(f"A text with macros has at most {LONGEST_TEXT:,} characters.", "Shorten it.", code="bad_macro")
    return text


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            waiting.extend(each.values())
        elif isinstance(each, list | tuple):
            waiting.extend(each)


def _map(value: Any, change: Callable[[str], Any], depth: int = 0) -> Any:
    """The value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if depth > DEEPEST and isinstance(value, Mapping | list | tuple):
        raise Refusal(f"With macros it has at most {DEEPEST} levels.", "Make it flatter.", code="bad_macro")
    if isinstance(value, Mapping):
        return {name: _map(each, change, depth + 1) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_map(each, change, depth + 1) for each in value]
    return value


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """A refusal from here says which input it is about."""
    try:
        yield
    except Refusal as error:
        raise Refusal(
            f"Input “{name}”: {error.message}", error.hint, code=error.code, choices=error.choices, field=name
        ) from None
