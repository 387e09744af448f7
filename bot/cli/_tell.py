"""A run in words and as JSON, for the terminal."""

from typing import Any

from storage.records import Run

# Control characters, and those that turn the direction of writing: what others wrote must not steer the terminal.
CONTROLS = dict.fromkeys((*range(32), *range(127, 160), 0x61C, 0x200E, 0x200F), "\ufffd")
CONTROLS |= dict.fromkeys((*range(0x2028, 0x202F), *range(0x2066, 0x206A)), "\ufffd")
CONTROLS |= dict.fromkeys(map(ord, "\t\n\r"), " ")


def plain(text: str) -> str:
    """Words of others on one line, fit to be printed."""
    return text.translate(CONTROLS)


def run_facts(run: Run) -> dict[str, Any]:
    """A run as JSON; null means unknown."""
    return {
        "id": run.id,
        "job": run.job_id,
        "name": run.name,
        "cause": run.cause,
        "state": run.state,
        "reason": run.reason,
        "slot": run.slot_at,
        "due": run.due_at,
        "started": run.started_at,
        "ended": run.ended_at,
        "elapsed_s": run.elapsed_s,
        "tokens": run.tokens,
        "steps": run.steps,
        "price": run.price,
        "currency": run.currency,
        "dify_run_id": run.dify_run_id,
        "inputs": dict(run.inputs),
        "outputs": dict(run.outputs) if run.outputs is not None else None,
        "fault": {"code": run.fault.code, "message": run.fault.message, "where": run.fault.where}
        if run.fault
        else None,
    }


def run_line(run: Run) -> str:
    """One line of a list."""
    facts = [
        f"run {run.id:<6}",
        f"{run.name:24}",
        f"{run.state:10}",
        f"{run.due_at:%Y-%m-%d %H:%M:%S} UTC",
        f"{run.elapsed_s:.1f} s" if run.elapsed_s is not None else "",
        f"{run.tokens:,} tokens" if run.tokens is not None else "",
        run.fault.message.splitlines()[0] if run.fault else run.reason or "",
    ]
    return plain("  ".join(fact for fact in facts if fact))
