"""What stands behind the door: whatever goes wrong after the ack, the person reads one sentence."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from bot.blocks.parts import Message
from bot.errors import DeliveryError, Refusal
from bot.slack.door import in_view, in_words
from storage.errors import Busy

RATE_LIMITED = DeliveryError("Slack refused users.info.", permanent=False, code="ratelimited")
EXPIRED = [
    DeliveryError("Slack refused views.open.", permanent=True, code=code)
    for code in ("expired_trigger_id", "trigger_expired")
]


async def fail(error: Exception) -> Any:
    raise error


def by_message(told: Any) -> str:
    return str(told.text)


def by_view(told: Any) -> str:
    return " ".join(block["text"]["text"] for block in told["blocks"])


WAYS: list[tuple[Callable[[Any], Any], Callable[[Any], str]]] = [
    (in_words, by_message),
    (lambda work: in_view("Run now", work), by_view),
]


@pytest.mark.parametrize(("tell", "read"), WAYS)
@pytest.mark.parametrize(
    ("error", "says"),
    [
        (Refusal("No such job.", "Try another."), "No such job. Try another."),
        (Busy("/data/dify-ops.sqlite3 is locked"), "The database is busy; nothing was saved. Please try again."),
        (RATE_LIMITED, "Slack cannot do this now. Try again in a moment."),
        *((error, "Slack took too long, so nothing was opened. Press again, or type it again.") for error in EXPIRED),
    ],
)
async def test_what_is_no_bug_is_said_in_its_own_words(
    tell: Callable[[Any], Any],
    read: Callable[[Any], str],
    error: Exception,
    says: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert read(await tell(fail(error))) == says
    assert "ERROR" not in caplog.text


@pytest.mark.parametrize(("tell", "read"), WAYS)
async def test_a_bug_is_one_calm_sentence_with_the_reference_of_the_log(
    tell: Callable[[Any], Any], read: Callable[[Any], str], caplog: pytest.LogCaptureFixture
) -> None:
    said = read(await tell(fail(RuntimeError("a canary"))))
    found = re.fullmatch(r"Something went wrong on our side\. Nothing was changed\. Reference ([0-9A-F]{6})\.", said)
    assert found is not None
    assert found[1] in caplog.text


async def test_an_answer_that_came_is_the_answer() -> None:
    async def answer() -> Message:
        return Message("Done.")

    assert await in_words(answer()) == Message("Done.")
