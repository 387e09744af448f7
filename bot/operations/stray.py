"""A run that was started twice at Dify: written down, and told to the owner of its job."""

from datetime import datetime

from sqlalchemy import Connection

from bot.operations.note import note
from bot.operations.tell import tell
from bot.rules.access import system
from storage import jobs
from storage.records import Run


def report_stray(c: Connection, run: Run, dify_run_id: str, *, is_stopped: bool, now: datetime) -> None:
    """`dify_run_id` is the second run, which nobody follows."""
    detail = {"name": run.name, "dify_run_id": dify_run_id, "stopped": is_stopped}
    note(c, system(run.team_id), "stray", f"run:{run.id}", now=now, detail=detail)
    job = jobs.get(c, run.team_id, run.job_id) if run.job_id is not None else None
    if job is None:
        return
    what = "asked Dify to stop the second" if is_stopped else "cannot stop the second: look for it in Dify"
    says = f"found that run {run.id} of *{{name}}* was started twice at Dify, and {what} ({dify_run_id})"
    tell(c, job, job.owner_id, says, occasion=f"stray:{run.id}/{dify_run_id}", now=now)
