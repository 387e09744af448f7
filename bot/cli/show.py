"""`dify-ops show`: one run with its trace."""

import asyncio
import sys
from collections.abc import Sequence

import click
import orjson

from bot.cli._session import open_rows, print_json, read_settings
from bot.cli._tell import plain, run_facts, run_line
from bot.operations.find import run_by_id
from bot.rules.access import Action
from storage import attempts, runs
from storage.records import NodeSpan
from storage.runs import unpack_trace

LARGEST_ID = 2**63 - 1  # of what a database can hold


@click.command("show")
@click.argument("run", type=click.IntRange(1, LARGEST_ID))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(run: int, as_json: bool) -> None:
    """Show one RUN by its number: state, inputs, outputs, nodes."""
    asyncio.run(_show(run, as_json))


async def _show(run_id: int, as_json: bool) -> None:
    async with open_rows(read_settings()) as (store, actor):
        run = await store.read(lambda c: run_by_id(c, actor, Action.SEE, run_id))
        blob = await store.read(lambda c: runs.get_trace(c, run_id))
        tried = await store.read(lambda c: attempts.of_run(c, run_id))
    spans = unpack_trace(blob) if blob is not None else ()
    if as_json:
        print_json({**run_facts(run), "tried": _plain(tried), "nodes": _plain(spans)})
        return
    click.echo(run_line(run))
    for number, one in enumerate(tried, 1):
        why = one.fault.message if one.fault else "unknown"
        click.echo(plain(f"try {number} ended {one.ended_at:%Y-%m-%d %H:%M:%S} UTC: {why}"))
    for name, value in (("inputs", run.inputs), ("outputs", run.outputs)):
        click.echo(f"{name}:")
        sys.stdout.flush()
        print_json(value)
    depth: dict[str, int] = {}
    for span in spans:
        depth[span.id] = depth.get(span.parent or "", -1) + 1
        click.echo(f"{'  ' * depth[span.id]}{_line(span)}")


def _plain(records: Sequence[object]) -> list[object]:
    return [orjson.loads(orjson.dumps(one)) for one in records]


def _line(span: NodeSpan) -> str:
    facts = [
        f"{span.title} ({span.kind})",
        f"round {span.round + 1}" if span.round is not None else "",
        span.state,
        f"{span.elapsed_s:.2f} s" if span.elapsed_s is not None else "",
        f"{span.tokens} tokens" if span.tokens else "",
        span.error or "",
    ]
    return plain(" · ".join(fact for fact in facts if fact))
