"""`dify-ops trace`: a recorded Dify stream as a tree of nodes."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.tree import Tree

from bot.cli._session import print_json
from bot.cli._tell import plain
from bot.dify import events, sse
from bot.dify.trace import Trace, as_json

CHUNK = 65_536


@click.command("trace")
@click.argument("file", type=click.Path(allow_dash=True, dir_okay=False, path_type=Path))
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object.")
def command(file: Path, json_wanted: bool) -> None:
    """Read the stream recorded in FILE (`-` for stdin) and print what ran."""
    trace = read_trace(_chunks(file))
    told = as_json(trace)
    if json_wanted:
        print_json(told)
    else:
        _draw(told)


def read_trace(chunks: Iterable[bytes]) -> Trace:
    """The trace of a stream, in whatever pieces it comes."""
    splitter, trace = sse.Splitter(), Trace()
    for chunk in chunks:
        for payload in splitter.feed(chunk):
            event = events.read(payload)
            if event is not None:
                trace.fold(event)
    trace.close()
    return trace


def _chunks(file: Path) -> Iterable[bytes]:
    try:
        stream = sys.stdin.buffer if str(file) == "-" else file.open("rb")
    except OSError as error:
        raise click.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="FILE") from error
    with stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _draw(told: dict[str, Any]) -> None:
    status = told["status"] or "no end seen"
    facts = [status, _seconds(told["elapsed_s"]), f"{told['total_tokens']} tokens" if told["total_tokens"] else ""]
    tree = Tree(plain(" · ".join(fact for fact in facts if fact)))
    if told["error"]:
        tree.add(plain(f"error: {told['error']}"), style="red")
    for node in told["nodes"]:
        _grow(tree, node)
    Console(markup=False, highlight=False).print(tree)


def _grow(tree: Tree, node: dict[str, Any]) -> None:
    facts = [
        f"{node['title']} ({node['type']})",
        f"round {node['round'] + 1}" if node["round"] is not None else "",
        node["status"],
        _seconds(node["elapsed_s"]),
        f"{node['tokens']} tokens" if node["tokens"] else "",
        f"{node['attempts']} tries" if node["attempts"] > 1 else "",
        f"branch {node['branch']}" if node["branch"] else "",
        node["error"] or "",
    ]
    grown = tree.add(plain(" · ".join(fact for fact in facts if fact)), style="red" if node["error"] else "")
    for child in node["children"]:
        _grow(grown, child)


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} s"
