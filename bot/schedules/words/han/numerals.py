"""Numbers in figures and in Han numerals: 15, 十五, 二十, 两, 零五, and years digit by digit."""

NUMBER = r"(?:[0-9]++|[〇零一二两三四五六七八九十百廿卅]++)"
YEAR = r"(?:[0-9]{4}|[〇零一二三四五六七八九]{4})"
DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
TENS = {"十": 10, "百": 100}
SHORT_TENS = {"廿": 20, "卅": 30}
LONGEST = 6  # figures; more is no time


def value_of(text: str) -> int | None:
    """The number that a text of `NUMBER` stands for; None for figures in no order (三五) and for endless ones."""
    if text.isascii():
        return int(text) if len(text) <= LONGEST else None
    digits = text.lstrip("〇零")
    if len(digits) <= 1 and len(text) <= 2:  # 五, 零五, 零
        return DIGITS.get(text[-1]) if text[-1] in DIGITS else _with_tens(text)
    return _with_tens(text)


def year_of(text: str) -> int:
    """The year of a text of `YEAR`."""
    return int(text) if text.isascii() else int("".join(str(DIGITS[sign]) for sign in text))


def _with_tens(text: str) -> int | None:
    total, digit, smallest = 0, None, 1000
    for sign in text:
        if sign in DIGITS:
            if digit:
                return None
            digit = DIGITS[sign]
            continue
        size = 10 if sign in SHORT_TENS else TENS[sign]
        if size >= smallest or (sign in SHORT_TENS and digit is not None):
            return None
        total += SHORT_TENS[sign] if sign in SHORT_TENS else (1 if digit is None else digit) * size
        digit, smallest = None, size
    return total + (digit or 0) if smallest < 1000 else None
