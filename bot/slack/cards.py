"""Cards about one job, for commands and buttons alike."""

from bot.blocks.job import draft_card, incomplete_card, job_card, saved
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.operations.fill import preview_inputs
from bot.services import Services
from bot.slack.coming import SHOWN, coming_of_job, coming_of_words
from bot.slack.request import Interaction
from bot.slack.seek import reader_zone, seen_runs
from bot.slack.when import Reading
from storage import apps, runs
from storage.records import App, Draft, Job


async def show_job(services: Services, caller: Interaction, job: Job) -> Message:
    """The page of a job, with those of its last runs that the caller may see."""
    app, last = await services.store.read(
        lambda c: (
            apps.get(c, job.team_id, job.app_id),
            runs.list_runs(c, job.team_id, job_id=job.id, limit=SHOWN),
        )
    )
    begun = [run for run in last if run.state.has_ended or run.state.is_active]
    seen, coming = await seen_runs(services, caller, job, begun), await coming_of_job(services, job)
    return job_card(job, app, seen, coming, await reader_zone(services, caller.user_id))


async def card_of_saved(services: Services, job: Job, app: App | None, user_id: str) -> Message:
    """What was saved, to who saved it."""
    coming, zone = await coming_of_job(services, job), await reader_zone(services, user_id)
    return saved(job, app.name if app else job.name, coming, zone, services.now())


async def card_of_draft(
    services: Services, kept: Draft, when: Reading, app: App, own_zone: str, problem: Refusal | None = None
) -> Message:
    """How a request was understood. With a `problem` it cannot be saved as it is, only edited."""
    if problem is not None:
        return incomplete_card(kept, when.says, app.name, str(problem))
    now = services.now()
    first = when.slots[0].nominal_at if when.slots else now
    shown = await services.store.read(lambda c: preview_inputs(c, kept, first))
    return draft_card(
        kept,
        when.says,
        await coming_of_words(services, when, kept.team_id, now),
        when.zone,
        own_zone,
        app.name,
        text=when.typed,
        filled=shown.values,
        also=when.also,
        warnings=(*when.warnings, *shown.warnings),
    )
