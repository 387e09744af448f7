"""Sealing and opening of secrets: AES-256-GCM, bound to the identity of a row, with keys that rotate."""

import base64
import binascii
import hashlib
import itertools
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Sequence
from hmac import compare_digest
from pathlib import Path
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import BadKeys, CannotOpen

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID_BYTES = 4
TAG_BYTES = 16
# The first byte of a token tells how it was made, so that another way can come later.
VERSION = b"\x01"
# A random key has about 30 different bytes of 32; fewer than 16 happen to no random key (odds below 10^-12).
FEWEST_DIFFERENT = 16
HINT_CHARACTERS = 4
# Shorter secrets show nothing of themselves: their end would give too much away.
HINT_FROM = 12
KEY_WISH = 'Make one with: python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
_PROOF_ABOUT = "meta|key_proof"
_PROOF_TEXT = "this is the key"


class Secret:
    """A text that never shows more than its last four characters; `reveal()` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    @property
    def hint(self) -> str:
        """`…last4`, or `…` alone for a short one."""
        return "…" + (self._value[-HINT_CHARACTERS:] if len(self._value) >= HINT_FROM else "")

    def __repr__(self) -> str:
        return f"Secret({self.hint})"

    def __str__(self) -> str:
        return self.hint

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret does not travel")


class Vault:
    """Seals with the first key, opens with any of them. Raises BadKeys."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        if not keys:
            raise BadKeys(f"There is no key to seal secrets with. {KEY_WISH}")
        raw = [read_key(key) for key in keys]
        self._ciphers = {_key_id(one): AESGCM(one) for one in raw}
        self._first = _key_id(raw[0])

    def __repr__(self) -> str:
        return f"Vault({', '.join(self.key_ids)})"

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The names of the keys, first the one that seals. A name tells nothing of its key."""
        return tuple(key_id.hex() for key_id in self._ciphers)

    def seal(self, plain: str, about: str) -> bytes:
        """A token that opens only for the same `about` (`team|kind|id|base_url`)."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        head = VERSION + self._first
        return head + nonce + self._ciphers[self._first].encrypt(nonce, plain.encode(), _bind(head, about))

    def open(self, token: bytes, about: str) -> str:
        """The plain text. Raises CannotOpen, which names the key and never shows it."""
        head, rest = token[: 1 + KEY_ID_BYTES], token[1 + KEY_ID_BYTES :]
        if len(rest) < NONCE_BYTES + TAG_BYTES or head[:1] != VERSION:
            raise CannotOpen("A sealed secret is damaged or was made by a newer program; enter it again.")
        name = head[1:].hex()
        cipher = self._ciphers.get(head[1:])
        if cipher is None:
            raise CannotOpen(
                f"A secret was sealed with key {name}, which is neither in DIFY_OPS_SECRET_KEYS nor in the key file: "
                "put that key back, or enter the secret again."
            )
        try:
            return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], _bind(head, about)).decode()
        except InvalidTag:
            raise CannotOpen(
                f"A secret sealed with key {name} was changed or belongs to another row; enter it again."
            ) from None

    def needs_reseal(self, token: bytes) -> bool:
        """Whether another than the first key sealed it."""
        return token[: 1 + KEY_ID_BYTES] != VERSION + self._first

    def make_proof(self) -> str:
        """A text by which a later vault can tell whether it has the same keys."""
        return self.seal(_PROOF_TEXT, _PROOF_ABOUT).hex()

    def opens_proof(self, proof: str) -> bool:
        try:
            return self.open(bytes.fromhex(proof), _PROOF_ABOUT) == _PROOF_TEXT
        except (CannotOpen, ValueError):
            return False


def _bind(head: bytes, about: str) -> bytes:
    return head + about.encode()


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"dify-ops key id" + key).digest()[:KEY_ID_BYTES]


def read_key(key: Secret) -> bytes:
    """The 32 bytes of a key written as base64url or hex. Raises BadKeys, which never shows the key."""
    text = key.reveal().strip()
    raw = bytes.fromhex(text) if re.fullmatch(r"[0-9a-fA-F]{64}", text) else _from_base64(text)
    if len(raw) != KEY_BYTES:
        raise BadKeys(f"A key in DIFY_OPS_SECRET_KEYS is not 32 bytes in base64url or hex. {KEY_WISH}")
    steps = {(after - before) % 256 for before, after in itertools.pairwise(raw)}
    readable = all(32 <= byte < 127 for byte in raw)
    if len(set(raw)) < FEWEST_DIFFERENT or len(steps) < 3 or readable:
        raise BadKeys(f"A key in DIFY_OPS_SECRET_KEYS is an example or a pattern, not a random key. {KEY_WISH}")
    return raw


def _from_base64(text: str) -> bytes:
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", plain):
        return b""
    try:
        return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error:
        return b""


def load_keys(text: str | None, key_file: Path) -> Vault:
    """The keys of the setting (comma separated), else those of the key file, which is made on first start (0600).

    Raises BadKeys when a key is weak or the file can be read by others.
    """
    if text is None or not text.strip():
        text = _read_file(key_file) if key_file.exists() else _make_file(key_file)
    return Vault([Secret(one.strip()) for one in text.replace("\n", ",").split(",") if one.strip()])


def _read_file(key_file: Path) -> str:
    try:
        mode = key_file.stat().st_mode
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise BadKeys(f"The key file {key_file} can be read by others: run `chmod 600 {key_file}`.")
        return key_file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadKeys(f"The key file {key_file} cannot be read ({type(error).__name__}).") from None


def _make_file(key_file: Path) -> str:
    """Written whole beside its place and then linked to it: of two first starts one wins and both read the same."""
    try:
        key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = tempfile.mkstemp(dir=key_file.parent, prefix=".key-")  # 0600 from its first moment
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(secrets.token_urlsafe(KEY_BYTES) + "\n")
                file.flush()
                os.fsync(file.fileno())
            _link(Path(draft), key_file)
        finally:
            Path(draft).unlink(missing_ok=True)
    except OSError as error:
        raise BadKeys(f"The key file {key_file} cannot be made: {error.strerror}.") from None
    return _read_file(key_file)


def _link(draft: Path, key_file: Path) -> None:
    try:
        os.link(draft, key_file)
    except FileExistsError:
        return  # another start made it at the same moment
