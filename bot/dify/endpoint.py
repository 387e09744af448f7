"""Where a Dify app answers, and the key that goes there and nowhere else."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

import httpx

from bot.dify.codes import Code
from bot.dify.outage import refuse

WORKFLOW = "workflow"

_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,255}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a Dify app answers and the key that opens it; `mode` is Dify's word, empty when not yet known."""

    base_url: str
    key: str = field(repr=False)
    mode: str

    def url(self, *segments: str) -> httpx.URL:
        """The address of a call. Raises DifyError when the result would leave the origin of the base address."""
        return _join(self.base_url, segments)

    @property
    def is_workflow(self) -> bool:
        return self.mode in (WORKFLOW, "")


@lru_cache(maxsize=256)  # every start of an app asks for the same, which is dear to read
def _join(base_url: str, segments: tuple[str, ...]) -> httpx.URL:
    for segment in segments:
        if not _SEGMENT.fullmatch(segment):
            raise refuse(Code.NOT_FOUND, "This id is none that Dify gives.")
    try:
        base = httpx.URL(base_url)
        url = httpx.URL(f"{base_url.rstrip('/')}/{'/'.join(segments)}")
    except httpx.InvalidURL:
        raise refuse(Code.WRONG_ADDRESS, "The address of this app cannot be read.") from None
    if base.query or "#" in base_url:
        raise refuse(Code.WRONG_ADDRESS, "The address of an app ends in /v1, without ? or #.")
    if (url.scheme, url.host, url.port) != (base.scheme, base.host, base.port):
        raise refuse(Code.WRONG_ADDRESS, "A key is sent only to the address that it was given for.")
    return url
