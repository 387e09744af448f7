"""A machine that lets the bot open few files: fewer runs are streamed at once, and the others wait."""

from pathlib import Path

from bot.app import build
from bot.process import KEPT_FILES
from bot.settings import read
from tests.stories.process import serve
from tests.stories.servers import connect_all, environment, open_servers
from tests.stories.world import ANA, OPS, TurnedClock, World

RUNS, FILES, AT_ONCE = 30, 64, 64 - KEPT_FILES


async def test_fmea_a18_with_few_files_the_streams_are_fewer_and_the_other_runs_wait(tmp_path: Path) -> None:
    async with open_servers(speed=8) as (slack, dify):
        slack.set_limits(enabled=False)
        environ = environment(slack, tmp_path)
        seeding = await build(read(environ, None))
        await connect_all(seeding, dify)
        await seeding.stop()
        world, most = World(slack=slack, dify=dify, bot=seeding, clock=TurnedClock()), 0

        def all_have_ended() -> bool:
            nonlocal most
            most = max(most, dify.open_streams)
            return sum("*slow* finished" in one.text for one in slack.messages(OPS)) == RUNS

        async with serve(environ, tmp_path / "serve.log", files=FILES) as process:
            await world.wait(lambda: slack.sockets.count == 1, 20, what="the bot")
            for _ in range(RUNS):
                assert (await slack.type(ANA, OPS, "/dify run slow")).ok
            await world.wait(all_have_ended, 60, what="the end of all")
            assert "so that 16 runs go on at once and others wait" in process.log_file.read_text()
        assert AT_ONCE / 2 <= most <= AT_ONCE
        assert len(dify.starts()) == RUNS
