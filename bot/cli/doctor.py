"""`dify-ops doctor`: everything that has to be right, looked at, with the mend for what is not."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import click

from bot.cli._session import open_dify, print_json, read_settings
from bot.dify.client import Dify, Endpoint
from bot.errors import DeliveryError, DifyError, Refusal
from bot.opening import TEAM_KEY
from bot.operations.cut_off import read_cut_off
from bot.operations.endpoint import open_endpoints
from bot.rules import inputs, macros
from bot.settings import Settings
from bot.slack.client import Slack
from bot.slack.skew import describe, is_well
from storage import apps, meta, schema
from storage.database import Store, open_store
from storage.errors import StorageError
from storage.records import App
from storage.vault import Vault, load_keys

# What manifest.yml asks for; without one of them something that people see is missing.
SCOPES = frozenset(
    {
        *("commands", "chat:write", "im:write", "users:read", "channels:read", "groups:read", "files:write"),
        *("channels:history", "groups:history", "im:history"),
    }
)
LIVE_S = 60.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    is_well: bool
    says: str


@click.command("doctor")
@click.option("--live", is_flag=True, help="Also make one test run of each app that needs no inputs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(live: bool, as_json: bool) -> None:
    """Check settings, database, schema, key, Slack token and scopes, and each Dify app."""
    settings = read_settings()
    findings = asyncio.run(_examine(settings, live=live))
    if as_json:
        print_json({"settings": settings.masked(), "findings": [asdict(finding) for finding in findings]})
    else:
        for name, value in settings.masked().items():
            click.echo(f"      {name:24} {value}")
        for finding in findings:
            click.echo(f"{'ok  ' if finding.is_well else 'FAIL'}  {finding.what:24} {finding.says}")
    if not all(finding.is_well for finding in findings):
        sys.exit(1)


async def _examine(settings: Settings, *, live: bool) -> list[Finding]:
    findings = [_look_at_strays(settings), _look_at_environment()]
    findings += [finding async for finding in _look_at_slack(settings)]
    try:
        current, head = await schema.status(settings.database_url)
    except StorageError as error:
        return [*findings, Finding("database", False, str(error))]
    if current != head:
        says = f"at {current or 'nothing'}, this version needs {head}: run `dify-ops db upgrade`"
        return [*findings, Finding("schema", False, says)]
    findings.append(Finding("schema", True, f"at {head}, the newest"))
    store = open_store(settings.database_url)
    try:
        return findings + [finding async for finding in _look_at_rows(settings, store, live=live)]
    finally:
        await store.close()


def _look_at_strays(settings: Settings) -> Finding:
    if settings.strays:
        return Finding("settings", False, f"no such setting: {', '.join(settings.strays)}; see docs/configuration.md")
    return Finding("settings", True, "all readable")


def _look_at_environment() -> Finding:
    trap = [name for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET") if name in os.environ]
    says = f"{', '.join(trap)} set, and not used by Dify Ops" if trap else "nothing in the way"
    return Finding("environment", True, says)


async def _look_at_slack(settings: Settings) -> AsyncIterator[Finding]:
    if settings.slack_bot_token is None:
        yield Finding("Slack", False, "SLACK_BOT_TOKEN is not set; docs/install.md tells how to get one")
        return
    slack = Slack(settings)
    try:
        team = await slack.check()
        yield Finding("Slack bot token", True, f"workspace {team.team_id}")
        missing = sorted(SCOPES - set(team.scopes))
        says = (
            f"missing: {', '.join(missing)}; update the app from manifest.yml and reinstall it"
            if missing
            else "complete"
        )
        yield Finding("Slack scopes", not missing, says)
        if (ahead_s := slack.skew.ahead_s) is not None:
            says = f"within {abs(ahead_s):.0f} s of Slack's" if is_well(ahead_s) else describe(ahead_s)
            yield Finding("clock", is_well(ahead_s), says)
        if settings.slack_app_token is not None:
            await slack.check_app_token(settings.slack_app_token)
            yield Finding("Slack app token", True, "opens a socket")
    except DeliveryError as error:
        yield Finding("Slack", False, f"{error.message} ({error.code})")
    finally:
        await slack.close()
    if not settings.socket_mode and not settings.http_mode:
        says = "set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP mode)"
        yield Finding("Slack transport", False, f"nothing can arrive: {says}")


def _look_at_keys(settings: Settings, proof: str | None, found: Sequence[App]) -> tuple[Finding, Vault | None]:
    """`found` are the apps that have a sealed key."""
    if not settings.secret_keys and not settings.key_file.exists():  # to look makes none
        says = "is missing; put it back" if found else "is made when it is needed first"
        return Finding("secret keys", not found, f"the key file {settings.key_file} {says}"), None
    try:
        vault = load_keys(settings.secret_keys, settings.key_file)
    except StorageError as error:
        return Finding("secret keys", False, str(error)), None
    loaded = f"{len(vault.key_ids)} loaded"
    if proof is not None and not vault.opens_proof(proof):
        return Finding("secret keys", False, f"{loaded}, but not what the keys of apps are sealed with"), vault
    return Finding("secret keys", True, loaded), vault


async def _look_at_rows(settings: Settings, store: Store, *, live: bool) -> AsyncIterator[Finding]:
    team_id = await store.read(lambda c: meta.get(c, TEAM_KEY))
    cut_off = await store.read(read_cut_off)
    if cut_off is not None:
        yield Finding("Slack", False, cut_off.says)
    yield Finding("workspace", True, team_id or "none yet: the first `dify-ops serve` remembers it")
    found = await store.read(lambda c: apps.list_apps(c, team_id)) if team_id else []
    keys, vault = _look_at_keys(settings, await store.read(lambda c: meta.get(c, meta.KEY_PROOF)), found)
    yield keys
    dify = open_dify(settings)
    try:
        for app in found:
            if vault is not None:
                async for finding in _look_at_app(dify, vault, app, live=live):
                    yield finding
    finally:
        await dify.close()


async def _look_at_app(dify: Dify, vault: Vault, app: App, *, live: bool) -> AsyncIterator[Finding]:
    """One finding for each of its addresses."""
    what = f"app {app.name}"
    try:
        endpoints = open_endpoints(vault, app)
    except Refusal as error:
        yield Finding(what, False, str(error))
        return
    for endpoint in endpoints:
        at = f"{what} at {endpoint.base_url}" if len(endpoints) > 1 else what
        yield await _look_at_endpoint(dify, endpoint, at, live=live)


async def _look_at_endpoint(dify: Dify, endpoint: Endpoint, what: str, *, live: bool) -> Finding:
    try:
        info = await dify.info(endpoint)
        fields = await dify.parameters(endpoint)
        says = f"{info.mode}, Dify {info.version or 'of unknown version'}, {len(fields)} inputs"
        if not live:
            return Finding(what, True, says)
        if inputs.missing(fields, {}):
            return Finding(what, True, f"{says}; it needs inputs, so no test run was made")
        values = macros.render(inputs.check(fields, {}), macros.Facts(slot_at=datetime.now(UTC), zone=UTC))
        async with asyncio.timeout(LIVE_S), dify.start(endpoint, values, "dify-ops-doctor") as events:
            async for event in events:
                if event.name == "workflow_finished":
                    status = str(event.data.get("status"))
                    return Finding(what, status in ("succeeded", "partial-succeeded"), f"{says}; test run {status}")
        return Finding(what, False, f"{says}; the test run brought no end")
    except Refusal as error:
        return Finding(what, False, str(error))
    except DifyError as error:
        return Finding(what, False, error.message)
    except TimeoutError:
        return Finding(what, False, f"the test run took longer than {LIVE_S:.0f} s")
