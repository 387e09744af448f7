"""Key rotation: what an older key has sealed is sealed again by the first one."""

import logging

from sqlalchemy import Connection

from bot.rules.access import Action, Actor, authorize
from storage import apps
from storage.errors import CannotOpen
from storage.vault import Vault

log = logging.getLogger(__name__)


def reseal(c: Connection, actor: Actor, vault: Vault) -> int:
    """How many keys were sealed anew. One that no key opens stays as it is, and is told in the log by its app."""
    authorize(actor, Action.CONNECT, None)
    resealed = 0
    for app in apps.list_apps(c, actor.team_id):
        if app.sealed_key is None or not vault.needs_reseal(app.sealed_key):
            continue
        about = apps.key_about(app)
        try:
            plain = vault.open(app.sealed_key, about)
        except CannotOpen as error:
            log.error("The key of the Dify app %s is lost: %s", app.name, error)
            continue
        apps.set_key(c, app, vault.seal(plain, about), app.key_hint)
        resealed += 1
    return resealed
