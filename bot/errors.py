"""The errors that have a meaning here; any other exception is a bug.

DifyOpsError
├── Refusal        for the person: shown as it is
├── DifyError      for the runner: becomes the `Fault` of a run
└── DeliveryError  for the courier: becomes the `error` of a delivery
"""


class DifyOpsError(Exception):
    """The root of this tree; never raised itself."""


class Refusal(DifyOpsError):
    """What was asked cannot be done. `message` says what and why, `hint` how to mend it.

    `code` is a stable word for scripts. `choices` are texts that the person may have meant, ready to be typed.
    `field` names the input of a form that the refusal is about.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        code: str = "refused",
        choices: tuple[str, ...] = (),
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.choices = choices
        self.field = field

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class DifyError(DifyOpsError):
    """Dify refused, failed or could not be reached.

    `code` is a class of `dify.faults`, `final` tells that another attempt cannot help, `status` is the HTTP status.
    """

    def __init__(self, code: str, message: str, *, final: bool, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.final = final
        self.status = status


class DeliveryError(DifyOpsError):
    """A message could not be delivered. `permanent` tells that trying again cannot help.

    `code` is the destination's own word; `retry_after_s` is how long the destination asked us to wait. `is_in_doubt`
    tells that the message may have been delivered although nobody said so.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool,
        code: str = "",
        retry_after_s: float | None = None,
        is_in_doubt: bool = False,
    ) -> None:
        super().__init__(message)
        self.is_in_doubt = is_in_doubt
        self.message = message
        self.permanent = permanent
        self.code = code
        self.retry_after_s = retry_after_s
