"""Bad weather: Slack and Dify refuse, and lose answers, now and then, as real ones do."""

import random

from bot.demo.dify.mischief import Spoil
from bot.demo.slack.faults import DROP_AFTER_ACCEPT, RATE_LIMITED, Fault
from tests.survival.world import Survival

RATE_LIMITED_SHARE = 0.05  # of the messages and edits; Slack wants a pause of a second
LOST_SHARE = 0.03  # of the answers, of Slack and to starts at Dify: all is done, and nobody is told
LOG_DELAY_S = 0.15  # how late Dify's log is
METHODS = ("chat.postMessage", "chat.update")


def turn_bad(world: Survival, seed: int) -> None:
    """From now on."""
    chance = random.Random(seed)

    def take_fault(method: str, channel: str) -> Fault | None:
        drawn = chance.random()
        if method not in METHODS or drawn >= RATE_LIMITED_SHARE + LOST_SHARE:
            return None
        return Fault(method, RATE_LIMITED if drawn < RATE_LIMITED_SHARE else DROP_AFTER_ACCEPT, 1, None, 1, 0.0)

    def take_spoil(on: str, app: str) -> Spoil | None:
        return Spoil(kind="drop_answer") if on == "start" and chance.random() < LOST_SHARE else None

    world.slack.faults.take = take_fault  # type: ignore[method-assign]
    world.dify.mischief.take = take_spoil  # type: ignore[method-assign]
    world.dify.mischief.delay_logs(LOG_DELAY_S)
