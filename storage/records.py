"""The types that travel through the house: frozen, without I/O, standard library only.

Every `datetime` is aware and in UTC. Every `*_s` is in seconds. `None` means unknown, never zero.
Money is a decimal string beside its currency. Mappings hold JSON values and are not to be changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class RunState(StrEnum):
    """planned → ready → running → one of the ends; or planned → one of the ends that never started.

    `QUEUED` is a run whose time has come and that waits until its job is free (planned → queued → ready).
    `WAITING` is a run that Dify has paused until a human fills in a form. A skip is never a failure.
    """

    PLANNED = "planned"
    QUEUED = "queued"
    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    STOPPED = "stopped"
    LOST = "lost"
    SKIPPED = "skipped"
    MISSED = "missed"
    EXPIRED = "expired"
    BLOCKED = "blocked"

    @property
    def has_ended(self) -> bool:
        return self not in _OPEN

    @property
    def is_active(self) -> bool:
        """Occupies its job, so that the overlap rule applies. Waiting for a human does not."""
        return self in (RunState.READY, RunState.RUNNING)

    @property
    def is_failure(self) -> bool:
        return self in (RunState.FAILED, RunState.TIMED_OUT, RunState.LOST)

    @property
    def is_success(self) -> bool:
        return self in (RunState.SUCCEEDED, RunState.PARTIAL)


_OPEN = frozenset((RunState.PLANNED, RunState.QUEUED, RunState.READY, RunState.RUNNING, RunState.WAITING))


class JobState(StrEnum):
    """`HELD` is a job whose next slot nobody can know yet: a calendar of it has no data for that year."""

    ACTIVE = "active"
    PAUSED = "paused"
    HELD = "held"
    COMPLETED = "completed"
    DELETED = "deleted"


class Cause(StrEnum):
    """Why a run exists."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    RERUN = "rerun"
    TEST = "test"
    API = "api"
    BACKFILL = "backfill"


class DeliveryState(StrEnum):
    """`OWED` until what is wanted has been sent; `DEAD` when no attempt can ever succeed."""

    OWED = "owed"
    SENT = "sent"
    DEAD = "dead"


