"""The names under which an attempt is known at Dify and a message in Slack, by which they are found again."""

from hashlib import sha256

DIGITS = 16
# The kind of metadata that our messages carry.
EVENT = "dify_ops_delivery"


def tag_of(installation: str, key: str, attempt: int) -> str:
    """The `user` of the attempt (1, 2, …) of the run with this key.

    It is made of what never changes: a database that was restored from an old copy gives the same name to the same
    slot, and so finds what was started after the copy. Two installations never give the same.
    """
    return f"dify-ops-{_digest(installation, key)}-{attempt}"


def token_of(installation: str, key: str) -> str:
    """What a message carries of the delivery with this key. Anybody's app may read it, so it tells nothing."""
    return _digest(installation, key)


def _digest(installation: str, key: str) -> str:
    return sha256(f"{installation}/{key}".encode()).hexdigest()[:DIGITS]
