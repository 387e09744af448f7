"""A disk that is full or can only be read: nothing is half saved, nothing begins, it is told once, and it goes on."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bot.app import Bot, build
from bot.demo.slack import LocalSlack
from bot.loops.disk import Disk
from bot.settings import Settings, read
from bot.web.health import check_health
from storage import meta
from storage.backup import back_up, restore
from storage.database import Store, is_read_only, open_store, upgrade
from storage.errors import NoDatabase, NotSaved
from tests.faults.disks import SmallDisk, small_disk
from tests.faults.scenario import Scenario
from tests.loops.house import ANA, BEN, TEAM, House, open_house
from tests.makers import NOW, an_actor, save_job

DIRECT = "D0ANA"
ROOMS = (0, 4_096, 12_288, 40_960)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk") as mounted:
        yield mounted


@pytest.fixture
async def scenario(disk: SmallDisk, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Scenario]:
    async with on_disk(disk, sqlite_template, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def on_disk(disk: SmallDisk, template: Path, folder: Path) -> AsyncIterator[Scenario]:
    shutil.copy(template, disk.folder / "store.db")
    url = f"sqlite:///{disk.folder / 'store.db'}"
    store, eyes = open_store(url), open_store(url)
    try:
        async with open_house(store, folder) as house:
            opened = Scenario(house, eyes)
            await opened.prepare()
            yield opened
    finally:
        await store.close()
        await eyes.close()


async def beat(scenario: Scenario, disk: Disk) -> None:
    """One beat of the loops that begin something, and of the watch."""
    for once in (scenario.house.clock.once, scenario.house.runner.once, disk.once):
        await scenario.as_an_engine_would(once)
    await scenario.house.services.tasks.idle()


def told(house: House, words: str, channel: str = "C0OPS") -> int:
    return sum(1 for message in house.said(channel) if words in message.text)


async def test_fmea_b2_a_full_disk_is_told_once_and_everything_goes_on_when_there_is_room(
    scenario: Scenario, disk: SmallDisk
) -> None:
    house, watch = scenario.house, Disk(scenario.house.services)
    disk.fill()
    for _ in range(5):
        await beat(scenario, watch)
        house.hand.turn(seconds=5)
    assert scenario.told
    assert {type(error) for error in scenario.told} == {NotSaved}
    assert house.dify.starts() == []
    assert told(house, "*Nothing can be saved.*") == len(house.said()) == 1
    assert "nothing can be saved" in (await check_health(house.services)).reasons[0]
    disk.make_room()
    assert await watch.once()
    assert told(house, "The database can be saved again") == len(house.said()) == 1
    assert house.store.unwritable is None
    await scenario.live()
    assert await scenario.judge() == []


async def fill_and_go_on(scenario: Scenario, disk: SmallDisk, room: int) -> None:
    """So much room is left when the hour strikes; the disk is emptied when all that fits has been done."""
    disk.fill(but_bytes=room)
    watch = Disk(scenario.house.services)
    for _ in range(3):
        await scenario.beat_is_the_last()
        await scenario.as_an_engine_would(watch.once)
    disk.make_room()
    await scenario.as_an_engine_would(watch.once)
    await scenario.live()
    assert await scenario.judge() == [], f"room {room}: {scenario.told}"


@pytest.mark.parametrize("room", ROOMS)
async def test_wherever_the_room_ends_nothing_is_lost_or_doubled(
    scenario: Scenario, disk: SmallDisk, room: int
) -> None:
    await fill_and_go_on(scenario, disk, room)


@pytest.mark.long
@pytest.mark.parametrize("room", range(0, 60 * 4_096, 4_096))
async def test_wherever_the_room_ends_page_by_page(scenario: Scenario, disk: SmallDisk, room: int) -> None:
    await fill_and_go_on(scenario, disk, room)


async def test_admins_that_are_named_are_told_and_a_restart_does_not_tell_again(
    scenario: Scenario, disk: SmallDisk
) -> None:
    settings = replace(scenario.house.services.settings, admins=frozenset({ANA}))
    services = replace(scenario.house.services, settings=settings)
    disk.fill()
    await scenario.as_an_engine_would(scenario.house.clock.once)
    for _ in range(2):
        assert not await Disk(services).once()
    assert scenario.house.said() == []
    assert told(scenario.house, "*Nothing can be saved.*", DIRECT) == 1


async def test_the_other_admins_hear_once_of_it_and_of_its_end_where_one_has_left(
    scenario: Scenario, disk: SmallDisk
) -> None:
    settings = replace(scenario.house.services.settings, admins=frozenset({ANA, BEN}))
    watch = Disk(replace(scenario.house.services, settings=settings))
    scenario.house.slack.deactivate(BEN)
    disk.fill()
    await scenario.as_an_engine_would(scenario.house.clock.once)
    for _ in range(3):
        assert not await watch.once()
    posts = [call for call in scenario.house.slack.log.calls("chat.postMessage") if call.detail["ok"]]
    assert len(posts) == told(scenario.house, "*Nothing can be saved.*", DIRECT) == 1
    disk.make_room()
    assert await watch.once()
    assert told(scenario.house, "The database can be saved again", DIRECT) == 1


async def test_a_slack_that_is_away_is_told_later(scenario: Scenario, disk: SmallDisk) -> None:
    watch = Disk(scenario.house.services)
    disk.fill()
    await scenario.as_an_engine_would(scenario.house.clock.once)
    scenario.house.slack.fail("chat.postMessage", error="internal_error")
    for count in (0, 1, 1):
        assert not await watch.once()
        assert told(scenario.house, "*Nothing can be saved.*") == count


async def test_a_hiccup_calls_nobody(store: Store, tmp_path: Path) -> None:
    async with open_house(store, tmp_path) as house:
        house.store.unwritable = "The disk was full for a moment."
        assert await Disk(house.services).once()
        assert house.said() == []
        assert house.store.unwritable is None


async def test_a_file_that_was_moved_away_is_told_and_everything_goes_on_when_it_is_back(
    scenario: Scenario, disk: SmallDisk
) -> None:
    house, watch = scenario.house, Disk(scenario.house.services)
    file, elsewhere = disk.folder / "store.db", disk.folder / "elsewhere.db"
    file.rename(elsewhere)
    elsewhere_than_before = shutil.copy(elsewhere, file)
    for _ in range(3):
        await beat(scenario, watch)
    assert house.dify.starts() == []
    assert told(house, "was moved, deleted or replaced while it was served") == len(house.said()) == 1
    assert "Put the file back" in house.said()[0].text
    Path(elsewhere_than_before).unlink()
    elsewhere.rename(file)
    assert await watch.once()
    await scenario.live()
    assert await scenario.judge() == []


# a disk that can only be read


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack(manifest=LocalSlack.load_manifest(), team_id=TEAM) as local:
        local.set_limits(enabled=False)
        yield local


def settings_on(disk: SmallDisk, slack: LocalSlack) -> Settings:
    told = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, "SLACK_API_URL": slack.api_url}
    home = {"DIFY_OPS_HOME": str(disk.folder), "DIFY_OPS_HTTP": "127.0.0.1:0", "DIFY_OPS_ADMINS": ANA}
    return read(told | home, None)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Bot]:
    bot = await build(settings)
    try:
        await bot.start()
        yield bot
    finally:
        await bot.stop()


async def health(bot: Bot) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{bot.port}/healthz")


async def type_in(slack: LocalSlack, text: str) -> str:
    """What the person reads in answer."""
    await slack.type(ANA, "#ops", text)
    return slack.ephemerals(ANA)[-1].text


async def test_fmea_b3_over_a_file_that_can_only_be_read_the_doors_open_and_the_loops_do_not(
    disk: SmallDisk, slack: LocalSlack
) -> None:
    settings = settings_on(disk, slack)
    async with running(settings) as bot:
        by = an_actor(ANA, channels={"C0OPS"})
        told = {"name": "Daily news", "channel_id": "C0OPS", "now": bot.services.now()}
        await bot.services.store.run(lambda c: save_job(c, "every hour", by=by, **told))
    disk.freeze()
    assert is_read_only(settings.database_url)
    async with running(settings) as bot:
        assert bot.roles == {"bot", "web"}
        assert await type_in(slack, "/dify list") == "Jobs of this channel: 1 job."
        assert "Nothing can be saved at the moment" in await type_in(slack, "/dify")
        assert await type_in(slack, '/dify pause "Daily news"') == (
            "Nothing can be saved in the database now; nothing was changed."
        )
        await type_in(slack, "/dify health")
        await slack.wait_for(lambda: "nothing can be saved" in slack.ephemerals(ANA)[-1].text)
        answer = await health(bot)
        assert answer.status_code == 503
        assert answer.json()["reasons"] == ["nothing can be saved in the database; no run begins until it can"]
        assert not await bot.disk.once()
        (message,) = [one for one in slack.messages(DIRECT) if "*Nothing can be saved.*" in one.text]
        assert "start the bot again" in message.text


async def test_a_copy_is_not_put_back_where_nothing_can_be_written(disk: SmallDisk, tmp_path: Path) -> None:
    await upgrade(f"sqlite:///{tmp_path / 'copy.db'}")
    disk.freeze()
    with pytest.raises(NoDatabase, match="Read-only file system"):
        restore(f"sqlite:///{disk.folder / 'store.db'}", tmp_path / "copy.db", NOW)


async def said_last(path: Path) -> str | None:
    store = open_store(f"sqlite:///{path}")
    try:
        return await store.read(lambda c: meta.get(c, "last"))
    finally:
        await store.close()


async def test_a_file_that_can_only_be_read_and_is_whole_can_be_copied(
    disk: SmallDisk, sqlite_template: Path, tmp_path: Path
) -> None:
    path = disk.folder / "store.db"
    shutil.copy(sqlite_template, path)
    store = open_store(f"sqlite:///{path}")
    await store.run(lambda c: meta.put(c, "last", "word"))
    await store.close()
    disk.freeze()
    back_up(f"sqlite:///{path}", tmp_path / "copy.db")
    assert await said_last(tmp_path / "copy.db") == "word"


async def left_behind(disk: SmallDisk, template: Path) -> Path:
    """What a killed server leaves: its last rows stand in the write-ahead log alone."""
    path = disk.folder / "left.db"
    shutil.copy(template, disk.folder / "store.db")
    store = open_store(f"sqlite:///{disk.folder / 'store.db'}")
    await store.run(lambda c: meta.put(c, "last", "word"))
    for companion in ("", "-wal", "-shm"):
        shutil.copy(disk.folder / f"store.db{companion}", f"{path}{companion}")
    await store.close()
    return path


async def test_a_file_that_can_only_be_read_and_was_left_by_a_killed_server_is_put_back_with_what_was_saved_last(
    disk: SmallDisk, sqlite_template: Path, tmp_path: Path
) -> None:
    path = await left_behind(disk, sqlite_template)
    disk.freeze()
    restore(f"sqlite:///{tmp_path / 'store.db'}", path, NOW)
    assert await said_last(tmp_path / "store.db") == "word"


async def test_a_file_that_can_only_be_read_and_was_left_by_a_killed_server_shows_what_was_saved_last(
    disk: SmallDisk, sqlite_template: Path, tmp_path: Path
) -> None:
    path = await left_behind(disk, sqlite_template)
    disk.freeze()
    back_up(f"sqlite:///{path}", tmp_path / "copy.db")
    assert await said_last(tmp_path / "copy.db") == "word"
    left = open_store(f"sqlite:///{path}")
    try:
        assert await left.read(lambda c: meta.get(c, "last")) == "word"
        with pytest.raises(NotSaved, match="cannot be written"):
            await left.run(lambda c: meta.put(c, "more", "words"))
    finally:
        await left.close()


async def test_a_new_bot_cannot_begin_on_a_file_that_can_only_be_read(
    disk: SmallDisk, slack: LocalSlack, sqlite_template: Path
) -> None:
    settings = settings_on(disk, slack)
    shutil.copy(sqlite_template, disk.folder / "dify-ops.sqlite3")
    disk.freeze()
    with pytest.raises(NotSaved, match="cannot be written"):
        await build(settings)
