"""The end of the process: what hangs is cut off in time."""

import subprocess
import sys

from bot import process

HANGS = """
import asyncio, logging, os, signal
from bot import process
from bot.rounds import Rounds

class Deaf:
    rounds = Rounds()
    roles = frozenset({"worker"})
    async def start(self):
        asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGTERM)
    async def stop(self):
        await asyncio.sleep(3600)

process.STOP_S = 0.1
logging.basicConfig()
asyncio.run(process.serve(Deaf()))
"""


def test_a_stop_that_hangs_is_cut_off_and_says_so() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert "Not everything has ended within 0.1 s" in done.stderr
    assert "Traceback" not in done.stderr


STUCK = """
import asyncio, logging
from bot import process, rounds

class Stuck:
    roles = frozenset({"worker"})
    rounds = rounds.Rounds()
    async def start(self):
        async def hang(ids):
            await asyncio.sleep(3600)
        self.hanging = asyncio.create_task(self.rounds.count("courier", hang)(()))
    async def stop(self):
        pass

rounds.Rounds.wait_for_standstill.__kwdefaults__["look_every_s"] = 0.01
logging.basicConfig()
asyncio.run(process.serve(Stuck()))
"""


def test_fmea_f10_a_process_with_a_loop_that_hangs_for_minutes_ends_so_that_it_is_started_anew() -> None:
    done = subprocess.run([sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == process.STUCK
    assert "The courier hangs: the process ends" in done.stderr
