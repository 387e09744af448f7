"""A question to an app that answers at several addresses: the first that can be reached is asked."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from bot.dify.endpoint import Endpoint
from bot.dify.outage import was_unreached
from bot.errors import DifyError

T = TypeVar("T")


async def ask_first(endpoints: Sequence[Endpoint], ask: Callable[[Endpoint], Awaitable[T]]) -> T:
    """What the first of them answers that can be reached. Raises DifyError, of the last where none can."""
    *others, last = endpoints
    for endpoint in others:
        try:
            return await ask(endpoint)
        except DifyError as error:
            if not was_unreached(error):
                raise
    return await ask(last)
