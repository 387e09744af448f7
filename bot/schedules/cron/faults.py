"""What is wrong with a cron expression, in words, and the corrected text where there is one."""

from collections.abc import Callable, Mapping, Sequence

from bot.errors import Refusal

Parser = Callable[[Sequence[str]], object]
SHOWN = 80  # characters of somebody's text that are worth repeating
MOST_MENDS = 6  # faults of one expression that are mended one after the other
MOST_CHOICES = 4


class WrongField(Exception):
    """A field breaks `rule`. Each of `mends` may be what was meant: a text for this field (0) and its neighbours
    (how many fields away)."""

    def __init__(self, rule: str, *better: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.mends: tuple[Mapping[int, str], ...] = tuple({0: text} for text in better)
        self.place = 0
        self.name = ""

    def or_mend(self, *mends: Mapping[int, str]) -> "WrongField":
        """The same with more that may have been meant."""
        self.mends = (*self.mends, *mends)
        return self

    def at(self, place: int, name: str) -> "WrongField":
        """The same, told of which field of the expression it is true."""
        self.place, self.name = place, name
        return self


def refuse(rule: str, *choices: str, code: str = "unreadable", hint: str = "") -> Refusal:
    """A refusal whose hint shows the corrected texts, unless another hint is given."""
    shown = hint or (f"Try {' or '.join(f'`{choice}`' for choice in choices)}." if choices else "")
    return Refusal(rule, shown, code=code, choices=choices)


def refuse_field(fields: Sequence[str], wrong: WrongField, choices: Sequence[str], shape: str) -> Refusal:
    """Names the field and the rule that it breaks; where there is no text to offer, the `shape` of an expression."""
    whole, part = " ".join(fields)[:SHOWN], fields[wrong.place][:SHOWN]
    rule = f"In `{whole}` the {wrong.name} `{part}` cannot be read: {wrong.rule}."
    return refuse(rule, *list(dict.fromkeys(choices))[:MOST_CHOICES], hint="" if choices else shape)


def find_mends(fields: Sequence[str], wrong: WrongField, parse: Parser, most: int = MOST_MENDS) -> list[str]:
    """The whole expressions, such as `parse` takes, that come from mending this fault and those behind it."""
    found = []
    for mend in wrong.mends:
        places = {wrong.place + offset: text for offset, text in mend.items()}
        mended = [places.get(place, field) for place, field in enumerate(fields)]
        try:
            parse(mended)
        except WrongField as next_wrong:
            found += find_mends(mended, next_wrong, parse, most - 1) if most > 1 else []
        else:
            found.append(" ".join(mended))
    return found


def is_read(parse: Parser, fields: Sequence[str]) -> bool:
    try:
        parse(fields)
    except WrongField:
        return False
    return True
