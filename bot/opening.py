"""What is checked and brought up to date before the doors open."""

import asyncio
import logging
import os
from dataclasses import replace
from datetime import datetime

from bot import schedules
from bot.errors import DeliveryError, Refusal
from bot.operations.cut_off import end_cut_off
from bot.operations.lives import begin_life, end_life
from bot.operations.reseal import reseal
from bot.operations.rezone import rezone
from bot.process import raise_file_limit, streams_within
from bot.rules import macros
from bot.rules.access import system
from bot.schedules.zones import data_version
from bot.services import Services
from bot.settings import Settings
from bot.slack.client import Slack
from storage import check, meta
from storage.database import Store, is_read_only, open_store
from storage.errors import Damaged
from storage.schema import upgrade
from storage.vault import Vault

log = logging.getLogger(__name__)

TEAM_KEY = "team_id"


def fit_files(settings: Settings) -> tuple[Settings, tuple[str, ...]]:
    """No more streams than open files allow, and what is to be said of that."""
    files = raise_file_limit()
    most = streams_within(files, settings.max_streams)
    if most == settings.max_streams:
        return settings, ()
    remark = f"only {files} files may be open, so that {most} runs go on at once and others wait: raise LimitNOFILE"
    log.warning("%s", remark)
    return replace(settings, max_streams=most), (remark,)


async def open_database(settings: Settings) -> Store:
    """An embedded SQLite is brought up to date by itself, a PostgreSQL only when told."""
    store = open_store(settings.database_url)
    try:
        if not settings.is_shared and not is_read_only(settings.database_url):
            await upgrade(settings.database_url)
        await store.check()
    except BaseException as error:
        await store.close()
        if isinstance(error, Damaged):
            raise refuse_damaged(error.message, settings) from None
        raise
    return store


async def learn_team(store: Store, slack: Slack) -> str:
    """The workspace of the bot token, remembered for commands that run without Slack."""
    try:
        team = await slack.check()
    except DeliveryError as error:
        if not error.permanent:
            raise Refusal(
                f"Slack cannot be reached now ({error.code}).", "Check the network, then start again."
            ) from error
        raise Refusal(
            f"Slack did not accept the bot token ({error.code}).", "Check SLACK_BOT_TOKEN with `dify-ops doctor`."
        ) from error
    known = await store.read(lambda c: meta.get(c, TEAM_KEY))
    if known is not None and known != team.team_id:
        raise Refusal(
            f"This database belongs to the workspace {known}, and the bot token to {team.team_id}.",
            "Set DATABASE_URL or DIFY_OPS_HOME to another place for this workspace.",
        )
    if known is None:
        await store.run(lambda c: meta.put(c, TEAM_KEY, team.team_id))
    return team.team_id


async def check_file(store: Store, settings: Settings) -> None:
    """A damaged file is not served: what it says may be wrong. The newest copy is named, where there is one."""
    found = await store.read(check.check_file)
    if not found:
        return
    raise refuse_damaged(f"The database is damaged, so nothing is started from it: {found[0]}.", settings)


def refuse_damaged(says: str, settings: Settings) -> Refusal:
    """What is to be done about a damaged file; the newest copy is named, where there is one."""
    copies = sorted((settings.data_folder / "backups").glob("*.sqlite3"), key=lambda path: path.stat().st_mtime)
    newest = f" The newest is {copies[-1]}." if copies else ""
    return Refusal(says, f"Put a copy back with `dify-ops db restore FILE`.{newest}")


async def welcome_back(store: Store, team_id: str, now: datetime) -> None:
    """A token that Slack accepts ends the time in which there was none."""
    was = await store.run(lambda c: end_cut_off(c, team_id, now=now))
    if was is not None:
        log.warning("Slack accepts the bot token again; what has waited since %s is posted now", was.since)


async def begin_to_live(services: Services) -> None:
    """Processes of this host that died soon after their start are counted, and told to the operators."""
    if services.store.is_read_only:
        return
    admins = services.settings.admins
    dead = await services.store.run(
        lambda c: begin_life(
            c, services.team_id, services.owner, is_alive=_is_alive, admins=admins, now=services.now()
        )
    )
    if dead:
        log.warning("The bot has died %s times within five minutes on this host", dead)


async def cease_to_live(services: Services) -> None:
    """Whoever is told to end has not died."""
    if not services.store.is_read_only:
        await services.store.run(lambda c: end_life(c, services.owner, now=services.now()))


def _is_alive(owner: str) -> bool:
    pid = int(owner.split("/")[1])
    if pid == os.getpid():
        return False  # in a container each process is the first
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def check_keys(store: Store, vault: Vault, team_id: str, settings: Settings) -> None:
    """Keys that are not those of this database are told at once; the bot starts, for only apps need them."""
    if not await store.run(lambda c: meta.prove_key(c, vault)):
        place = "DIFY_OPS_SECRET_KEYS" if settings.secret_keys else f"The key file {settings.key_file}"
        log.error("%s is not what the keys of the Dify apps were sealed with; put the old one back", place)
    resealed = await store.run(lambda c: reseal(c, system(team_id), vault))
    if resealed:
        log.info("Sealed %s keys anew with the first of DIFY_OPS_SECRET_KEYS", resealed)


async def follow_zone_data(store: Store, team_id: str, now: datetime) -> None:
    """What comes next goes by the rules of time zones that are installed now."""
    moved = await store.run(lambda c: rezone(c, team_id, data_version(), now=now))
    if moved:
        log.info("The rules of time zones have changed (tzdata %s): %s jobs moved", data_version(), moved)


async def warm_up() -> None:
    """Load what the first command would have to wait for, off the loop."""
    await asyncio.to_thread(_load)


def _load() -> None:
    schedules.warm_up()
    macros.check({"warm": "{{ today }}"})
