"""The App Home: gathered for one person and published when they look at it."""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.blocks.home import JOBS_PAGE, UPCOMING_SHOWN, home_view
from bot.errors import DeliveryError
from bot.rules.access import Action, may
from bot.services import Services
from bot.slack.listing import visible
from bot.slack.request import Asker, Press, View
from storage import deliveries, runs
from storage.errors import StorageError
from storage.records import Delivery, Job, JobState

log = logging.getLogger(__name__)

UNHEARD_FOR_DAYS = 7


def is_home(view: View | None) -> bool:
    """Whether a press came from the Home."""
    return view is not None and view.callback_id == "home"


def refresh(services: Services, press: Press, *, word: str = "all", page: int = 0) -> None:
    """Publish it anew, after the ack."""
    services.tasks.spawn(publish(services, press, word=word, page=page), name="home")


async def publish(services: Services, asker: Asker, *, word: str = "all", page: int = 0) -> None:
    """Read what this person may see, and show it; what stood there stays where the database cannot do it now."""
    try:
        await _publish(services, asker, word, page)
    except StorageError as error:
        log.warning("The home of %s could not be shown: %s", asker.user_id, error)


async def _publish(services: Services, asker: Asker, word: str, page: int) -> None:
    if asker.is_stranger:
        return
    actor, found = await visible(services, asker)
    seen = [job for job in found if may(actor, Action.SEE, job)]
    ids, channels, now = [job.id for job in seen], {job.channel_id for job in seen}, services.now()
    since = now - timedelta(days=UNHEARD_FOR_DAYS)
    coming, going, planned, last, dead = await services.store.read(
        lambda c: (
            runs.next_runs(c, actor.team_id, channels, limit=UPCOMING_SHOWN),
            runs.running(c, actor.team_id, channels),
            runs.planned_of_many(c, ids),
            runs.last_ended_of_many(c, ids),
            deliveries.undelivered(c, actor.team_id, since),
        )
    )
    by_id = {job.id: job for job in seen}
    shown = _filtered(seen, word, actor.user_id)
    pages = max(1, -(-len(shown) // JOBS_PAGE))
    page = min(page, pages - 1)
    person = await services.slack.person(asker.user_id)
    view = home_view(
        now=now,
        jobs_total=len(seen),
        unheard=_unheard(by_id, dead),
        failing=[job for job in seen if job.failing_since is not None],
        running=[(run, by_id.get(run.job_id or 0)) for run in going],
        upcoming=[(run, by_id[run.job_id]) for run in coming if run.job_id in by_id],
        jobs=shown[page * JOBS_PAGE : (page + 1) * JOBS_PAGE],
        next_by_job={run.job_id: run.due_at for run in planned if run.job_id is not None},
        last_by_job={run.job_id: run for run in last if run.job_id is not None},
        page=page,
        pages=pages,
        word=word,
        user_name=person.name,
    )
    try:
        await services.slack.publish_home(asker.user_id, view)
    except DeliveryError as error:
        if error.code != "hash_conflict":
            raise


def _unheard(by_id: Mapping[int, Job], dead: Sequence[Delivery]) -> list[tuple[Job, str, str]]:
    """Each job once, with where its newest message could not go; where it posts elsewhere by now that is past."""
    found = {one.job_id: one for one in reversed(dead)}
    return [
        (job, one.target, one.error or "")
        for job_id, one in found.items()
        if (job := by_id.get(job_id or 0)) is not None and one.target == job.channel_id
    ]


def _filtered(seen: list[Job], word: str, user_id: str) -> list[Job]:
    if word == "mine":
        return [job for job in seen if job.owner_id == user_id]
    if word == "failing":
        return [job for job in seen if job.failing_since is not None]
    if word == "paused":
        return [job for job in seen if job.state is JobState.PAUSED]
    return seen
