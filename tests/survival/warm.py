"""What is ready before a life is forked off: every import, and what a start works out anew each time. No thread is
left, for a fork takes only the one that forks along."""

import asyncio
import gc
import importlib
import inspect

from bot import opening
from bot.registry import leaves

# Whatever is else imported on the way of a life, when it is first needed.
LATE = ("alembic.command", "alembic.autogenerate", "pygments.formatters", "tests.survival.child")

for name in LATE:
    importlib.import_module(name)
for room in ("bot.notifiers", "bot.slack.commands", "bot.slack.actions", "bot.slack.views"):
    leaves(room)
asyncio.run(opening.warm_up())
inspect.stack()  # Bolt asks for it: the first time costs half a second of reading files
gc.collect()
gc.freeze()  # else every life looks through all of it when it is ready
