"""The value of one setting: read from its text, or refused with a sentence that never repeats a secret."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import Refusal
from storage.address import read_address
from storage.errors import BadKeys, NoDatabase
from storage.vault import Secret, read_key

HTTP = "127.0.0.1:8080"
LONGEST_KEPT = 3650  # days
MOST_WAITING = 10_000  # messages in one line
MOST_STREAMS = 10_000  # more than one process has file descriptors for
SHORTEST_SECRET = 8  # of what follows a prefix; real ones have 50 and more, those of a local Slack fewer
LONGEST_CITED = 16
USER_ID = re.compile(r"[UW][A-Z0-9]+")
HOST = re.compile(r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+")
WHERE_TOKENS = {
    "xoxb-": ("a bot token", "SLACK_BOT_TOKEN"),
    "xapp-": ("an app-level token", "SLACK_APP_TOKEN"),
    "xoxp-": ("a user token, with which the bot would act as that person", None),
    "xoxe": ("a token that rotates, which Dify Ops does not renew", None),
    "xoxc-": ("a token of a browser session", None),
    "xoxd-": ("a cookie of a browser session", None),
    "app-": ("a Dify app key, which is given with `dify-ops apps add`", None),
}


def refuse(name: str, what: str, how: str) -> Refusal:
    return Refusal(f"{name} {what}.", f"{how[:1].upper()}{how[1:]}.", code="setting")


def cite(text: str) -> str:
    """A short value as it stands; a long one may be a secret that was pasted into the wrong line."""
    return f"“{text}”" if len(text) <= LONGEST_CITED else "something long"


def read_token(prefix: str) -> Callable[[str, str], Secret]:
    def parse(name: str, text: str) -> Secret:
        if text.startswith(prefix):
            return read_secret(name, text, len(prefix))
        for other, (what, where) in WHERE_TOKENS.items():
            if text.startswith(other):
                raise refuse(
                    name, f"holds {what}", f"it belongs in {where}" if where else f"a {prefix}… is needed here"
                )
        raise refuse(name, f"does not begin with {prefix}", "copy the whole token from the app's page at Slack")

    return parse


def read_secret(name: str, text: str, prefix: int = 0) -> Secret:
    if prefix == 0 and text.startswith(tuple(WHERE_TOKENS)):
        raise refuse(name, "holds a token", "copy the Signing Secret from Basic Information")
    if not text.isascii() or re.search(r"\s|\.\.\.|[<>]", text) or len(text) < prefix + SHORTEST_SECRET:
        raise refuse(name, "is no whole secret: it is too short, an example, or has a space in it", "copy it again")
    return Secret(text)


def read_public_url(name: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address or re.search(r"\s", text) or parts.query or parts.fragment or parts.username is not None:
        raise refuse(name, "is no plain web address", "write https://host or https://host/path, without a password")
    return text.rstrip("/")


def read_api_url(name: str, text: str) -> str:
    return read_public_url(name, text) + "/"


def read_text(name: str, text: str) -> str:
    """As it was written: another file knows its grammar."""
    return text


def read_listen(name: str, text: str) -> tuple[str, int] | None:
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not HOST.fullmatch(host) or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65_535:
        raise refuse(
            name, "is not host:port", f"write {HTTP}, 0.0.0.0:8080 for every address, or nothing to close it"
        )
    return host.strip("[]"), int(port)


def read_database(name: str, text: str) -> str:
    try:
        read_address(text)
    except NoDatabase as error:
        raise Refusal(f"{name} is refused.", str(error), code="setting") from None
    return text


def read_keys(name: str, text: str) -> str:
    try:
        for key in text.split(","):
            if key.strip():
                read_key(Secret(key))
    except BadKeys as error:
        raise Refusal(f"{name} is refused.", str(error), code="setting") from None
    return text


def read_folder(name: str, text: str) -> Path:
    try:
        folder = Path(text).expanduser().absolute()
    except RuntimeError:
        raise refuse(name, "begins with ~ and this user has no home", "write the whole path") from None
    if folder.exists() and not folder.is_dir():
        raise refuse(name, f"is {folder}, which is a file", "name a folder")
    return folder


def read_choice(*choices: str) -> Callable[[str, str], str]:
    def parse(name: str, text: str) -> str:
        for choice in choices:
            if text.lower() == choice.lower():
                return choice
        raise refuse(name, f"is {cite(text)}, which it cannot be", f"use {' or '.join(choices)}")

    return parse


def read_whole(least: int, most: int) -> Callable[[str, str], int]:
    def parse(name: str, text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise refuse(name, f"is {cite(text)}", f"use a whole number from {least} to {most}")
        return int(text)

    return parse


def read_off_or_whole(most: int) -> Callable[[str, str], int | None]:
    """A whole number up to `most`, or `off` where there is to be no end."""
    whole = read_whole(1, most)
    return lambda name, text: None if text.lower() in ("off", "none") else whole(name, text)


def read_admins(name: str, text: str) -> frozenset[str]:
    ids = frozenset(re.split(r"[\s,]+", text.strip(", ")))
    wrong = sorted(one for one in ids if not USER_ID.fullmatch(one))
    if wrong:
        raise refuse(
            name, f"holds {cite(wrong[0])}, which is no Slack user id", "use ids as U0123456789, comma separated"
        )
    return ids
