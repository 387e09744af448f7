"""The pages of a job's history."""

from bot.services import Services
from bot.slack.door import Reply
from bot.slack.listing import runs_page
from bot.slack.request import Press
from bot.slack.seek import press_job


async def act(press: Press, services: Services) -> Reply:
    """`job:12 page:1`; the list turns its page in place."""
    _, job = await press_job(services, press)
    page = press.refs.get("page", "0")
    number = int(page) if page.isdigit() else 0
    return Reply(await runs_page(services, press, job, number), replace=press.is_ephemeral)
