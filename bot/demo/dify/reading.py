"""What a request to the local Dify must contain, and how Dify refuses it otherwise."""

import uuid
from typing import Any

from aiohttp import web

from bot.demo.dify import answers
from bot.demo.dify.answers import refusal

USER_LENGTH = 255
_TYPE = "Did not attempt to load JSON data because the request Content-Type was not 'application/json'."


class Refused(Exception):
    """Carries the answer that ends a request."""

    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response


async def read_json(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise Refused(refusal(415, "unsupported_media_type", _TYPE))
    try:
        payload = await request.json()
    except ValueError:
        raise Refused(refusal(400, "bad_request", answers.BAD_JSON)) from None
    if not isinstance(payload, dict):
        raise Refused(refusal(400, "bad_request", answers.BAD_JSON))
    return payload


async def read_payload(request: web.Request, model: str) -> dict[str, Any]:
    payload = await read_json(request)
    payload["user"] = read_user(payload.get("user"))
    inputs = payload.get("inputs")
    if not isinstance(inputs, dict):
        kind = "missing|Field required" if inputs is None else "dict_type|Input should be a valid dictionary"
        text = answers.validation(model, "inputs", kind, str(inputs))
        raise Refused(refusal(400, "invalid_param", text))
    return payload


def read_user(user: object) -> str:
    if user is None or user == "":
        raise Refused(refusal(400, "invalid_param", answers.NO_USER))
    if len(str(user)) > USER_LENGTH:
        raise Refused(answers.crash())
    return str(user)


def read_count(text: str, name: str, most: int) -> int:
    number = int(text) if text.isdecimal() else 0
    if number > most:
        kind = f"less_than_equal|Input should be less than or equal to {most}"
    elif number < 1:
        kind = "greater_than_equal|Input should be greater than or equal to 1"
    else:
        return number
    raise Refused(refusal(400, "invalid_param", answers.validation("WorkflowLogQuery", name, kind, text)))


def read_time(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return answers.parse_time(text)
    except ValueError:
        told = f"invalid literal for int() with base 10: {text[:4].encode()!r}"
        raise Refused(refusal(400, "invalid_param", told)) from None


def is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
