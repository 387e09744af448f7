"""The apps of the local Dify: what each is called, asks for and replays."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Form = Sequence[Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class DemoApp:
    """A Dify app that replays one recorded stream.

    `says` replaces recorded texts by believable ones; `{{name}}` in them becomes the input of that name. The
    structure of the stream, its order and its kinds of values stay as recorded. `times` multiplies tokens and
    prices, `pace` the recorded delays. `choose` picks the stream by the inputs. `holds` keeps the run going
    after its last event until it is stopped. `dies` is a worker that was killed: no pings, no last event.
    """

    name: str
    stream: str
    description: str = ""
    mode: str = "workflow"
    form: Form = ()
    says: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    pace: float = 1.0
    choose: Callable[[Mapping[str, Any]], str] | None = None
    holds: bool = False
    dies: bool = False
    is_published: bool = True


def _field(kind: str, variable: str, label: str, **more: Any) -> Mapping[str, Mapping[str, Any]]:
    limits = {"paragraph": 2000, "text-input": 256, "file-list": 5}
    shape = {"variable": variable, "label": label, "type": kind, "required": False}
    return {kind: {**shape, "max_length": limits.get(kind, 256), "options": [], **more}}


def _files(*kinds: str) -> dict[str, Any]:
    methods = ["local_file", "remote_url"]
    return {
        "allowed_file_types": [*kinds],
        "allowed_file_extensions": [],
        "allowed_file_upload_methods": methods,
    }


_SALES = "*Sales* – 128 orders in {{city}}, 6 % more than yesterday. Two carts above €5,000 are still open."
_SUPPORT = "*Support* – 41 tickets, median answer after 9 minutes. One complaint about late parcels is open."
_SYSTEMS = "*Systems* – all green. The nightly backup took 14 minutes; disk use stands at 61 %."
_REPORT = (
    "# Daily report for {{city}}\n\n"
    "A calm day with good sales. Nothing needs a decision before noon.\n\n"
    "| Area | State | Worth knowing |\n| --- | --- | --- |\n"
    "| Sales | up 6 % | two large carts are open |\n"
    "| Support | steady | one complaint about late parcels |\n"
    "| Systems | green | backup took 14 minutes |\n\n"
    "**Next step:** call the two customers with open carts.\n"
)
_BAD_SUMMARY = 'The answer to “Summarise ["The answer to “About one” is” is 42. ✅'

DAILY_REPORT = DemoApp(
    name="daily-report",
    stream="llm_iteration",
    description="Looks at sales, support and systems, then writes the report of the day",
    form=(
        _field("text-input", "city", "City", required=True, default="Berlin"),
        _field("select", "tone", "Tone", options=["short", "friendly", "formal"], default="short"),
    ),
    says={
        _BAD_SUMMARY: _REPORT,
        "The answer to “About one” is 42. ✅": _SALES,
        "The answer to “About two” is 42. ✅": _SUPPORT,
        "The answer to “About three” is 42. ✅": _SYSTEMS,
        "About one": "What happened in sales in {{city}}?",
        "About two": "What happened in support in {{city}}?",
        "About three": "What happened in systems in {{city}}?",
        "You are terse.": "You write for busy people.",
        "one": "sales",
        "two": "support",
        "three": "systems",
        "Split topics": "List the areas",
        "Ask per topic": "Look at each area",
        "Ask about item": "Read the numbers",
        "Summarise": "Write the report",
    },
    times=12,
    pace=4.0,
)

DIGEST = DemoApp(
    name="digest",
    stream="iteration_seq",
    description="Collects the headlines about a topic, one after the other",
    form=(_field("text-input", "topic", "Topic", required=True),),
    says={
        "0:ALPHA": "{{topic}}: prices fall for the third week",
        "1:BETA": "{{topic}}: two new suppliers enter the market",
        "2:GAMMA": "{{topic}}: what the new rules mean for small shops",
        "0:alpha": "prices fall for the third week",
        "1:beta": "two new suppliers enter the market",
        "2:gamma": "what the new rules mean for small shops",
        "alpha": "prices",
        "beta": "suppliers",
        "gamma": "rules",
        "Make list": "Find sources",
        "For each item": "For each source",
        "Format item": "Read the page",
        "Process item": "Write the headline",
    },
    pace=2.0,
)

BRANCH = DemoApp(
    name="branch",
    stream="ifelse_true",
    description="Takes one of two ways, by the number of open orders",
    form=(_field("number", "n", "Open orders", required=True, default="42"),),
    says={
        "big 42": "{{n}} open orders: the second shift is needed",
        "small 3": "{{n}} open orders: one shift is enough",
        "n > 10?": "More than 10 orders?",
        "Big branch": "Plan two shifts",
        "Small branch": "Plan one shift",
        "Merge": "Bring together",
    },
    choose=lambda inputs: "ifelse_true" if float(inputs.get("n") or 0) > 10 else "ifelse_false",
)

CHAT = DemoApp(
    name="chat",
    stream="chatflow_echo",
    mode="advanced-chat",
    description="A chatflow that answers what it is asked",
    form=(_field("text-input", "topic", "Topic"),),
    says={
        "Reply: You said hello there": "You asked: {{@query}}\nThe shop opens at 9 and closes at 18.",
        "You said hello there": "{{@query}}\nThe shop opens at 9 and closes at 18.",
        "Reply: ": "You asked: ",
        "hello there": "{{@query}}",
        "Echo": "Look it up",
    },
)

BROKEN = DemoApp(
    name="broken",
    stream="fail_http_refused",
    description="Fails: the service that it calls does not answer",
    says={"Refused call": "Fetch the price list", "127.0.0.1:9": "prices.example.test"},
    pace=10.0,
)

PARTIAL = DemoApp(
    name="partial",
    stream="retry_then_ok",
    description="Needs three attempts at a flaky service, and succeeds in part",
    says={"Flaky call": "Fetch the stock list", "cb6d896869a147f3bb893b250e3c5521": "{{k}}"},
    form=(_field("text-input", "k", "Store"),),
)

APPROVAL = DemoApp(
    name="approval",
    stream="human_input",
    description="Waits for a human to approve a draft",
    form=(_field("paragraph", "draft", "Draft", required=True),),
    says={"Quarterly text": "{{draft}}", "LDnYmKXGtESnHGOt9rTAiq": "{{@form_token}}"},
)

EVERY_FIELD = DemoApp(
    name="forms",
    stream="simple",
    description="Asks for a value of every kind that Dify knows",
    form=(
        _field("text-input", "name", "Name", required=True, max_length=48),
        _field("paragraph", "note", "Note"),
        _field("number", "count", "Count", default="5"),
        _field("select", "lang", "Lang", required=True, options=["en", "ja", "zh"], default="en"),
        _field("checkbox", "flag", "Flag"),
        _field("file", "doc", "Doc", **_files("document")),
        _field("file-list", "pics", "Pics", **_files("image")),
        _field("json_object", "blob", "Blob"),
    ),
    says={'Hello Zürich ✓ 日本 "q" <b>': "Hello {{name}}", "Zürich": "{{lang}}"},
)

WORLD: tuple[DemoApp, ...] = (
    DAILY_REPORT,
    DIGEST,
    BRANCH,
    CHAT,
    BROKEN,
    PARTIAL,
    APPROVAL,
    EVERY_FIELD,
    DemoApp(
        name="loops",
        stream="nested_loop_in_iteration",
        description="A loop inside an iteration",
        says={"Outer iteration": "For each shelf", "Inner loop": "Count twice"},
        pace=2.0,
    ),
    DemoApp(
        name="parallel",
        stream="parallel",
        description="Asks three services at the same time",
        says={
            "Branch 1 (1.2s)": "Ask the north depot",
            "Branch 2 (0.2s)": "Ask the south depot",
            "Branch 3 (0.7s)": "Ask the west depot",
            "Branch 1 format": "Read the north answer",
            "Branch 2 format": "Read the south answer",
            "Branch 3 format": "Read the west answer",
            "b1:200": "North: 412 boxes.",
            "b2:200": "South: 97 boxes.",
            "b3:200": "West: 230 boxes.",
        },
    ),
    DemoApp(name="slow", stream="slow_35s", description="Takes 35 seconds; can be stopped"),
    DemoApp(
        name="never-ending",
        stream="stop_mid_run",
        description="Runs until somebody stops it",
        says={"Slow node 8s": "Watch the queue"},
        holds=True,
    ),
    DemoApp(name="huge-output", stream="big_output", description="Answers with 150,000 characters"),
    DemoApp(
        name="worker-killed",
        stream="worker_killed_mid_run",
        description="Its worker dies: the stream falls silent and ends without a last word",
        dies=True,
    ),
    DemoApp(
        name="no-model",
        stream="llm_unknown_model",
        description="Uses a model that does not exist",
        form=(_field("text-input", "q", "Question"),),
    ),
    DemoApp(
        name="time-limit",
        stream="server_time_limit",
        description="Is stopped by the time limit of the server, after all its work",
        pace=0.1,
    ),
    DemoApp(
        name="quota",
        stream="llm_rate_limited",
        description="Its model answers that the rate limit is reached",
        form=(_field("text-input", "q", "Question"),),
    ),
    DemoApp(name="bad-code", stream="fail_code", description="A code node raises: many lines of traceback"),
    DemoApp(name="fallback", stream="error_fail_branch", description="Fails, and takes the way meant for failures"),
    DemoApp(name="fan-out", stream="iteration_parallel", description="Works on three items at the same time"),
    DemoApp(name="counter", stream="loop_break", description="A loop that ends by its break condition"),
    DemoApp(name="odd-text", stream="multiline", description="Says every character that breaks a careless reader"),
    DemoApp(name="unpublished", stream="simple", description="Was never published", is_published=False),
)