class DeliveryKind(StrEnum):
    RUN = "run"
    ALERT = "alert"
    NOTICE = "notice"
    BACKFILL = "backfill"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRule:
    """Which days of a calendar count: `only` its own days, or all but its days. `calendar` is a built-in name
    (`holiday:US`, `workday:CN`, `trading:XNYS`) or the name of a team's own. `roll` says what becomes of a slot on
    a day that does not count: `skip`, or it moves to the `next` or the `previous` day that does, same local time."""

    calendar: str
    only: bool
    roll: str = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a job runs, as a value. The words are written once, when the text is read.

    `kind` is one of cron, fixed_rate, fixed_delay, one_time, api. `spec` is what the kind's file understands
    (a cron expression, a number of seconds, an ISO instant, nothing). `text` is the strict canonical form, which
    can be typed again and reads to the same schedule.

    `start_at` and `until_at` are inclusive; `times` counts scheduled starts from `anchor_at`, the moment of saving.
    `exclusions` are canonical texts of what is struck out (a day, a span of days, a weekly window).
    `jitter_s` spreads the start over so many seconds and moves no slot.
    """

    kind: str
    spec: str
    zone: str
    text: str
    says: str
    anchor_at: datetime | None = None
    start_at: datetime | None = None
    until_at: datetime | None = None
    times: int | None = None
    calendars: tuple[CalendarRule, ...] = ()
    exclusions: tuple[str, ...] = ()
    jitter_s: int = 0


ROUTINGS = ("first", "round", "failover")  # as App says
PRIORITIES = ("low", "normal", "high", "urgent")  # as Policy and Run count them


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What happens when a time is busy or missed, and which time the inputs are told.

    `overlap` is skip, queue, replace or allow; `overlap_max` how many wait at most (queue) or run at once (allow).
    `catch_up` is skip, latest or all, of the slots missed within the last `catch_up_s`. `data_offset` moves the
    `data_time` of the macros (`-1d`, `-3600s`). A run that fails is tried again up to `retries` times, first after
    `retry_after_s`; one that had begun at Dify only where `retry_started`, for its side effects come twice.
    `priority` is 0 low, 1 normal, 2 high, 3 urgent: who starts first of those that wait for room. Its channel is told
    of a run that goes on for longer than `warn_over_s`, and of one that succeeds within `warn_under_s`; 0 is never.
    """

    overlap: str = "skip"
    overlap_max: int = 1
    catch_up: str = "latest"
    catch_up_s: int = 3600
    data_offset: str = ""
    retries: int = 2
    retry_after_s: int = 30
    retry_started: bool = False
    priority: int = 1
    warn_over_s: int = 0
    warn_under_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A team's own set of days. `days` are its dates in order; `years` are those it knows all about, so that a date
    outside of them is unknown and not simply absent. `version` counts the imports."""

    id: int
    team_id: str
    name: str
    days: tuple[date, ...]
    years: tuple[int, ...]
    changed_by: str
    changed_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class InputField:
    """One input of a workflow, as Dify's /parameters describes it. `kind` is Dify's own word."""

    variable: str
    label: str
    kind: str
    required: bool = False
    max_length: int | None = None
    options: tuple[str, ...] = ()
    default: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A Dify app. `mode` is Dify's word: workflow or advanced-chat. `base_urls` are the addresses at which the same
    app answers, in order, and the key is sealed and bound to all of them. `routing` tells where a run goes: to the
    `first` that can be reached, by `round` to each in turn, or by `failover` to where the last one went (`last_url`)
    until that cannot be reached. At most `max_running` runs of it go on at a time; None leaves that to the setting
    for all apps."""

    id: int
    team_id: str
    name: str
    base_urls: tuple[str, ...]
    mode: str
    sealed_key: bytes | None
    key_hint: str
    created_by: str
    created_at: datetime
    description: str = ""
    max_running: int | None = None
    routing: str = "first"
    last_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A workflow that somebody asked for. `version` counts every change of the row. `resume_at` ends a pause."""

    id: int
    team_id: str
    channel_id: str
    name: str
    app_id: int
    inputs: Mapping[str, Any]
    schedules: tuple[Schedule, ...]
    owner_id: str
    created_at: datetime
    state: JobState = JobState.ACTIVE
    state_by: str | None = None
    state_reason: str | None = None
    policy: Policy = Policy()
    resume_at: datetime | None = None
    timeout_s: int = 1200
    version: int = 1
    failing_since: datetime | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a run failed, as data. `code` is the class, `where` the title of the node or a word for the place.

    `final` tells that another attempt cannot help, `begun` that Dify had begun the run.
    """

    code: str
    message: str
    where: str | None = None
    node_id: str | None = None
    final: bool = True
    begun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One slot of a job, or one request to run an app; complete enough to be started without its job.

    `key` makes it unique: `job:12@2026-09-01T07:00:00Z`, `rerun:381/<action>`. `slot_at` is nominal and never
    moves; `due_at` may. A ready run waits for room since `ready_at`, in the order of `due_at` and `priority` (as in
    Policy). `tag` is the `user` of the attempt at Dify, the only handle by which a start can be found again, and
    `base_url` the address to which it goes and where alone it is looked for; `asked_at` tells that it may have left,
    `heard_at` that Dify has taken it. `owner`, `fence` and `lease_until` are the claim, `deaths` counts the owners
    that died while they held it; `stop_by` is the wish of a person that it end. `attempts` counts what was sent,
    `retries` the failures that were tried again; until `try_at` a ready run waits for its next attempt. What
    `hold_by` holds does not begin until it is released. `batch` names the backfill that it belongs to (`12/1`, the
    first of job 12). `mark` is what a person says of its end, `succeeded` or `failed`, whatever its state is. Since
    `cleared_at` its inputs and outputs are gone.
    """

    id: int
    team_id: str
    key: str
    app_id: int
    name: str
    channel_id: str
    owner_id: str
    cause: Cause
    inputs: Mapping[str, Any]
    slot_at: datetime
    due_at: datetime
    timeout_s: int
    created_at: datetime
    job_id: int | None = None
    job_version: int | None = None
    asked_by: str | None = None
    rerun_of: int | None = None
    batch: str | None = None
    priority: int = 1
    warn_over_s: int = 0
    state: RunState = RunState.PLANNED
    reason: str | None = None
    attempts: int = 0
    retries: int = 0
    try_at: datetime | None = None
    ready_at: datetime | None = None
    tag: str | None = None
    base_url: str | None = None
    asked_at: datetime | None = None
    heard_at: datetime | None = None
    owner: str | None = None
    fence: int = 0
    lease_until: datetime | None = None
    deaths: int = 0
    stop_by: str | None = None
    hold_by: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    dify_run_id: str | None = None
    task_id: str | None = None
    workflow_id: str | None = None
    elapsed_s: float | None = None
    tokens: int | None = None
    steps: int | None = None
    price: str | None = None
    currency: str | None = None
    nodes: int = 0
    nodes_done: int = 0
    current_node: str | None = None
    outputs: Mapping[str, Any] | None = None
    fault: Fault | None = None
    mark: str | None = None
    mark_by: str | None = None
    mark_reason: str | None = None
    cleared_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt of a run that ended without being its last: what was sent where under which name, and why it
    failed."""

    id: int
    run_id: int
    tag: str | None
    asked_at: datetime | None
    ended_at: datetime
    base_url: str | None = None
    dify_run_id: str | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Aged:
    """What is looked at of a run to know what of it is kept."""

    id: int
    job_id: int | None
    state: RunState
    slot_at: datetime
    ended_at: datetime | None
    cleared_at: datetime | None
    has_trace: bool
    is_owed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup:
    """What the runs of a job (0: of none) that ended on a day in UTC in one state came to; `currency` may be empty.
    Only runs that have gone are in it."""

    team_id: str
    job_id: int
    day: str
    state: RunState
    currency: str
    runs: int
    tokens: int
    elapsed_s: float
    price: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpan:
    """One execution of a node. A trace is a tuple of spans in the order in which they began.

    `parent` is the `id` of the span of the container that holds it. `round` is 0-based; a span of an inner loop
    carries the round of the iteration that holds the loop. `state` is Dify's word, or `unfinished`.
    `branch` is the chosen case of a branching node. `rounds` is the length of a container, where Dify told it.
    """

    id: str
    node_id: str
    kind: str
    title: str
    state: str
    parent: str | None = None
    error: str | None = None
    elapsed_s: float | None = None
    tokens: int | None = None
    price: str | None = None
    currency: str | None = None
    round: int | None = None
    rounds: int | None = None
    branch: str | None = None
    attempts: int = 1
    inputs: Any = None
    outputs: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message owed to one target. What is wanted and what was sent are counters; the newest state is sent.

    `key` makes it unique (`run:381>C123`). `facts` hold what cannot be read from the run at sending time.
    `receipt` is what the destination answered (for Slack: channel and ts). Lower `rank` is sent first. `asked_at`
    tells since when a first message may stand at the destination although there is no receipt. `digest_id` is the
    delivery that tells of this one as well, in a message of many runs.
    """

    id: int
    team_id: str
    key: str
    kind: DeliveryKind
    target: str
    due_at: datetime
    created_at: datetime
    destination: str = "slack"
    run_id: int | None = None
    job_id: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    state: DeliveryState = DeliveryState.OWED
    rank: int = 1
    wanted: int = 1
    sent: int = 0
    attempts: int = 0
    asked_at: datetime | None = None
    receipt: Mapping[str, Any] | None = None
    error: str | None = None
    owner: str | None = None
    fence: int = 0
    lease_until: datetime | None = None
    digest_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A job somebody has described and not yet saved. Kept 24 hours. `id` is random and opaque.

    `job_id` is set when the draft is an edit of that job, which then stood at `job_version`.
    """

    id: str
    team_id: str
    user_id: str
    channel_id: str
    app_id: int
    name: str
    when: str
    zone: str
    inputs: Mapping[str, Any]
    created_at: datetime
    expires_at: datetime
    policy: Policy = Policy()
    timeout_s: int = 1200
    job_id: int | None = None
    job_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The circuit breaker of a host: `failures` to connect in a row; nobody asks it until `shut_until`, and then one
    run tries. Or that of an app whose Dify runs as many requests of it as it may: `room` of ours go on, and after
    `shut_until` one more tries. There is no row of what is well."""

    name: str
    failures: int
    shut_until: datetime | None = None
    room: int | None = None


@dataclass(frozen=True, slots=True)
class Vitals:
    """Runs that are ready and wait for room, and since when the oldest is due; runs that go on; messages that wait,
    and since when; the newest starts, each with when it was due."""

    ready: int
    ready_since: datetime | None
    running: int
    owed: int
    owed_since: datetime | None
    starts: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who changed what, and when. Append only."""

    id: int
    team_id: str
    at: datetime
    actor: str
    action: str
    about: str
    detail: Mapping[str, Any] = field(default_factory=dict)
