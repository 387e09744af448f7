"""`python -m benchmarks [NAME …]`: run measurements by name, or all of them one after the other."""

import argparse
import asyncio
import sys

from benchmarks import (
    ack,
    claims,
    cost,
    due,
    events,
    growth,
    herd,
    history,
    idle,
    next_fire,
    queues,
    startup,
    steady,
    streams,
    streams_ack,
)
from benchmarks.rig.noise import print_noise

MEASUREMENTS = {
    "ack": ack.measure,
    "streams_ack": streams_ack.measure,
    "streams": streams.measure,
    "due": due.measure,
    "claims": claims.measure,
    "queues": queues.measure,
    "herd": herd.measure,
    "events": events.measure,
    "history": history.measure,
    "next_fire": next_fire.measure,
    "cost": cost.measure,
    "growth": growth.measure,
    "startup": startup.measure,
    "idle": idle.measure,
    "steady": steady.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASUREMENTS)}; none means all")
    parser.add_argument(
        "--profile", action="store_true", help="ack, streams, streams_ack: print what the bot's loop spends"
    )
    parser.add_argument("--minutes", type=float, default=1, help="steady: how long it is watched; 10 is the whole")
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in MEASUREMENTS]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}")
    for name in asked.names or MEASUREMENTS:
        print(f"\n== {name}")
        print_noise()
        asyncio.run(MEASUREMENTS[name](asked))


if __name__ == "__main__":
    sys.exit(main())
