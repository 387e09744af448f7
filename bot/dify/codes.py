"""The classes of failure: their stable words, what to tell a person, and how Dify's codes and texts map to them."""

import re
from collections.abc import Mapping
from enum import StrEnum


class Code(StrEnum):
    """The classes of failure. They are stable words: rows, alerts and scripts hold them."""

    BAD_KEY = "bad_key"
    FORBIDDEN = "forbidden"
    NOT_PUBLISHED = "not_published"
    WRONG_APP = "wrong_app"
    WRONG_ADDRESS = "wrong_address"
    BAD_INPUTS = "bad_inputs"
    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    NOT_FOUND = "not_found"
    FORM_CLOSED = "form_closed"
    BUSY = "busy"
    QUOTA = "quota"
    PROVIDER = "provider"
    SERVER = "server"
    UNREACHABLE = "unreachable"
    ELSEWHERE = "elsewhere"
    TLS = "tls"
    TIMEOUT = "timeout"
    UNREADABLE = "unreadable"
    TOO_LONG = "too_long"
    NODE = "node_failed"
    HTTP_NODE = "http_node"
    CODE_NODE = "code_node"
    LLM_NODE = "llm_node"
    TOOL_NODE = "tool_node"
    FAILED = "run_failed"
    STOPPED_BY_USER = "stopped_by_user"
    TIME_LIMIT = "time_limit"
    STEP_LIMIT = "step_limit"
    APP_LIMIT = "app_limit"
    RUN_LIMIT = "run_limit"
    WORKER_LOST = "worker_lost"
    NEVER_STARTED = "never_started"
    CUT_OFF = "cut_off"
    POISONED = "poisoned"
    HUMAN_INPUT = "human_input"


PASSING = frozenset({Code.BUSY, Code.SERVER, Code.UNREACHABLE, Code.TIMEOUT})
"""What may be gone at the next attempt, as long as the run has not started."""

PASSING_IN_RUN = PASSING | {Code.HTTP_NODE, Code.LLM_NODE, Code.TOOL_NODE}
"""What may be gone when a run that had started is run again; only for those who accept its side effects twice."""

MENDS: Mapping[Code, str] = {
    Code.BAD_KEY: "Dify refused the API key. Give the app a valid key of Dify's API Access page.",
    Code.FORBIDDEN: "Dify does not let this app be used by API. Switch its service API on, and check its workspace.",
    Code.NOT_PUBLISHED: "The app is not published. Publish it in Dify, then run again.",
    Code.WRONG_APP: "This kind of Dify app cannot be run so. Connect a workflow or a chatflow.",
    Code.WRONG_ADDRESS: "This address does not answer like Dify's API. It should end in /v1.",
    Code.BAD_INPUTS: "Dify refused the inputs. Correct the inputs of the job.",
    Code.BAD_REQUEST: "Dify did not accept the request.",
    Code.TOO_LARGE: "What was sent is larger than Dify accepts. Send less, or raise the limit of the server.",
    Code.NOT_FOUND: "Dify does not know what was asked for. It may belong to another app, or be gone.",
    Code.FORM_CLOSED: "This form has already been answered or has expired.",
    Code.BUSY: "The Dify app runs as many requests as it may. Run it later, or raise its limit; "
    "with a limit of 1 Dify refuses every streamed run.",
    Code.QUOTA: "The quota at Dify or at the model provider is used up. Raise it, or wait until it is renewed.",
    Code.PROVIDER: "The model cannot be used. Check the model and its provider in Dify.",
    Code.SERVER: "The Dify server had an error. If it stays, look into the log of the server.",
    Code.UNREACHABLE: "Dify could not be reached. Check the address and the network.",
    Code.ELSEWHERE: "One of the servers could not reach Dify, so that it was left to another.",
    Code.TLS: "The certificate of the Dify server was not accepted. Trust its authority, or correct the address.",
    Code.TIMEOUT: "Dify did not answer in time.",
    Code.UNREADABLE: "Dify answered something that could not be read.",
    Code.TOO_LONG: "Dify's answer is longer than is read. Let the workflow put out less, or a link.",
    Code.NODE: "A node of the workflow failed.",
    Code.HTTP_NODE: "An HTTP request of the workflow failed. Check the service that it calls.",
    Code.CODE_NODE: "A code node of the workflow failed. Correct its code, or the values that it gets.",
    Code.LLM_NODE: "A model call of the workflow failed.",
    Code.TOOL_NODE: "A tool of the workflow failed.",
    Code.FAILED: "The workflow failed.",
    Code.STOPPED_BY_USER: "The run was stopped.",
    Code.TIME_LIMIT: "The run went on longer than the Dify server allows (WORKFLOW_MAX_EXECUTION_TIME).",
    Code.STEP_LIMIT: "The run took more steps than the Dify server allows (WORKFLOW_MAX_EXECUTION_STEPS).",
    Code.APP_LIMIT: "The run went on longer than the Dify server allows an app (APP_MAX_EXECUTION_TIME).",
    Code.RUN_LIMIT: "The run went on longer than its job allows.",
    Code.WORKER_LOST: "The stream ended without a result and Dify still shows the run as running: its worker "
    "is lost. Check in Dify what it has done before you run it again.",
    Code.NEVER_STARTED: "Dify took the request and never began the run. It may still begin later, so it is not "
    "started again by itself. Check that Dify's workers run.",
    Code.CUT_OFF: "The bot ended while it asked Dify to begin the run, and Dify never began it.",
    Code.POISONED: "The bot died again and again while it held this run, so it is held no longer. Look at what the "
    "workflow sends, and into Dify for what it has done.",
    Code.HUMAN_INPUT: "The run waits for a human to fill in a form.",
}

