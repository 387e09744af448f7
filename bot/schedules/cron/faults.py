"""What is wrong with a cron expression, in words, and the corrected text where there is one."""

from collections.abc import Callable, Sequence

from bot.errors import Refusal

Parser = Callable[[Sequence[str]], object]
SHOWN = 80  # characters of somebody's text that are worth repeating


class WrongField(Exception):
    """A field breaks `rule`. `better` holds replacements for the whole field that may have been meant,
    `elsewhere` (place, replacement) of another field that would mend it as well."""

    def __init__(self, rule: str, *better: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.better = better
        self.place = 0
        self.name = ""
        self.elsewhere: tuple[tuple[int, str], ...] = ()

    def at(self, place: int, name: str) -> "WrongField":
        """The same, told of which field of the expression it is true."""
        self.place, self.name = place, name
        return self


def refuse(rule: str, *choices: str, code: str = "unreadable", hint: str = "") -> Refusal:
    """A refusal whose hint shows the corrected texts, unless another hint is given."""
    shown = hint or (f"Try {' or '.join(f'`{choice}`' for choice in choices)}." if choices else "")
    return Refusal(rule, shown, code=code, choices=choices)


def refuse_field(fields: Sequence[str], wrong: WrongField, parse: Parser, *more: str) -> Refusal:
    """Names the field and its rule. Offers only replacements with which `parse` takes the whole expression."""
    whole, part = " ".join(fields)[:SHOWN], fields[wrong.place][:SHOWN]
    mends = [*((wrong.place, better) for better in wrong.better), *wrong.elsewhere]
    replaced = ([*fields[:place], better, *fields[place + 1 :]] for place, better in mends)
    choices = [" ".join(mended) for mended in replaced if is_read(parse, mended)]
    rule = f"In `{whole}` the {wrong.name} `{part}` cannot be read: {wrong.rule}."
    return refuse(rule, *dict.fromkeys([*choices, *more]))


def is_read(parse: Parser, fields: Sequence[str]) -> bool:
    try:
        parse(fields)
    except WrongField:
        return False
    return True


def count_fields(fields: Sequence[str]) -> str:
    return f"{len(fields)} field" + ("" if len(fields) == 1 else "s")
