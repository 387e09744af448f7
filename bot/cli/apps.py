"""`dify-ops apps`: the Dify apps that jobs may use."""

import asyncio
import sys
from pathlib import Path

import click

from bot.cli._session import open_dify, open_rows, print_json, read_settings, utc_now
from bot.errors import DifyError, Refusal
from bot.operations.connect import ask_app, connect
from bot.operations.endpoint import open_endpoint
from bot.operations.find import find_app
from bot.operations.limit import MOST, limit_app
from storage import apps
from storage.vault import load_keys


@click.group("apps")
def command() -> None:
    """Dify apps: an address and a sealed key, by the name that people type."""


@command.command("add")
@click.argument("name")
@click.option("--url", required=True, help="The address of Dify's API, ending in /v1.")
@click.option("--key-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Else stdin is read.")
def add(name: str, url: str, key_file: Path | None) -> None:
    """Connect the app whose key is in the file or on stdin (never an argument, which `ps` would show)."""
    asyncio.run(_connect(name, url.rstrip("/"), _read_key(key_file)))


@command.command("rekey")
@click.argument("name")
@click.option("--key-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Else stdin is read.")
def rekey(name: str, key_file: Path | None) -> None:
    """Give a connected app a new key; its address stays."""
    asyncio.run(_connect(name, None, _read_key(key_file)))


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
    if most != "off" and not (most.isdecimal() and most.isascii() and len(most) < 7):
        raise Refusal(f"“{most[:40]}” is no number of runs.", f"Give a number from 1 to {MOST}, or off.")
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


async def _connect(name: str, url: str | None, key: str) -> None:
    settings = read_settings()
    async with open_rows(settings) as (store, actor):
        base_url = url if url is not None else (await store.read(lambda c: find_app(c, actor, name))).base_url
        dify = open_dify(settings)
        try:
            info = await ask_app(dify, base_url, key)
        finally:
            await dify.close()
        vault, now = load_keys(settings.secret_keys, settings.key_file), utc_now()
        app = await store.run(
            lambda c: connect(
                c,
                actor,
                vault,
                name=name,
                base_url=base_url,
                key=key,
                mode=info.mode,
                description=info.description,
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
                "url": app.base_url,
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
        click.echo(f"{app.name:24} {app.mode:14} {app.base_url}  key …{app.key_hint}{limited}")
    if not found:
        click.echo("No app is connected. Try: dify-ops apps add NAME --url https://dify.example.com/v1")


async def _check(name: str) -> None:
    settings = read_settings()
    async with open_rows(settings) as (store, actor):
        app = await store.read(lambda c: find_app(c, actor, name))
        endpoint = open_endpoint(load_keys(settings.secret_keys, settings.key_file), app)
        dify = open_dify(settings)
        try:
            info, fields = await dify.info(endpoint), await dify.parameters(endpoint)
        except DifyError as error:
            raise Refusal(f"“{app.name}”: {error.message}", code=error.code) from error
        finally:
            await dify.close()
    inputs = ", ".join(f"{field.variable}{'' if field.required else '?'}" for field in fields) or "none"
    click.echo(f"“{app.name}” answers: {info.mode}, Dify {info.version or 'of unknown version'}, inputs: {inputs}.")
