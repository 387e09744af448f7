"""A run in words and as JSON, for the terminal."""

from typing import Any

from storage.records import Run


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
    return "  ".join(fact for fact in facts if fact)
