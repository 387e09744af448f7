"""Cards about one job, for commands and buttons alike."""

from datetime import datetime

from bot import schedules
from bot.blocks.job import draft_card, incomplete_card, job_card
from bot.blocks.listing import next_list
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.services import Services
from bot.slack.seek import reader_zone
from storage import apps, runs
from storage.records import App, Draft, Job, Schedule

NEXT_SHOWN = 5


async def show_job(services: Services, job: Job, user_id: str) -> Message:
    """The page of a job."""
    app, last = await services.store.read(
        lambda c: (
            apps.get(c, job.team_id, job.app_id),
            runs.list_runs(c, job.team_id, job_id=job.id, limit=NEXT_SHOWN),
        )
    )
    ended = [run for run in last if run.state.has_ended or run.state.is_active]
    return job_card(job, app, ended, next_times(services, job), await reader_zone(services, user_id))


async def next_of_job(services: Services, job: Job, user_id: str) -> Message:
    """When a job runs next."""
    zone = job.schedules[0].zone if job.schedules else "UTC"
    says = "; ".join(schedule.says for schedule in job.schedules)
    return next_list(says, next_times(services, job), zone, await reader_zone(services, user_id), services.now())


def next_times(services: Services, job: Job) -> list[datetime]:
    """The next instants of all schedules of a job; equal ones once."""
    now = services.now()
    times = {at for schedule in job.schedules for at in schedules.preview(schedule, now, NEXT_SHOWN)}
    return sorted(times)[:NEXT_SHOWN]


def card_of_draft(
    kept: Draft, when: Schedule, app: App, own_zone: str, now: datetime, problem: Refusal | None = None
) -> Message:
    """How a request was understood. With a `problem` it cannot be saved as it is, only edited."""
    times = schedules.preview(when, now, NEXT_SHOWN)
    if problem is not None:
        return incomplete_card(kept, when.says, app.name, str(problem))
    return draft_card(kept, when.says, times, when.zone, own_zone, app.name)
