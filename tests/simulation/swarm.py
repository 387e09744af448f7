"""What a seed draws: the zone and hour of its world, its processes, which faults there are and how often."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

WINDOW_S = 1800.0
JOBS = 10
# (zone, the instant of a clock change): the window lies around it.
CHANGES = (
    ("Europe/Berlin", datetime(2026, 10, 25, 1, 0, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, 0, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, 0, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, 0, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 9, 6, 4, 0, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2026, 9, 1, 3, 30, tzinfo=UTC)),
    ("UTC", datetime(2026, 12, 31, 23, 50, tzinfo=UTC)),
)
LONGEST_JUMP_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Odds of each fault (of a request, a transaction, a wake-up) or seconds between two of a kind; 0 is never."""

    # processes
    crash: float = 0.0  # at the edge of a transaction
    kill_every_s: float = 0.0  # between any two steps
    end_every_s: float = 0.0  # told to end, in order
    freeze: float = 0.0  # at the edge of a transaction
    freeze_every_s: float = 0.0
    # time
    jump_every_s: float = 0.0
    is_jump_mended: bool = True
    # the engine
    drop: float = 0.0
    double: float = 0.0
    # the database
    slow: float = 0.0
    refuse: float = 0.0  # nothing was saved
    unsure: float = 0.0  # it was saved, and nobody was told
    # Dify
    dify_refused: float = 0.0
    dify_lost_before: float = 0.0
    dify_lost_after: float = 0.0
    dify_error: float = 0.0
    dify_full: float = 0.0
    dify_cut: float = 0.0
    dify_queue: float = 0.0
    dify_log_lag_s: float = 0.0
    dify_fails: float = 0.1
    dify_long: float = 0.0
    dify_out_s: float = 0.0
    # Slack
    slack_429: float = 0.0
    slack_refused: float = 0.0
    slack_lost_before: float = 0.0
    slack_lost_after: float = 0.0
    slack_error_before: float = 0.0
    slack_error_after: float = 0.0
    slack_out_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Swarm:
    """One world. `processes` over one database go by its clock; one alone goes by that of its machine."""

    seed: int
    processes: int
    zone: str
    begins_at: datetime
    jobs: int = JOBS
    window_s: float = WINDOW_S
    faults: Faults = field(default_factory=Faults)

    @property
    def is_alone(self) -> bool:
        return self.processes == 1


# Nothing happens here that is not asked for.
PLAIN = Swarm(seed=0, processes=1, zone="UTC", begins_at=datetime(2026, 9, 1, 7, 0, 13, tzinfo=UTC), window_s=240.0)


def draw(seed: int, *, window_s: float = WINDOW_S) -> Swarm:
    """The world of a seed; always the same."""
    dice = Random(f"{seed}/swarm")
    zone, change = dice.choice(CHANGES)
    begins_at = change - timedelta(seconds=dice.uniform(60, window_s - 60))
    processes = dice.choice((1, 1, 1, 2, 3))
    return Swarm(
        seed=seed,
        processes=processes,
        zone=zone,
        window_s=window_s,
        begins_at=begins_at.replace(microsecond=dice.randrange(1_000_000)),
        faults=_draw_faults(dice, is_alone=processes == 1),
    )


def _draw_faults(dice: Random, *, is_alone: bool) -> Faults:
    """Each kind is there in about half of the worlds: faults that are always there hide each other."""

    def maybe(low: float, high: float, odds: float = 0.5) -> float:
        is_on, much = dice.random() < odds, dice.uniform(low, high)
        return much if is_on else 0.0

    return Faults(
        crash=maybe(0.001, 0.006),
        kill_every_s=maybe(60, 600),
        end_every_s=maybe(200, 900, 0.3),
        freeze=0.0 if is_alone else maybe(0.001, 0.004),
        freeze_every_s=maybe(100, 600, 0.3),
        jump_every_s=maybe(200, 900, 0.3),
        is_jump_mended=dice.random() < 0.7,
        drop=maybe(0.1, 0.4),
        double=maybe(0.1, 0.4),
        slow=maybe(0.01, 0.05, 0.3),
        refuse=maybe(0.002, 0.02, 0.3),
        unsure=0.0 if is_alone else maybe(0.001, 0.01, 0.4),
        dify_refused=maybe(0.02, 0.2, 0.4),
        dify_lost_before=maybe(0.01, 0.1, 0.4),
        dify_lost_after=maybe(0.01, 0.1),
        dify_error=maybe(0.02, 0.15, 0.4),
        dify_full=maybe(0.05, 0.3, 0.3),
        dify_cut=maybe(0.05, 0.3),
        dify_queue=maybe(0.05, 0.3, 0.4),
        dify_log_lag_s=maybe(0.1, 50, 0.6),
        dify_fails=dice.choice((0.0, 0.1, 0.3)),
        dify_long=maybe(0.02, 0.2, 0.4),
        dify_out_s=maybe(30, 400, 0.2),
        slack_429=maybe(0.02, 0.15),
        slack_refused=maybe(0.02, 0.1, 0.3),
        slack_lost_before=maybe(0.01, 0.08, 0.4),
        slack_lost_after=maybe(0.01, 0.08),
        slack_error_before=maybe(0.01, 0.08, 0.4),
        slack_error_after=maybe(0.01, 0.08),
        slack_out_s=7200.0 if dice.random() < 0.01 else maybe(60, 600, 0.2),
    )
