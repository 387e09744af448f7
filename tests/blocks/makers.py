"""Records to be shown, and the judges of what was shown: Slack's own rules, and that nobody is called."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.blocks.parts import FALLBACK_TEXT, MARKDOWN_SUM, Message, View
from bot.demo.slack.check import check_message, check_view
from storage.records import (
    App,
    Cause,
    Draft,
    Fault,
    InputField,
    Job,
    JobState,
    NodeSpan,
    Policy,
    Run,
    RunState,
    Schedule,
)

# Whole records are large to make, and the machine may be busy: neither says anything about what is tested.
patient = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
OURS = re.compile(r"<(?:!date\^\d+\^[^|<>]*\|[^<>]*|@UOWNER|@USTOP|#C0FFEE)>")
TOKEN = re.compile(r"<(?:[!@#]|[a-z][a-z0-9+.-]*:|[^<>\s|]{0,200}\|)", re.IGNORECASE)
HIDDEN = re.compile("[\x00\u200b\u200e\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def make_run(**facts: Any) -> Run:
    known: dict[str, Any] = {
        "id": 381, "team_id": "T1", "key": "job:12@x", "app_id": 3, "name": "Nightly digest", "channel_id": "C0FFEE",
        "owner_id": "UOWNER", "cause": Cause.SCHEDULE, "inputs": {"topic": "AI"}, "slot_at": NOW, "due_at": NOW,
        "timeout_s": 600, "created_at": NOW, "job_id": 12, "state": RunState.SUCCEEDED, "attempts": 1,
        "started_at": NOW, "ended_at": NOW + timedelta(seconds=42), "elapsed_s": 42.0, "tokens": 12345, "steps": 9,
        "price": "0.12", "currency": "USD", "nodes": 9, "nodes_done": 9, "outputs": {"text": "Hello **world**"},
    }  # fmt: skip
    return Run(**(known | facts))


WEEKDAYS = Schedule(
    kind="cron", spec="0 9 * * 1-5", zone="Asia/Tokyo", text="0 9 * * 1-5", says="every weekday at 09:00"
)


def make_job(**facts: Any) -> Job:
    known: dict[str, Any] = {
        "id": 12, "team_id": "T1", "channel_id": "C0FFEE", "name": "Nightly digest", "app_id": 3,
        "inputs": {"topic": "AI"}, "owner_id": "UOWNER", "created_at": NOW,
        "schedules": (WEEKDAYS,),
    }  # fmt: skip
    return Job(**(known | facts))


def make_app(**facts: Any) -> App:
    known: dict[str, Any] = {
        "id": 3, "team_id": "T1", "name": "daily-news", "base_urls": ("https://api.dify.ai/v1",), "mode": "workflow",
        "sealed_key": b"x", "key_hint": "…a1", "created_by": "UOWNER", "created_at": NOW,
    }  # fmt: skip
    return App(**(known | facts))


def make_span(span_id: str = "s1", **facts: Any) -> NodeSpan:
    known: dict[str, Any] = {
        "id": span_id, "node_id": f"n-{span_id}", "kind": "llm", "title": "LLM summarise", "state": "succeeded",
        "elapsed_s": 3.2, "tokens": 100, "inputs": {"q": "x"}, "outputs": {"text": "y"},
    }  # fmt: skip
    return NodeSpan(**(known | facts))


def make_draft(**facts: Any) -> Draft:
    known: dict[str, Any] = {
        "id": "d1",
        "team_id": "T1",
        "user_id": "UOWNER",
        "channel_id": "C0FFEE",
        "app_id": 3,
        "name": "Nightly digest",
        "when": "every weekday at 9",
        "zone": "Asia/Tokyo",
        "inputs": {"topic": "AI news"},
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=1),
    }
    return Draft(**(known | facts))


def make_field(variable: str = "topic", kind: str = "text-input", **facts: Any) -> InputField:
    return InputField(**({"variable": variable, "label": variable, "kind": kind} | facts))


def days(count: int) -> list[datetime]:
    return [NOW + timedelta(days=day) for day in range(count)]


def sound(shown: Message) -> Message:
    """The message and both its fallbacks, when Slack would take them and they call nobody."""
    for one in (shown, shown.plain()):
        assert check_message({"text": one.text, "blocks": one.blocks}) == []
        assert sum(len(block["text"]) for block in one.blocks if block["type"] == "markdown") <= MARKDOWN_SUM
        assert harmless(one.blocks) == []
    assert {block["type"] for block in shown.plain().blocks} <= {"section", "context", "actions"}
    assert shown.plain().blocks or not shown.blocks
    assert shown.bare().blocks == []
    assert 0 < len(shown.text.strip()) <= FALLBACK_TEXT
    assert live(shown.text) == []
    assert not HIDDEN.search(json.dumps(shown.blocks, ensure_ascii=False) + shown.text)
    return shown


def sound_view(view: View) -> View:
    assert check_view(view) == []
    assert harmless(view["blocks"]) == []
    assert view["blocks"]
    assert not HIDDEN.search(json.dumps(view, ensure_ascii=False))
    return view


def parsed_texts(payload: Any) -> Iterator[tuple[str, str]]:
    """(type, text) of everything in a payload in which Slack looks for tokens."""
    if isinstance(payload, Mapping):
        if payload.get("type") in ("mrkdwn", "markdown"):
            yield payload["type"], payload["text"]
        for value in payload.values():
            yield from parsed_texts(value)
    elif isinstance(payload, list):
        for value in payload:
            yield from parsed_texts(value)


def harmless(payload: Any) -> list[str]:
    """What in a payload would call somebody or hide an address; empty when nothing does."""
    found = []
    for kind, text in parsed_texts(payload):
        found += live(text)
        if kind == "markdown":
            found += ["raw <"] if "<" in text else []
            found += lying_links(text)
    return found + [str(one) for one in mentions(payload)]


def mentions(payload: Any) -> Iterator[Any]:
    """Elements of rich text that call somebody by themselves."""
    if isinstance(payload, Mapping):
        if payload.get("type") in ("user", "usergroup", "broadcast", "team", "channel", "link", "image"):
            yield payload
        for value in payload.values():
            yield from mentions(value)
    elif isinstance(payload, list):
        for value in payload:
            yield from mentions(value)


def live(text: str) -> list[str]:
    """Tokens that are not ours, also those that appear only when entities are decoded, up to four times."""
    rest, found = OURS.sub("", text), []
    found += [rest] if "<" in rest else []
    for _ in range(4):
        rest = html.unescape(rest)
        found += TOKEN.findall(rest)
    return found + re.findall(r"(?<![\w.@])@(?:channel|here|everyone)\b", rest, re.IGNORECASE)


def lying_links(text: str) -> list[str]:
    """Links whose words do not tell the host, links that are not http(s), and images."""
    found = []
    for token in READER.parse(text):
        children = token.children or []
        for index, child in enumerate(children):
            if child.type == "image":
                found.append("image")
            if child.type == "link_open":
                href, words = str(child.attrs["href"]), ""
                for later in children[index + 1 :]:
                    if later.type == "link_close":
                        break
                    words += later.content
                host = re.sub(r"^https?://([^/?#:]*).*", r"\1", href, flags=re.DOTALL)
                if host == href or host not in words:
                    found.append(f"{words} -> {href}")
    return found


nasty_text = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=st.characters(), max_size=300),
    st.sampled_from(
        [
            "",
            " ",
            "\x00",
            "<!channel>",
            "&lt;!here&gt;",
            "<@U123>",
            "x" * 3000,
            "日本語のテキスト" * 300,
            "🧑‍🚀" * 1200,
            "שלום\u202eעולם",
            "*bold* _it_ `code` ~s~",
            "```\nfence",
            "[a](http://evil.example)",
            "\ud800",
            "line\nline\r\nline",
            "<https://e.vil|bank>",
            "|a|b|",
            "&" * 500,
            "<" * 500,
            "@here",
            "\u200b\u200e",
        ]
    ),
)
maybe_seconds = st.none() | st.floats(0, 1e7)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | nasty_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(nasty_text, inner, max_size=4),
    max_leaves=10,
)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
faults = st.builds(
    Fault, code=nasty_text, message=nasty_text, where=st.none() | nasty_text, node_id=st.none() | nasty_text
)
runs = st.builds(
    make_run,
    name=nasty_text,
    state=st.sampled_from(list(RunState)),
    cause=st.sampled_from(list(Cause)),
    reason=st.none() | nasty_text,
    asked_by=st.none() | nasty_text,
    stop_by=st.none() | nasty_text.filter(lambda text: not re.fullmatch(r"[UW][A-Z0-9]{2,20}", text)),
    attempts=st.integers(0, 9),
    started_at=st.none() | moments,
    ended_at=st.none() | moments,
    elapsed_s=maybe_seconds,
    tokens=st.none() | st.integers(0, 10**9),
    price=st.none() | st.sampled_from(["0", "0.0000123", "12.5", "nan", "x", "-1", "1E+400"]),
    currency=st.none() | st.sampled_from(["USD", "EUR", "<!channel>"]),
    nodes=st.integers(0, 99),
    nodes_done=st.integers(0, 99),
    current_node=st.none() | nasty_text,
    outputs=st.none() | st.dictionaries(nasty_text, json_values, max_size=5),
    fault=st.none() | faults,
)
spans = st.builds(
    NodeSpan,
    id=st.sampled_from(["a", "b", "c", "d e", "x" * 100, "é<!>"]),
    node_id=nasty_text,
    kind=st.sampled_from(["llm", "iteration", "loop", "if-else", ""]) | nasty_text,
    title=nasty_text,
    state=st.sampled_from(["succeeded", "failed", "exception", "unfinished", "stopped"]) | nasty_text,
    parent=st.none() | st.sampled_from(["a", "b", "c", "gone"]),
    error=st.none() | nasty_text,
    elapsed_s=maybe_seconds,
    tokens=st.none() | st.integers(0, 10**6),
    price=st.none() | nasty_text,
    currency=st.none() | nasty_text,
    round=st.none() | st.integers(0, 50),
    rounds=st.none() | st.integers(0, 5000),
    branch=st.none() | nasty_text,
    attempts=st.integers(1, 5),
    inputs=json_values,
    outputs=json_values,
)
span_lists = st.lists(spans, max_size=12)
jobs = st.builds(
    make_job,
    name=nasty_text,
    state=st.sampled_from(list(JobState)),
    state_by=st.none() | st.just("UOWNER"),
    state_reason=st.none() | nasty_text,
    policy=st.builds(Policy, overlap=nasty_text),
    failing_since=st.none() | moments,
    failures=st.integers(0, 50),
    inputs=st.dictionaries(nasty_text, json_values, max_size=30),
    schedules=st.lists(
        st.builds(
            Schedule,
            kind=st.sampled_from(["cron", "api"]),
            spec=nasty_text,
            zone=nasty_text,
            text=nasty_text,
            says=nasty_text,
        ),
        max_size=3,
    ).map(tuple),
)
