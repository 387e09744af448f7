"""Reads the ground truth that lies beside the tests."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def rows_of(name: str, **wanted: str) -> list[dict[str, Any]]:
    """The rows of a file, only those whose fields are as wanted."""
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
