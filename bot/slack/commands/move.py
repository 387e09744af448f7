"""`/dify move <job> to <when>`: the next run comes at another time; `back` undoes it."""

from bot.blocks.help import Help
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.operations.move import move
from bot.rules.access import Action
from bot.schedules import zone_of
from bot.services import Services
from bot.slack.moment import read_moment, seek_with_tail, split_at
from bot.slack.request import Request, read_name
from bot.slack.seek import seek_job
from bot.slack.skipping import say_moved
from storage import runs

HELP = Help(
    verb="move",
    usage="move <job> to <when>  ·  move <job> back",
    says="Run the next time of a job earlier or later, once; its inputs keep the time of its schedule.",
    examples=('move "Daily news" to 15:00', "move #12 to tomorrow 9:30", 'move "Daily news" back'),
)


async def answer(request: Request, services: Services) -> Message:
    """Move it, and show the old time and the new one."""
    name, when = split_at(request.rest, "to")
    if when:
        actor, job = await seek_job(services, request, read_name(name), Action.MOVE)
        zone = job.schedules[0].zone if job.schedules else ""
        planned = await services.store.read(lambda c: runs.planned_of(c, job.id))
        day = planned.slot_at.astimezone(zone_of(zone)).date() if planned and zone else None
        to = await read_moment(services, request, when, f"/dify move #{job.id} to", zone, day)
    else:
        actor, job, tail = await seek_with_tail(services, request, "back", Action.MOVE)
        to = None
        if tail is None:
            hint = f"For example `/dify move #{job.id} to 15:00`, or `/dify move #{job.id} back`."
            raise Refusal(f"To which time shall the next run of “{job.name}” move?", hint, code="no_when")
    now = services.now()
    done = await services.store.run(lambda c: move(c, actor, job.id, to, now=now))
    return await say_moved(services, done, request.user_id)
