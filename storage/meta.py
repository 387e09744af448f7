"""What the installation remembers of itself: who it is, the team, the proof of the key; a few words by name."""

import secrets
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from storage.rows import each_engine
from storage.tables import meta
from storage.vault import Vault

KEY_PROOF = "key_proof"
INSTALLATION = "installation"
ROOM, ROOM_BYTES = "room", 64 * 1024


def _upsert(insert: Any) -> Any:
    statement = insert(meta)
    return statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})


_PUT = each_engine(_upsert)
_FIRST = each_engine(lambda insert: insert(meta).on_conflict_do_nothing(index_elements=["key"]))
_DROP = delete(meta).where(meta.c.key == bindparam("key"))
_GET = select(meta.c.value).where(meta.c.key == bindparam("key"))


def get(c: Connection, key: str) -> str | None:
    return c.execute(_GET, {"key": key}).scalar()


def prove_room(c: Connection) -> None:
    """Save something that matters to nobody, that is larger than most of what we save, and cannot be compressed."""
    put(c, ROOM, secrets.token_hex(ROOM_BYTES // 2))


def put(c: Connection, key: str, value: str) -> None:
    c.execute(_PUT[c.dialect.name], {"key": key, "value": value})


def drop(c: Connection, key: str) -> None:
    c.execute(_DROP, {"key": key})


def installation(c: Connection) -> str:
    """What tells this installation from all others, made once: names that leave the house hold it."""
    c.execute(_FIRST[c.dialect.name], {"key": INSTALLATION, "value": secrets.token_hex(16)})
    return known_installation(c)


def known_installation(c: Connection) -> str:
    """The same where it was made before."""
    known = get(c, INSTALLATION)
    assert known is not None
    return known


def prove_key(c: Connection, vault: Vault) -> bool:
    """Whether these keys are those that sealed the secrets of this database; the first to ask leaves the proof.

    After a rotation the proof is sealed anew with the first key.
    """
    proof = get(c, KEY_PROOF)
    if proof is not None and not vault.opens_proof(proof):
        return False
    if proof is None or vault.needs_reseal(bytes.fromhex(proof)):
        put(c, KEY_PROOF, vault.make_proof())
    return True
