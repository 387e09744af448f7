"""*Edit* on a job's card: its form."""

from bot.rules.access import Action, authorize
from bot.services import Services
from bot.slack.door import answer_later
from bot.slack.request import Press
from bot.slack.schedule_form import form_of_job, open_form
from bot.slack.seek import press_job


async def act(press: Press, services: Services) -> None:
    """Only who may edit sees the form."""
    actor, job = await press_job(services, press)
    authorize(actor, Action.EDIT, job)
    answer_later(services, press, open_form(services, press, form_of_job(job)), name="edit form")
