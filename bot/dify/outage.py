"""Why Dify was not heard, in plain words, and whether a run may have begun nevertheless."""

import os

import httpx

from bot.dify.codes import Code
from bot.dify.faults import redact
from bot.egress import NameUnknown, TlsFailed
from bot.errors import DifyError, Refusal

# Nothing of the request has left: there was no connection, or none that could be trusted.
_UNREACHED = frozenset({Code.UNREACHABLE.value, Code.TLS.value})
_FIND = "The run may go on at Dify."


class StreamLost(DifyError):
    """No more is heard of a start that Dify may have received. Look for the run; never start it again blindly.

    It is final, so that nothing retries by itself.
    """


class NoLeave(DifyError):
    """The request was not sent, for who asks had no leave to send it any more."""

    def __init__(self) -> None:
        super().__init__("no_leave", "The run was given up before it was sent to Dify.", final=True)


def lost(code: Code, message: str) -> StreamLost:
    return StreamLost(code.value, f"{message} {_FIND}", final=True)


def refuse(code: Code, message: str) -> DifyError:
    """What trying again cannot mend."""
    return DifyError(code.value, message, final=True)


def was_unreached(error: BaseException | None) -> bool:
    """Whether nothing of a start can have come to Dify, so that it may go elsewhere."""
    return isinstance(error, DifyError) and not isinstance(error, StreamLost) and error.code in _UNREACHED


def explain(error: Exception, url: httpx.URL, patience_s: float, *, is_start: bool = False) -> DifyError:
    """The error of a request that has no answer. One that failed before it was sent can be tried again."""
    if isinstance(error, Refusal):
        return DifyError("address_refused", str(error), final=True)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return _explain_connect(error, url.host)
    code, message = _explain_answer(error, url.host, patience_s)
    return lost(code, message) if is_start else DifyError(code.value, message, final=code is Code.UNREADABLE)


def _explain_connect(error: httpx.TransportError, host: str) -> DifyError:
    if isinstance(error, TlsFailed):
        message = f"The certificate of {host} was not accepted: {redact(str(error))[:200]}"
        return refuse(Code.TLS, message)
    if isinstance(error, NameUnknown):
        message = f"The name {host} is not known. Check the address of the app and the name server."
    elif isinstance(error, httpx.ConnectTimeout):
        message = (
            f"{host} did not take a connection in time. Check that Dify runs and that a firewall lets it through."
        )
    else:
        message = f"{host} cannot be reached{_why(error)}. Check that Dify runs and listens on this port."
    return DifyError(Code.UNREACHABLE.value, message, final=False)


def _why(error: BaseException | None) -> str:
    """In the system's words, without the addresses that an error of a socket names."""
    while error is not None:
        if isinstance(error, OSError) and error.errno:
            return f" ({os.strerror(error.errno).lower()})"
        error = error.__cause__ or error.__context__
    return ""


def _explain_answer(error: Exception, host: str, patience_s: float) -> tuple[Code, str]:
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return Code.TIMEOUT, f"{host} sent nothing for {patience_s:g} seconds."
    if isinstance(error, httpx.RemoteProtocolError | httpx.UnsupportedProtocol | httpx.InvalidURL):
        return Code.UNREADABLE, f"{host} answered something that is not HTTP."
    return Code.UNREACHABLE, f"The connection to {host} broke before the answer was complete."
