"""Connect: a Dify app is registered, with its key sealed and bound to its address."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.dify.client import AppInfo, Dify, Endpoint
from bot.errors import DifyError, Refusal
from bot.operations.note import note
from bot.rules.access import Action, Actor, authorize
from storage import apps
from storage.records import App
from storage.vault import Vault

MODES = ("workflow", "advanced-chat")
MAX_NAME = 60


def connect(
    c: Connection,
    actor: Actor,
    vault: Vault,
    *,
    name: str,
    base_url: str,
    key: str,
    mode: str,
    description: str,
    now: datetime,
) -> App:
    """Register an app that Dify has answered for, or give a known one a new key (same address only)."""
    authorize(actor, Action.CONNECT, None)
    clean = " ".join(name.split())
    _check(clean, mode)
    known = apps.find(c, actor.team_id, clean)
    if known is not None and known.base_url != base_url:
        raise Refusal(
            f"An app “{known.name}” with another address is already connected.",
            "Choose another name: a key is bound to the address that it was given for.",
            code="taken",
            field="name",
        )
    app = known or apps.add(
        c,
        App(
            id=0,
            team_id=actor.team_id,
            name=clean,
            base_url=base_url,
            mode=mode,
            sealed_key=None,
            key_hint="",
            created_by=actor.user_id,
            created_at=now,
            description=description,
        ),
    )
    sealed = vault.seal(key, about=apps.key_about(app))
    apps.set_key(c, app, sealed, key[-4:])
    if known is not None:
        apps.describe(c, app, mode=mode, description=description)  # the new key may belong to another app there
    note(c, actor, "rekey" if known else "connect", f"app:{app.id}", now=now, detail={"name": clean})
    return replace(app, sealed_key=sealed, key_hint=key[-4:], mode=mode, description=description)


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


async def ask_app(dify: Dify, base_url: str, key: str) -> AppInfo:
    """What Dify says of the app that this key belongs to; asked before any transaction opens."""
    try:
        return await dify.info(Endpoint(base_url=base_url, key=key, mode=""))
    except DifyError as error:
        raise Refusal(f"Dify did not accept this: {error.message}", code=error.code, field="key") from error
