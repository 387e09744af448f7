"""Letting go of a run that another owner has: what is a second run of it at Dify is stopped, and told."""

import logging

from bot.dify.client import Endpoint
from bot.loops.halt import halt
from bot.operations.stray import report_stray
from bot.services import Services
from storage import runs
from storage.records import Run

log = logging.getLogger(__name__)


async def disown(services: Services, ours: Run, endpoint: Endpoint) -> None:
    """`ours` is the run as this owner knew it. What the row does not know, and will not find, is one too many."""
    if ours.dify_run_id is None:
        return
    row = await services.store.read(lambda c: runs.get(c, ours.team_id, ours.id))
    if row is None or not is_stray(ours, row):
        return
    is_stopped = ours.task_id is not None and await halt(services.dify, endpoint, ours, ours.task_id)
    log.warning("Run %s was started twice at Dify (%s); the second was stopped", ours.id, ours.dify_run_id)
    now = services.now()
    await services.store.run(lambda c: report_stray(c, row, ours.dify_run_id or "", is_stopped=is_stopped, now=now))
    services.engine.wake("courier")


def is_stray(ours: Run, row: Run) -> bool:
    """Whether the row follows another run at Dify, or none and will look for none of this attempt any more."""
    if row.dify_run_id is not None:
        return row.dify_run_id != ours.dify_run_id
    return row.state.has_ended or row.tag != ours.tag
