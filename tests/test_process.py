"""The end of the process: what hangs is cut off in time."""

import subprocess
import sys

HANGS = """
import asyncio, logging, os, signal
from bot import process

class Deaf:
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