BY_CODE: Mapping[str, Code] = {
    "unauthorized": Code.BAD_KEY,
    "forbidden": Code.FORBIDDEN,
    "workflow_version_execution_not_allowed": Code.FORBIDDEN,
    "not_workflow_app": Code.WRONG_APP,
    "not_chat_app": Code.WRONG_APP,
    "app_unavailable": Code.NOT_PUBLISHED,
    "bad_request": Code.BAD_REQUEST,
    "no_file_uploaded": Code.BAD_INPUTS,
    "too_many_files": Code.BAD_INPUTS,
    "file_extension_blocked": Code.BAD_INPUTS,
    "unsupported_file_type": Code.BAD_INPUTS,
    "invalid_form_data": Code.BAD_INPUTS,
    "unsupported_media_type": Code.BAD_REQUEST,
    "provider_not_initialize": Code.PROVIDER,
    "provider_quota_exceeded": Code.QUOTA,
    "model_currently_not_support": Code.PROVIDER,
    "completion_request_error": Code.PROVIDER,
    "rate_limit_error": Code.QUOTA,
    "too_many_requests": Code.BUSY,
    "human_input_form_submitted": Code.FORM_CLOSED,
    "human_input_form_expired": Code.FORM_CLOSED,
    "file_too_large": Code.TOO_LARGE,
    "not_found": Code.NOT_FOUND,
    "method_not_allowed": Code.WRONG_ADDRESS,
    "internal_server_error": Code.SERVER,
    "plugin_runtime_error": Code.SERVER,
}

BY_STATUS: Mapping[int, Code] = {
    400: Code.BAD_REQUEST,
    401: Code.BAD_KEY,
    403: Code.FORBIDDEN,
    404: Code.NOT_FOUND,
    405: Code.WRONG_ADDRESS,
    408: Code.TIMEOUT,
    412: Code.FORM_CLOSED,
    413: Code.TOO_LARGE,
    415: Code.BAD_REQUEST,
    429: Code.BUSY,
    504: Code.TIMEOUT,
}

# Dify gives these as "invalid_param", or as the error of a run that never began: only the text tells them apart.
BY_TEXT: tuple[tuple[re.Pattern[str], Code], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), code)
    for pattern, code in (
        (r"too many requests", Code.BUSY),
        (r"not published", Code.NOT_PUBLISHED),
        (r"quota|insufficient.{0,20}balance", Code.QUOTA),
        (
            r"^model .{1,200} not exist|model credentials|provider .{1,200} not (?:exist|found|initialized)",
            Code.PROVIDER,
        ),
        (r"input form|upload file|file validation|validation error for", Code.BAD_INPUTS),
    )
)

BY_KIND: Mapping[str, Code] = {
    "http-request": Code.HTTP_NODE,
    "code": Code.CODE_NODE,
    "tool": Code.TOOL_NODE,
    "llm": Code.LLM_NODE,
    "agent": Code.LLM_NODE,
    "question-classifier": Code.LLM_NODE,
    "parameter-extractor": Code.LLM_NODE,
}
