"""Workflows that a story makes for itself, out of recorded streams."""

import uuid
from pathlib import Path

import orjson

from bot.demo.dify import DemoApp
from bot.demo.dify.recording import STREAMS


def app_that_says(name: str, text: str) -> DemoApp:
    """A workflow whose only output is this text."""
    return DemoApp(name=name, stream="simple", says={'Hello Zürich ✓ 日本 "q" <b>': text, "Zürich": "here"})


def app_with_rounds(folder: Path, name: str, rounds: int) -> DemoApp:
    """A workflow whose iteration has so many rounds: a recorded stream with its first round repeated."""
    lines = [orjson.loads(line) for line in (STREAMS / "iteration_seq.jsonl").read_text().splitlines()]
    first = [index for index, (_, event) in enumerate(lines) if event["event"] == "iteration_next"]
    head, one_round, tail = (
        lines[: first[0]],
        lines[first[0] : first[1]],
        lines[first[2] + len(lines[first[0] : first[1]]) :],
    )
    repeated = []
    for number in range(rounds):
        for at, event in orjson.loads(orjson.dumps(one_round)):
            data = event["data"]
            if event["event"] == "iteration_next":
                data["index"] = number
            else:
                data["id"] = str(uuid.uuid5(uuid.UUID(data["id"]), str(number)))
            if data.get("execution_metadata"):
                data["execution_metadata"]["iteration_index"] = number
            repeated.append([at, event])
    text = "\n".join(orjson.dumps(line).decode() for line in [*head, *repeated, *tail])
    (folder / f"{name}.jsonl").write_text(text + "\n")
    return DemoApp(name=name, stream=str(folder / name))
