"""`dify-ops demo --once`: the main job from end to end, as a newcomer sees it first."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo_tells_the_main_job_to_its_end(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "DIFY_OPS_"))}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "demo", "--once"],
        cwd=ROOT,
        env=clean | {"DIFY_OPS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "That was the main job" in done.stdout
