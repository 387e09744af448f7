"""Connect: a Dify app is registered, with its key sealed and bound to its address."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.dify.client import AppInfo, Dify, Endpoint
from bot.errors import DifyError, Refusal
from bot.operations.note import note
from bot.rules.access import Action, Actor, authorize
from bot.rules.route import FIRST
from storage import apps
from storage.records import App
from storage.vault import Vault

MODES = ("workflow", "advanced-chat")
MAX_NAME = 60
MOST_ADDRESSES = 10  # each is asked in turn while the first ones are away


def connect(
    c: Connection,
    actor: Actor,
    vault: Vault,
    *,
    name: str,
    base_urls: tuple[str, ...],
    key: str,
    mode: str,
    description: str,
    now: datetime,
    routing: str = FIRST,
    may_move: bool = False,
) -> App:
    """Register an app that Dify has answered for, or give a known one a new key; other addresses only if it
    `may_move`."""
    authorize(actor, Action.CONNECT, None)
    clean, urls = " ".join(name.split()), base_urls
    _check(clean, mode)
    known = apps.find(c, actor.team_id, clean)
    if known is not None and known.base_urls != urls:
        known = _move(c, known, urls, may_move=may_move)
    app = known or apps.add(
        c,
        App(
            id=0,
            team_id=actor.team_id,
            name=clean,
            base_urls=urls,
            mode=mode,
            sealed_key=None,
            key_hint="",
            created_by=actor.user_id,
            created_at=now,
            description=description,
            routing=routing,
        ),
    )
    sealed = vault.seal(key, about=apps.key_about(app))
    apps.set_key(c, app, sealed, key[-4:])
    if known is not None:
        # The new key may belong to another app there.
        apps.describe(c, app, mode=mode, description=description, routing=routing)
    note(c, actor, "rekey" if known else "connect", f"app:{app.id}", now=now, detail={"name": clean, "at": urls})
    return replace(app, sealed_key=sealed, key_hint=key[-4:], mode=mode, description=description, routing=routing)


def read_addresses(typed: str) -> tuple[str, ...]:
    """Addresses as they are typed, one a line or with spaces between; none twice."""
    urls = tuple(dict.fromkeys(word.rstrip("/") for word in typed.replace(",", " ").split()))
    if not 1 <= len(urls) <= MOST_ADDRESSES:
        raise Refusal(
            f"An app has 1 to {MOST_ADDRESSES} addresses.",
            "Give one a line, each ending in /v1.",
            code="bad_address",
            field="base_urls",
        )
    return urls


def _move(c: Connection, app: App, urls: tuple[str, ...], *, may_move: bool) -> App | None:
    if may_move:
        return apps.move(c, app, urls)
    raise Refusal(
        f"An app “{app.name}” with another address is already connected.",
        "Choose another name, or give its key and its addresses anew with `dify-ops apps rekey`: a key is bound to "
        "the addresses that it was given for.",
        code="taken",
        field="name",
    )


def _check(name: str, mode: str) -> None:
    if not name or len(name) > MAX_NAME:
        raise Refusal(
            f"An app's name has 1 to {MAX_NAME} characters.",
            "Use the name that people will type.",
            code="bad_name",
            field="name",
        )
    if mode not in MODES:
        raise Refusal(
            f"This is a Dify app of the kind “{mode}”; Dify Ops runs workflows and chatflows.",
            "Use the key of a workflow or chatflow app.",
            code="bad_mode",
            field="key",
        )


async def ask_app(dify: Dify, base_urls: tuple[str, ...], key: str) -> AppInfo:
    """What Dify says of the app that this key belongs to, the same at all addresses; asked before any transaction
    opens."""
    info = await _ask_at(dify, base_urls[0], key)
    for url in base_urls[1:]:
        other = await _ask_at(dify, url, key)
        if (other.name, other.mode) != (info.name, info.mode):
            raise Refusal(
                f"{url} answers for another app, “{other.name}” ({other.mode}), than {base_urls[0]}: “{info.name}” "
                f"({info.mode}).",
                "All addresses of an app must lead to the same workflow. Connect the other one by another name.",
                code="other_app",
                field="base_urls",
            )
    return info


async def _ask_at(dify: Dify, base_url: str, key: str) -> AppInfo:
    try:
        return await dify.info(Endpoint(base_url=base_url, key=key, mode=""))
    except DifyError as error:
        raise Refusal(f"Dify did not accept this: {error.message}", code=error.code, field="key") from error
