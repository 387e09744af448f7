"""One fault at one position among all that is said to Dify and to Slack."""

from typing import Any

import aiohttp
import httpx

from tests.loops.house import House

# Nothing arrives; the line breaks before or after it was done; too many, an error of the server; it was done, and no
# answer came within the time.
FAULTS = ("refused", "reset before", "reset after", "429", "500", "timeout")

ANSWERED = {
    429: {"code": "too_many_requests", "message": "Too many requests.", "status": 429},
    500: {"code": "internal_server_error", "message": "Internal server error", "status": 500},
}


class Calls:
    """Counts calls once it is armed, and spoils the `position`-th; over the wire, where the local Slack can do it."""

    def __init__(self, fault: str) -> None:
        self._fault = fault
        self._left: int | None = None
        self.seen = 0
        self.has_struck = False
        self.struck = ""

    def arm(self, position: int) -> None:
        self._left = position

    def lie_on(self, house: House) -> None:
        dify: Any = house.services.dify._http
        slack: Any = house.services.slack._session
        send, request = dify.handle_async_request, slack._request

        async def send_spoilt(asked: httpx.Request, **more: Any) -> httpx.Response:
            if not self._is_here(f"{asked.method} {asked.url.path}"):
                return await send(asked, **more)
            return await self._spoil_dify(asked, send, more)

        async def request_spoilt(method: str, url: Any, **more: Any) -> aiohttp.ClientResponse:
            if not self._is_here(str(url)):
                return await request(method, url, **more)
            return await self._spoil_slack(house, method, url, request, more)

        dify.handle_async_request, slack._request = send_spoilt, request_spoilt

    def _is_here(self, what: str) -> bool:
        if self._left is None:
            return False
        self.seen += 1
        self._left -= 1
        if self._left == 0:
            self.has_struck, self.struck = True, what
        return self._left == 0

    async def _spoil_dify(self, asked: httpx.Request, send: Any, more: dict[str, Any]) -> httpx.Response:
        if self._fault == "refused":
            raise httpx.ConnectError("refused", request=asked)
        if self._fault == "reset before":
            raise httpx.ReadError("reset", request=asked)
        if self._fault.isdigit():
            status = int(self._fault)
            return httpx.Response(status, json=ANSWERED[status], request=asked)
        await (await send(asked, **more)).aclose()
        if self._fault == "timeout":
            raise httpx.ReadTimeout("nothing came", request=asked)
        raise httpx.ReadError("reset", request=asked)

    async def _spoil_slack(
        self, house: House, method: str, url: Any, request: Any, more: dict[str, Any]
    ) -> aiohttp.ClientResponse:
        if self._fault == "refused":
            raise aiohttp.ClientConnectorError(_KEY, OSError("refused"))
        if self._fault == "timeout":
            (await request(method, url, **more)).close()
            raise TimeoutError
        word = {"reset before": "drop", "reset after": "drop_after_accept"}.get(self._fault, self._fault)
        house.slack.fail("*", word)
        answer: aiohttp.ClientResponse = await request(method, url, **more)
        return answer


_KEY: Any = type("Key", (), {"host": "slack", "port": 443, "ssl": True, "is_ssl": True})()
