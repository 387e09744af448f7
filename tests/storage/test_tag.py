"""The name of an attempt at Dify: the same whenever it is asked for, and nobody else's."""

from hypothesis import given
from hypothesis import strategies as st

from storage.tag import tag_of


def test_the_name_of_an_attempt_is_made_of_what_never_changes() -> None:
    assert tag_of("i", "job:1@t", 1) == tag_of("i", "job:1@t", 1)
    assert tag_of("i", "job:1@t", 1).startswith("dify-ops-")


@given(st.tuples(st.text(), st.text(), st.integers(1, 99)), st.tuples(st.text(), st.text(), st.integers(1, 99)))
def test_two_attempts_two_runs_and_two_installations_have_two_names(
    one: tuple[str, str, int], other: tuple[str, str, int]
) -> None:
    if "/".join(map(str, one)) != "/".join(map(str, other)):
        assert tag_of(*one) != tag_of(*other)


def test_a_name_fits_what_dify_keeps_of_a_user() -> None:
    assert len(tag_of("i" * 32, "rerun:1/9" * 40, 10**6)) < 255
