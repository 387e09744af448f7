"""Pages of jobs, of runs and of what can be typed, for commands and for the buttons under them."""

import re

from bot.blocks.help import overview
from bot.blocks.listing import RUNS_SHOWN, jobs_list, runs_list
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.registry import leaves
from bot.rules.access import Action, Actor, may
from bot.services import Services
from bot.slack.door import gather_actor
from bot.slack.request import Asker, Interaction
from bot.slack.seek import reader_zone, seen_runs
from storage import apps, jobs, runs
from storage.records import App, Job, RunState

CHANNEL = re.compile(r"<#([CG][A-Z0-9]+)(?:\|[^>]*)?>|([CDG][A-Z0-9]{2,20})$")
MOST_JOBS = 5_000  # of all channels together, before those that the person may not see are left out
HISTORY = tuple(state for state in RunState if state is not RunState.PLANNED)  # what is to come is told by `next`
TITLES = {"failing": "Failing jobs", "mine": "Your jobs", "all": "Jobs that you can see"}


async def list_page(services: Services, asker: Asker, channel_id: str, word: str, page: int) -> Message:
    """One page. `word` is failing, mine, all, here, or a channel."""
    found = CHANNEL.match(word)
    wanted = (found.group(1) or found.group(2)) if found else channel_id if word == "here" else None
    if wanted is None and word not in TITLES:
        raise Refusal(
            f"I cannot list “{word}”.",
            "Say failing, mine, all or a #channel.",
            choices=("/dify list all",),
            code="unknown",
        )
    shown = await visible_jobs(services, asker, proven=channel_id, only_channel=wanted)
    if word == "failing":
        shown = [job for job in shown if job.failing_since is not None]
    if word == "mine":
        shown = [job for job in shown if job.owner_id == asker.user_id]
    title = TITLES.get(word) or ("Jobs of this channel" if word == "here" else "Jobs of that channel")
    ids = [job.id for job in shown]
    planned, last = await services.store.read(
        lambda c: (runs.planned_of_many(c, ids), runs.last_ended_of_many(c, ids))
    )
    return jobs_list(
        shown,
        {run.job_id: run.due_at for run in planned if run.job_id is not None},
        {run.job_id: run for run in last if run.job_id is not None},
        title,
        page,
        wanted or word,
    )


async def visible_jobs(
    services: Services, asker: Asker, *, proven: str = "", only_channel: str | None = None
) -> list[Job]:
    """The jobs of the workspace, or of one channel, that this person may see."""
    actor, found = await visible(services, asker, proven=proven, only_channel=only_channel)
    return [job for job in found if may(actor, Action.SEE, job)]


async def visible(
    services: Services, asker: Asker, *, proven: str = "", only_channel: str | None = None
) -> tuple[Actor, list[Job]]:
    """The actor, with the membership of every channel that has jobs, and all those jobs, seen or not."""
    wanted = None if only_channel is None else {only_channel}
    found = list(
        await services.store.read(lambda c: jobs.list_jobs(c, asker.team_id, channel_ids=wanted, limit=MOST_JOBS))
    )
    channels = {job.channel_id for job in found}
    return await gather_actor(services, asker, proven=proven, channels=channels), found


async def runs_page(services: Services, caller: Interaction, job: Job, page: int) -> Message:
    """One page of the history of a job, newest first. Those that the caller may not see leave a gap, for the pages
    are the same for everybody."""
    found, total = await services.store.read(
        lambda c: (
            runs.list_runs(c, job.team_id, job_id=job.id, states=HISTORY, limit=RUNS_SHOWN, offset=page * RUNS_SHOWN),
            runs.count_runs(c, job.id) - (runs.planned_of(c, job.id) is not None),
        )
    )
    seen = await seen_runs(services, caller, job, found)
    return runs_list(job, seen, page, max(1, -(-total // RUNS_SHOWN)), hidden=len(found) - len(seen))


async def show_overview(services: Services, asker: Asker) -> Message:
    """The help, with examples that work here: in the person's zone, with an app that is connected."""
    verbs = [command.HELP for command in leaves("bot.slack.commands").values()]
    zone = await reader_zone(services, asker.user_id) or "UTC"
    known = await _known_apps(services, asker)
    return overview(verbs, zone=zone, app=known[0].name) if known else overview(verbs, zone=zone)


async def _known_apps(services: Services, asker: Asker) -> list[App]:
    """Those that the person may see; of somebody about whom Slack says nothing now, that is none."""
    try:
        actor = await gather_actor(services, asker)
    except Refusal:
        return []
    found = await services.store.read(lambda c: apps.list_apps(c, services.team_id))
    return [app for app in found if may(actor, Action.SEE, app)]
