"""A world for each story, over Socket Mode unless the story asks for both transports."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stories.world import World, open_world


@pytest.fixture
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, transport=getattr(request, "param", "socket")) as opened:
        yield opened
