"""Two servers on one file: the second is refused in words, and commands go on beside the first."""

import os
import subprocess
import sys
from pathlib import Path

from tests.stories.servers import environment
from tests.stories.test_restart import open_life


async def test_fmea_a17_a_second_serve_on_the_same_file_is_refused_and_commands_are_not(tmp_path: Path) -> None:
    async with open_life(tmp_path) as (world, _):
        environ = os.environ | environment(world.slack, tmp_path)
        call = [sys.executable, "-m", "bot"]
        second = subprocess.run([*call, "serve"], env=environ, capture_output=True, text=True, timeout=60)  # noqa: ASYNC221
        jobs = subprocess.run([*call, "jobs"], env=environ, capture_output=True, text=True, timeout=60)  # noqa: ASYNC221
    assert second.returncode == 1
    assert "is served already by process" in second.stderr
    assert "Traceback" not in second.stderr
    assert jobs.returncode == 0, jobs.stderr
