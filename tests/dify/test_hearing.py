"""What is said of a run whose time was up, by what came over its line until then."""

from bot.dify.hearing import Hearing

LATER = 1_800.0


def heard(*, events: int = 0, pings: int = 0, rest: int = 0) -> Hearing:
    hearing = Hearing()
    hearing.begin("1.16.1", 0.0)
    for _ in range(events):
        hearing.note(500, hearing.pings, has_event=True, now=0.0)
    for count in range(pings):
        hearing.note(13, count + 1, has_event=False, now=10.0 * count)
    if rest:
        hearing.note(rest, hearing.pings, has_event=False, now=LATER)
    return hearing


def test_a_run_that_told_of_something_just_now_was_at_work() -> None:
    assert heard(events=1).tell(59.0) == "Dify was still telling of its work."


def test_pings_alone_are_told_from_silence_and_from_bytes_that_make_no_event() -> None:
    assert "30 min Dify had sent nothing but pings" in heard(events=3, pings=170).tell(LATER)
    assert "30 min Dify had sent nothing at all" in heard(events=3).tell(LATER)
    assert "30 min what Dify sent made no whole event" in heard(events=3, rest=900).tell(LATER)


def test_pings_before_the_last_event_are_no_pings_alone() -> None:
    hearing = heard(pings=5)
    hearing.note(500, 5, has_event=True, now=0.0)
    assert "nothing at all" in hearing.tell(LATER)


def test_fmea_e10_a_day_of_pings_is_told_as_such() -> None:
    assert "For 1440 min Dify had sent nothing but pings" in heard(pings=8_640).tell(86_400.0)
