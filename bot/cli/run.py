"""`dify-ops run`: one run of a job now, done by the `serve` that has the database."""

import asyncio
import secrets
import sys
from collections.abc import Mapping
from functools import partial

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.cli._session import open_dify, open_rows, print_json, read_settings, utc_now
from bot.cli._tell import run_facts, run_line
from bot.dify.reach import ask_first
from bot.errors import DifyError, Refusal
from bot.operations.endpoint import open_endpoints
from bot.operations.find import find_job, run_by_id
from bot.operations.launch import launch_job
from bot.rules import inputs
from bot.rules.access import Action, Actor
from bot.settings import Settings
from storage import apps
from storage.database import Store
from storage.records import Job, Run, RunState
from storage.vault import load_keys

LOOK_S = 0.5
# `serve` notices rows that others wrote within 5 s; who has room has taken it by then.
NOBODY_S = 15.0


@click.command("run")
@click.argument("job")
@click.option("--input", "pairs", multiple=True, metavar="K=V", help="Instead of the job's own input; repeatable.")
@click.option("--wait", is_flag=True, help="Show progress and exit by the outcome.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(job: str, pairs: tuple[str, ...], wait: bool, as_json: bool) -> None:
    """Run JOB once, now."""
    given = dict(_split(pair) for pair in pairs)
    run = asyncio.run(_run(job, given, wait))
    if as_json:
        print_json(run_facts(run))
    else:
        click.echo(run_line(run))
    if wait and not run.state.is_success:
        sys.exit(1)


def _split(pair: str) -> tuple[str, str]:
    name, found, value = pair.partition("=")
    if not found or not name:
        raise click.BadParameter(f"write it as name=value, not “{pair}”", param_hint="--input")
    return name, value


async def _run(name: str, given: Mapping[str, str], wait: bool) -> Run:
    settings = read_settings()
    async with open_rows(settings) as (store, actor):
        job = await store.read(lambda c: find_job(c, actor, name))
        values = await _check_inputs(settings, store, job, given) if given else None
        key = f"command:{secrets.token_hex(8)}"
        run = await store.run(lambda c: launch_job(c, actor, job.id, values, key=key, now=utc_now()))
        return await _watch(store, actor, run) if wait else run


async def _check_inputs(settings: Settings, store: Store, job: Job, given: Mapping[str, str]) -> Mapping[str, object]:
    app = await store.read(lambda c: apps.get(c, job.team_id, job.app_id))
    if app is None:
        raise Refusal(f"The Dify app of “{job.name}” is not connected any more.", "See `dify-ops apps list`.")
    endpoints, dify = open_endpoints(load_keys(settings.secret_keys, settings.key_file), app), open_dify(settings)
    try:
        return inputs.check(await ask_first(endpoints, dify.parameters), {**job.inputs, **given})
    except DifyError as error:
        raise Refusal(f"Dify did not tell what “{app.name}” asks for: {error.message}") from error
    finally:
        await dify.close()


async def _watch(store: Store, actor: Actor, run: Run) -> Run:
    """Follow the rows until the run has ended."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console, waited_s = Console(stderr=True), 0.0
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(run.name, total=None)
        while not run.state.has_ended and run.state is not RunState.WAITING:
            await asyncio.sleep(LOOK_S)
            waited_s += LOOK_S
            run = await store.read(partial(run_by_id, actor=actor, action=Action.SEE, run_id=run.id))
            if waited_s >= NOBODY_S and is_untouched(run):
                raise Refusal(
                    f"Run {run.id} has not begun within {NOBODY_S:.0f} s: no `dify-ops serve` is there to take it, "
                    "or as many runs go on as may, and it waits for room.",
                    "Start `dify-ops serve` on this database if none runs; the run is done when its turn comes.",
                    code="nobody",
                )
            progress.update(bar, description=f"{run.name}: {run.state}, {run.nodes_done} of {run.nodes} nodes")
    return run


def is_untouched(run: Run) -> bool:
    """Whether no `serve` has ever had it in hand: what was tried comes again, and what is held waits for a person."""
    return run.state is RunState.READY and run.attempts == 0 and run.fault is None and run.hold_by is None
