"""What a call can fail with. Every refusal of the API is an `ApiError`, and of the class of its code, which
`errors` has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Mapping, Optional


class TollgateError(Exception):
    """Whatever this package raises on purpose."""


class ConnectionFailed(TollgateError):
    """No answer came. With `may_have_arrived` the request may have been done nevertheless."""

    def __init__(self, message: str, *, may_have_arrived: bool) -> None:
        super().__init__(message)
        self.may_have_arrived = may_have_arrived


class UnexpectedAnswer(TollgateError):
    """Something answered that is no Tollgate, or an answer broke this client's bounds."""


@dataclass(frozen=True)
class Place:
    """A place of the request that is wrong."""

    #: A JSON pointer into the body, `?name` of a query parameter, or the name of a header.
    pointer: str
    code: str
    detail: Optional[str] = None


class ApiError(TollgateError):
    """A refusal, as the problem document tells it. Decide by `code`, or catch the class of the code."""

    def __init_subclass__(cls, code: Optional[str] = None) -> None:
        if code is not None:
            CLASSES[code] = cls

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after: Optional[float]) -> None:
        self.status = status
        #: The whole document, with the members of its code: `error.problem["skus"]`.
        self.problem = problem
        #: What went wrong, one of docs/errors.md; `None` if what refused was no Tollgate.
        self.code: Optional[str] = problem.get("code")
        self.title: str = str(problem.get("title", f"HTTP status {status}"))
        self.detail: str = str(problem.get("detail", ""))
        #: The same request may succeed later.
        self.retryable: bool = bool(problem.get("retryable", status in RETRYABLE_STATUSES))
        #: Seconds to wait before.
        self.retry_after = retry_after
        #: The refusal stays with its Idempotency-Key: only a new key can get another answer.
        self.new_key_required: bool = problem.get("new_key_required") is True
        #: The name under which the server's log speaks of it.
        self.request_id: Optional[str] = problem.get("request_id")
        self.errors: list[Place] = [
            Place(str(place.get("pointer", "")), str(place.get("code", "")), place.get("detail"))
            for place in problem.get("errors") or ()
        ]
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        sentence = f"{self.status} {self.code or ''}".strip() + f": {self.detail or self.title}"
        for place in self.errors:
            sentence += f"; {place.pointer}: {place.detail or place.code}"
        return f"{sentence} ({self.request_id})" if self.request_id else sentence


#: The class of each code.
CLASSES: dict[str, type[ApiError]] = {}

#: What proxies in front answer for a while.
RETRYABLE_STATUSES = frozenset({429, 502, 503, 504})


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that an answer says, of the class of its code. `headers` have lower-case names."""
    problem: Mapping[str, Any] = {}
    try:
        read = json.loads(body)
        if isinstance(read, dict):
            problem = read
    except ValueError:
        pass
    milliseconds = problem.get("retry_after_ms")
    if isinstance(milliseconds, (int, float)):
        retry_after: Optional[float] = milliseconds / 1000
    else:
        header = headers.get("retry-after", "")
        retry_after = float(header) if header.isascii() and header.isdigit() else None
    code = problem.get("code")
    made = CLASSES.get(code, ApiError) if isinstance(code, str) else ApiError
    return made(status, problem, retry_after)
