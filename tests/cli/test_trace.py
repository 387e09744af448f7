"""`dify-ops trace`: a recorded stream as a tree, for people and for programs."""

import gzip
import json
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal

RECORDINGS = Path(__file__).parents[1] / "recordings"
FILES = sorted(RECORDINGS.glob("*/streams/*.sse")) + sorted(RECORDINGS.glob("*/streams/*.sse.gz"))
SIMPLE = RECORDINGS / "1.16.1" / "streams" / "simple.sse"
TOP = {"run_id", "task_id", "workflow_id", "status", "error", "elapsed_s", "total_tokens", "total_steps"}
TOP |= {"outputs", "complete", "ignored_events", "nodes"}
NODE = {"id", "node_id", "type", "title", "status", "error", "elapsed_s", "tokens", "price", "currency"}
NODE |= {"round", "branch", "attempts", "children"}
NO_STREAMS = [b"", b"\n\n", b"data: {\n\n", b"\xff\x00\xfe" * 1000, b"<html>502</html>", b"data: 5\n\ndata: null\n\n"]


def stream(file: Path) -> bytes:
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


def all_nodes(nodes: list[dict[str, object]]) -> list[dict[str, object]]:
    return [one for node in nodes for one in (node, *all_nodes(node["children"]))]  # type: ignore[arg-type]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parts[-3]}/{file.name}")
def test_every_recording_is_read_as_the_interface_says(terminal: Terminal, file: Path) -> None:
    done = terminal.call("trace", "-", "--json", stdin=stream(file))
    assert (done.code, done.err) == (0, "")
    told = done.json
    assert set(told) == TOP
    for node in all_nodes(told["nodes"]):
        assert set(node) == NODE
    assert told["complete"] or told["status"] is None


def test_a_file_and_the_same_bytes_on_stdin_read_alike(terminal: Terminal) -> None:
    from_file = terminal.call("trace", str(SIMPLE), "--json")
    assert from_file.json == terminal.call("trace", "-", "--json", stdin=SIMPLE.read_bytes()).json
    assert from_file.json["status"] == "succeeded"


def test_for_people_it_is_a_tree(terminal: Terminal) -> None:
    done = terminal.call("trace", str(RECORDINGS / "1.16.1" / "streams" / "iteration_error_terminated.sse"))
    assert done.code == 0
    head, *rest = done.out.splitlines()
    assert head.startswith("failed · ")
    assert any("round 2" in line for line in rest)
    assert any("error: " in line for line in rest)


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("bytes_in", NO_STREAMS)
def test_what_is_no_stream_is_a_trace_without_anything(terminal: Terminal, form: list[str], bytes_in: bytes) -> None:
    done = terminal.call("trace", "-", *form, stdin=bytes_in)
    assert done.code == 0
    if form:
        assert (done.json["complete"], done.json["status"], done.json["nodes"]) == (False, None, [])
    else:
        assert "no end seen" in done.out


@pytest.mark.parametrize("name", ["missing.sse", ".", "no/such/folder.sse"])
def test_a_file_that_cannot_be_read_is_one_sentence_and_wrong_usage(terminal: Terminal, name: str) -> None:
    done = terminal.call("trace", name)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1].startswith("Error: Invalid value for")
    assert name in done.err.splitlines()[-1]


def test_texts_of_a_workflow_cannot_steer_the_terminal(terminal: Terminal) -> None:
    title = "clear \x1b[2J\x1b]0;owned\x07 [red]markup[/red] \u202e"
    ids = {"workflow_run_id": "r", "task_id": "t"}
    node = {"id": "e", "node_id": "n", "node_type": "code", "title": title, "index": 1, "status": "failed"}
    events = [
        {"event": "workflow_started", **ids, "data": {"id": "r", "workflow_id": "w"}},
        {"event": "node_finished", **ids, "data": node | {"error": title}},
    ]
    recorded = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    done = terminal.call("trace", "-", stdin=recorded)
    assert "[red]markup[/red]" in done.out
    assert not set("\x1b\x07\u202e") & set(done.out)
    assert terminal.call("trace", "-", "--json", stdin=recorded).json["nodes"][0]["title"] == title


def test_a_trace_needs_no_settings_and_no_database(terminal: Terminal) -> None:
    terminal.environ["DATABASE_URL"] = "nonsense"
    assert terminal.call("trace", str(SIMPLE)).code == 0
    assert not list(terminal.folder.iterdir())
