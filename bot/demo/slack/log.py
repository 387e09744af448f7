"""The judge's memory: an append-only list of what happened, without secrets, and its copy in a file."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO, overload

import orjson

# Slack tokens, Dify keys, and the addresses and tickets that act as a password.
_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|(?:app|dataset)-[A-Za-z0-9]{16,}|(?<=/respond/)[\w-]+|(?<=ticket=)[\w-]+"
)
_SECRET_NAMES = frozenset({"token", "authorization", "signing_secret", "app_token", "bot_token", "ticket"})
HIDDEN = "[hidden]"


class Effect(NamedTuple):
    """One thing that happened. `at` is Unix seconds by the server's clock; `kind` is one of

    api (a call: method, ok, error), message, update, delete, ephemeral, home, view, file (what people now see),
    sent (a payload went to the app), answered (its ack), refused (an ack that Slack would not accept),
    deed (what a person did), fault (a fault on demand struck), socket (a connection came or went).
    """

    at: float
    kind: str
    detail: Mapping[str, Any]


class EffectLog(Sequence[Effect]):
    """A list that only grows. With a path, every entry is also appended there as one JSON line."""

    def __init__(self, path: Path | None = None) -> None:
        self._effects: list[Effect] = []
        self.on_record: Callable[[], None] = lambda: None  # wakes those who wait for something to happen
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path else None

    def record(self, at: float, kind: str, **detail: Any) -> Effect:
        """Appends one effect; secrets in its detail are replaced first."""
        effect = Effect(at, kind, hide_secrets(detail))
        self._effects.append(effect)
        if self._file is not None:
            line = orjson.dumps({"at": at, "kind": kind, **effect.detail}, default=str)
            self._file.write(line.decode() + "\n")
            self._file.flush()
        self.on_record()
        return effect

    def of(self, kind: str, **match: Any) -> list[Effect]:
        """The effects of one kind whose detail holds all the given values."""
        return [
            effect
            for effect in self._effects
            if effect.kind == kind and all(effect.detail.get(name) == value for name, value in match.items())
        ]

    def calls(self, method: str) -> list[Effect]:
        """The Web API calls of one method, refused ones included."""
        return self.of("api", method=method)

    def close(self) -> None:
        """Closes the file; the list stays readable."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @overload
    def __getitem__(self, index: int) -> Effect: ...
    @overload
    def __getitem__(self, index: slice) -> list[Effect]: ...
    def __getitem__(self, index: int | slice) -> Effect | list[Effect]:
        return self._effects[index]

    def __len__(self) -> int:
        return len(self._effects)

    def __iter__(self) -> Iterator[Effect]:
        return iter(tuple(self._effects))


def hide_secrets(value: Any) -> Any:
    """A copy of a JSON value with tokens, keys and one-time addresses blanked out."""
    if isinstance(value, str):
        return _SECRETS.sub(HIDDEN, value)
    if isinstance(value, Mapping):
        return {
            name: HIDDEN if str(name).lower() in _SECRET_NAMES else hide_secrets(each) for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [hide_secrets(each) for each in value]
    return value
