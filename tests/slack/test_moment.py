"""The words behind the name of a job: where they begin, and what is a part of the name."""

import pytest

from bot.slack.moment import split_at


@pytest.mark.parametrize(
    ("rest", "word", "expected"),
    [
        ("watch until monday 9:00", "until", ("watch", "monday 9:00")),
        ('"Watch until dawn" until monday', "until", ('"Watch until dawn"', "monday")),
        ("watch UNTIL monday", "until", ("watch", "monday")),
        ("watch until", "until", ("watch", "")),
        ("watch", "until", ("watch", None)),
        ("until monday", "until", ("until monday", None)),
        ("until until monday", "until", ("until", "monday")),
        ("watch because it is down until noon", "because", ("watch", "it is down until noon")),
        ("“Send to Bob” to 15:00", "to", ("“Send to Bob”", "15:00")),
        ("watch to a quarter to nine", "to", ("watch", "a quarter to nine")),
        ("", "to", ("", None)),
    ],
)
def test_a_clause_begins_at_its_first_word_outside_of_quotation_marks(
    rest: str, word: str, expected: tuple[str, str | None]
) -> None:
    assert split_at(rest, word) == expected
