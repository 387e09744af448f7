"""The menu of a job: what is rarely done to it."""

from bot.blocks.job import ask_delete
from bot.blocks.slots import ask_skip
from bot.operations.plan import came_at
from bot.operations.skip import next_planned
from bot.rules.access import Action, authorize
from bot.services import Services
from bot.slack.cards import show_job
from bot.slack.coming import next_of_job
from bot.slack.door import Reply, answer_later
from bot.slack.listing import runs_page
from bot.slack.request import Press
from bot.slack.schedule_form import form_of_job, open_form
from bot.slack.seek import press_job, reader_zone


async def act(press: Press, services: Services) -> Reply | None:
    """`edit:12`, `runs:12`, `next:12`, `skip:12`, `show:12`, `delete:12`."""
    deed = next(iter(press.refs), "show")
    actor, job = await press_job(services, press, deed)
    if deed == "edit":
        authorize(actor, Action.EDIT, job)
        answer_later(services, press, open_form(services, press, form_of_job(job)), name="edit form")
        return None
    if deed == "delete":
        authorize(actor, Action.DELETE, job)
        return Reply(ask_delete(job))
    if deed == "skip":
        authorize(actor, Action.SKIP, job)
        planned = await services.store.read(lambda c: next_planned(c, job, "skipped"))
        return Reply(ask_skip(job, came_at(planned), await reader_zone(services, press.user_id)))
    authorize(actor, Action.SEE, job)
    if deed == "runs":
        return Reply(await runs_page(services, press, job, page=0))
    if deed == "next":
        return Reply(await next_of_job(services, job, press.user_id))
    return Reply(await show_job(services, press, job))
