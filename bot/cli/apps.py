"""`dify-ops apps`: the Dify apps that jobs may use."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.cli._session import open_dify, open_rows, print_json, read_settings, utc_now
from bot.errors import DifyError, Refusal
from bot.operations.connect import ask_app, connect, read_addresses
from bot.operations.endpoint import open_endpoints
from bot.operations.find import find_app
from bot.operations.limit import MOST, limit_app
from bot.rules.route import FIRST
from storage import apps
from storage.records import ROUTINGS
from storage.vault import load_keys

_F = TypeVar("_F", bound=Callable[..., Any])


def _url_option(*, required: bool) -> Callable[[_F], _F]:
    text = "The address of Dify's API, ending in /v1; again for each further one of the same app."
    return click.option("--url", multiple=True, required=required, help=text)


_routing_option = click.option(
    "--routing",
    type=click.Choice(ROUTINGS),
    help="With several addresses: the first that can be reached, each in turn (round), or where the last run went "
    "until that cannot be reached (failover). The first, unless said.",
)
_key_option = click.option(
    "--key-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Else stdin is read."
)


@click.group("apps")
def command() -> None:
    """Dify apps: their addresses and a sealed key, by the name that people type."""


@command.command("add")
@click.argument("name")
@_url_option(required=True)
@_routing_option
@_key_option
def add(name: str, url: tuple[str, ...], routing: str | None, key_file: Path | None) -> None:
    """Connect the app whose key is in the file or on stdin (never an argument, which `ps` would show)."""
    asyncio.run(_connect(name, url, routing, _read_key(key_file)))


@command.command("rekey")
@click.argument("name")
@_url_option(required=False)
@_routing_option
@_key_option
def rekey(name: str, url: tuple[str, ...], routing: str | None, key_file: Path | None) -> None:
    """Give a connected app a new key. Its addresses stay, unless others are given with it."""
    asyncio.run(_connect(name, url, routing, _read_key(key_file), is_known=True))


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_all(as_json: bool) -> None:
    """The connected apps."""
    asyncio.run(_list(as_json))


@command.command("limit")
@click.argument("name")
@click.argument("most", metavar="N|off")
def limit(name: str, most: str) -> None:
    """How many runs of the app go on at most at a time; further ones wait for their turn."""
    if most != "off" and not (most.isdecimal() and most.isascii() and len(most) < 7 and 1 <= int(most) <= MOST):
        says = f"“{most[:40]}” is no number of runs: give a number from 1 to {MOST}, or off"
        raise click.BadParameter(says, param_hint="N|off")
    asyncio.run(_limit(name, None if most == "off" else int(most)))


@command.command("check")
@click.argument("name")
def check(name: str) -> None:
    """Ask Dify whether the app answers."""
    asyncio.run(_check(name))


def _read_key(key_file: Path | None) -> str:
    if key_file is None and sys.stdin.isatty():
        click.echo("Paste the API key and press Enter:", err=True)
    raw = key_file.read_bytes() if key_file else sys.stdin.buffer.readline()
    key = raw.decode("utf-8", "replace").strip()  # what is no text is no key, which is told later on
    if not key:
        raise Refusal("No API key was given.", "Put it into a file for --key-file, or pipe it to stdin.")
    return key


async def _connect(name: str, typed: Sequence[str], routing: str | None, key: str, *, is_known: bool = False) -> None:
    settings = read_settings()
    async with open_rows(settings) as (store, actor):
        known = await store.read(lambda c: find_app(c, actor, name)) if is_known else None
        urls = known.base_urls if known is not None and not typed else read_addresses(" ".join(typed))
        kept = routing or (known.routing if known is not None else FIRST)
        dify = open_dify(settings)
        try:
            info = await ask_app(dify, urls, key)
        finally:
            await dify.close()
        vault, now = load_keys(settings.secret_keys, settings.key_file), utc_now()
        app = await store.run(
            lambda c: connect(
                c,
                actor,
                vault,
                name=name,
                base_urls=urls,
                key=key,
                mode=info.mode,
                description=info.description,
                routing=kept,
                may_move=is_known,
                now=now,
            )
        )
    click.echo(f"“{app.name}” is connected ({info.mode}, Dify {info.version or 'of unknown version'}).")


async def _limit(name: str, most: int | None) -> None:
    async with open_rows(read_settings()) as (store, actor):
        app = await store.run(lambda c: limit_app(c, actor, name, most, now=utc_now()))
    click.echo(
        f"“{app.name}” runs as often at a time as the settings allow."
        if app.max_running is None
        else f"“{app.name}” runs at most {app.max_running} at a time."
    )


async def _list(as_json: bool) -> None:
    async with open_rows(read_settings()) as (store, actor):
        found = await store.read(lambda c: apps.list_apps(c, actor.team_id))
    if as_json:
        rows = [
            {
                "name": app.name,
                "urls": app.base_urls,
                "routing": app.routing,
                "mode": app.mode,
                "key": f"…{app.key_hint}",
                "limit": app.max_running,
            }
            for app in found
        ]
        print_json(rows)
        return
    for app in found:
        limited = f"  at most {app.max_running} at a time" if app.max_running is not None else ""
        by = f" ({app.routing})" if len(app.base_urls) > 1 else ""
        click.echo(f"{app.name:24} {app.mode:14} {' '.join(app.base_urls)}{by}  key …{app.key_hint}{limited}")
    if not found:
        click.echo("No app is connected. Try: dify-ops apps add NAME --url https://dify.example.com/v1")


async def _check(name: str) -> None:
    settings = read_settings()
    async with open_rows(settings) as (store, actor):
        app = await store.read(lambda c: find_app(c, actor, name))
        endpoints = open_endpoints(load_keys(settings.secret_keys, settings.key_file), app)
        dify = open_dify(settings)
        lines = []
        try:
            for endpoint in endpoints:
                info, fields = await dify.info(endpoint), await dify.parameters(endpoint)
                inputs = ", ".join(f"{field.variable}{'' if field.required else '?'}" for field in fields) or "none"
                where = f" at {endpoint.base_url}" if len(endpoints) > 1 else ""
                version = info.version or "of unknown version"
                lines.append(f"“{app.name}” answers{where}: {info.mode}, Dify {version}, inputs: {inputs}.")
        except DifyError as error:
            raise Refusal(f"“{app.name}”: {error.message}", code=error.code) from error
        finally:
            await dify.close()
    click.echo("\n".join(lines))
