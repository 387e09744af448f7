"""The name under which an attempt is known at Dify, by which it can be found again. Pure."""

from hashlib import sha256

DIGITS = 16


def tag_of(installation: str, key: str, attempt: int) -> str:
    """The `user` of the attempt (1, 2, …) of the run with this key.

    It is made of what never changes: a database that was restored from an old copy gives the same name to the same
    slot, and so finds what was started after the copy. Two installations never give the same.
    """
    return f"dify-ops-{sha256(f'{installation}/{key}'.encode()).hexdigest()[:DIGITS]}-{attempt}"
