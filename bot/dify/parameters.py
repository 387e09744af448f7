"""What workflows ask for, remembered for a few minutes so that a form answers without waiting for Dify."""

import time
from collections import OrderedDict
from collections.abc import Sequence

from bot.dify.client import Dify, Endpoint
from bot.dify.reach import ask_first
from storage.records import InputField

KEPT_S = 300.0
MOST_APPS = 500


class Parameters:
    """Fields by app id. A workflow that was published anew is seen after `KEPT_S` at the latest."""

    def __init__(self, dify: Dify) -> None:
        self._dify = dify
        self._kept: OrderedDict[int, tuple[float, tuple[InputField, ...]]] = OrderedDict()

    async def ask(self, app_id: int, endpoints: Sequence[Endpoint]) -> tuple[InputField, ...]:
        """The fields, from memory while they are fresh. Raises DifyError."""
        kept = self._kept.get(app_id)
        if kept is not None and time.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        fields = await ask_first(endpoints, self._dify.parameters)
        self._kept[app_id] = (time.monotonic(), fields)
        self._kept.move_to_end(app_id)
        if len(self._kept) > MOST_APPS:
            self._kept.popitem(last=False)
        return fields
