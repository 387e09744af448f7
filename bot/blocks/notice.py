"""Short answers to the person who asked: a sentence, a refusal with its way out, a choice."""

import re
from collections.abc import Sequence
from datetime import datetime

from bot.blocks.parts import BUTTON_VALUE, Block, Message, actions, button, channel, context, message, person, section
from bot.blocks.text import bold, escape, one_line, shorten
from bot.blocks.times import told_time
from bot.errors import Refusal
from storage.records import App, Job, Run, RunState

CHOICES_SHOWN = 10
TYPED = 300
COMMAND = "/dify "
PERSON_REFERENCE = re.compile(r"\{([UW][A-Z0-9]{2,20})\}")
CHANNEL_REFERENCE = re.compile(r"<#([CDG][A-Z0-9]+)>")
MEANWHILE = {"skip": "later times of the job are skipped", "queue": "later times of the job wait behind it"}


def notice(text: str) -> Message:
    """One or two sentences. `text` is escaped here; stars and backticks of ours still work in it."""
    told = escape(text)
    return message(told, [section(told)])


def refusal(error: Refusal) -> Message:
    """What cannot be done and why, how to mend it, and the texts that may have been meant, ready to be typed."""
    told = escape(str(error))
    blocks = [section(told)]
    commands = [text for text in error.choices[:CHOICES_SHOWN] if text.startswith(COMMAND)]
    others = [text for text in error.choices[:CHOICES_SHOWN] if not text.startswith(COMMAND)]
    if others:
        blocks.append(context("You could type: " + "  ".join(_typed(text) for text in others)))
    # A block for each: action ids are unique in a block only.
    blocks += [section(_typed(text), _use_this(text)) for text in commands]
    return message(told, blocks)


def _use_this(text: str) -> Block | None:
    """None for a command that no value of a button holds: cut short, it would do something else."""
    return button("Use this", "type_this", text, label=text) if len(text) <= BUTTON_VALUE else None


def _typed(text: str) -> str:
    """A command in code; a channel stands between the codes, by its name."""
    parts = CHANNEL_REFERENCE.split(shorten(text, TYPED))
    told = [channel(part) if at % 2 else _code(part) for at, part in enumerate(parts)]
    return " ".join(part for part in told if part)


def _code(text: str) -> str:
    return f"`{escape(text.strip()).replace('`', chr(39))}`" if text.strip() else ""


def needs_inputs(app: App, missing: Sequence[str]) -> Message:
    """What a run still needs, as words to type and as a form to open."""
    name = escape(shorten(one_line(app.name), 100))
    wanted = escape(shorten(", ".join(missing), 500))
    told = f"*{name}* needs more before it can run: {wanted}."
    typed = escape(" ".join(f"{variable}=…" for variable in missing[:5]))
    fill = button("Fill in", "run_fill", f"app:{app.id}", style="primary", label=f"Fill in the inputs of {app.name}")
    return message(told, [section(told), actions(fill), context(f"Or type `/dify run {name} {typed}`")])


def run_started(run: Run) -> Message:
    """A run was asked for; where its result will come."""
    deed = "Queued" if run.state is RunState.QUEUED else "Started"
    wait = " It starts when the run before it has ended." if run.state is RunState.QUEUED else ""
    told = f"{deed} {bold(run.name)} as run {run.id}.{wait} {_where(run)}"
    return message(told, [section(told)])


def run_repeated(run: Run) -> Message:
    """A run was asked for again."""
    told = f"Running {bold(run.name)} again as run {run.id}. {_where(run)}"
    return message(told, [section(told)])


def run_known(run: Run) -> Message:
    """Somebody was quicker, or the finger tapped twice."""
    told = f"{person(run.asked_by)} has already started this again, as run {run.id}."
    return message(told, [section(told)])


def run_stopping(run: Run) -> Message:
    """The wish is written; Dify has not answered yet."""
    told = f"Stopping run {run.id} of {bold(run.name)}. Its message will say when it has ended."
    return message(told, [section(told)])


def run_held(run: Run, job: Job | None) -> Message:
    """It waits for a person now, and is in the way of the job's later times."""
    told = f"Run {run.id} of {bold(run.name)} is held. `/dify release {run.id}` lets it begin."
    if job is not None and (meanwhile := MEANWHILE.get(job.policy.overlap)):
        told += f" Until then {meanwhile}."
    release = button("Release", "release_run", f"run:{run.id}", label=f"Release run {run.id}")
    return message(told, [section(told), actions(release)])


def run_released(run: Run) -> Message:
    """It waits for nothing but its turn."""
    told = f"Run {run.id} of {bold(run.name)} is released and begins when its turn comes."
    return message(told, [section(told)])


def cancelled(name: str) -> Message:
    """A card was thrown away."""
    told = f"Cancelled. Nothing was saved of {bold(name)}."
    return message(told, [section(told)])


def _where(run: Run) -> str:
    if run.channel_id == run.asked_by:
        return "The result comes to you as a direct message."
    return f"The result comes into {channel(run.channel_id)}."


def changed(by: str, says: str, name: str, times: Sequence[datetime] = (), zone: str = "UTC") -> Message:
    """One line about what somebody did to a job; `says` has `{name}` in place of the job's name, `{U0BEN}` of a
    person, and `{at0}` of the first of the times, which every reader sees on their own clock."""
    told = PERSON_REFERENCE.sub(lambda found: person(found[1]), escape(says))
    for number, at in enumerate(times):
        told = told.replace(f"{{at{number}}}", told_time(at, zone))
    told = told.replace("{name}", escape(shorten(one_line(name), 150)))
    told = f"{escape(shorten(one_line(by), 80))} {told.rstrip('.')}.".lstrip()
    return message(told, [context(told)])


UNDELIVERABLE = {
    "not_in_channel": "I am not in it. Type `/invite @Dify Ops` there.",
    "channel_not_found": "I cannot see it: it is private and I was not invited, or it is gone.",
    "is_archived": "It is archived.",
    "channel_is_archived": "It is archived.",
}


def ownerless(owner: str, name: str, job_id: int | None) -> Message:
    """Told in the job's channel when its owner cannot be told anything any more."""
    told = (
        f"{person(owner)}, who owns {bold(name)}, has left this workspace. Its runs go on, and what the owner would "
        "be told comes into this channel. Somebody else can take it over."
    )
    take = button("Take over", "adopt_job", f"job:{job_id}", label=f"Become the owner of {name}")
    return message(told, [section(told), actions(take), context(f"Or type `/dify adopt #{job_id}`")])


def adopted(job: Job) -> Message:
    """The person who asked owns it now."""
    told = f"{bold(job.name)} is yours now: you may edit and delete it, and you are told what its owner is told."
    edit = button("Edit", "job_edit", f"job:{job.id}", label=f"Edit {job.name}")
    return message(told, [section(told), actions(edit)])


def why_undeliverable(code: str) -> str:
    """Slack's word for why nothing can be posted, as a sentence."""
    return UNDELIVERABLE.get(code, f"Slack says: {escape(code)}.")


def undeliverable(channel_id: str, code: str, job_id: int | None = None) -> Message:
    """A message could not be posted where it belongs; nothing of it is lost. The job can be moved."""
    told = f"I cannot post the results of your job in {channel(channel_id)}. {why_undeliverable(code)}"
    told += " The runs go on; `/dify runs` shows them."
    if job_id is None:
        return message(told, [section(told)])
    move = button("Move to another channel", "job_edit", f"job:{job_id}", label="Choose another channel for this job")
    return message(told, [section(told), actions(move)])
