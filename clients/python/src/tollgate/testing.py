"""Stand-ins for the tests of your own program: no server, no waiting.

    fake = FakeTollgate()
    fake.refuse("POST", "/v1/orders", "unavailable")
    fake.answer("POST", "/v1/orders", {"id": "ord_1", "status": "paid"}, status=201)
    client = fake.client()
    assert client.orders.create({"currency": "IDR", "lines": []})["status"] == "paid"
    first, second = fake.requests
    assert first.idempotency_key == second.idempotency_key
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional
from urllib.parse import parse_qs, unquote, urlsplit

from .errors import CODES
from .client import Client
from .problem import ConnectionFailed
from .notice import Notice
from .retry import Retries
from .transport import Reply, Request
from .webhooks import sign

#: A secret as Tollgate makes them, that signs nothing outside of tests.
SECRET = "whsec_dGhlIHNlY3JldCBvZiB0ZXN0cyBhbmQgb2Ygbm90aGluZyE="

#: 2026-01-22T10:00:00Z.
NOW = 1_769_076_000

_REFUSALS_THAT_STAY = (404, 409, 422)


class FakeClock:
    """A clock that stands still, and jumps over what is waited for."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now
        #: Every wait, in seconds.
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


@dataclass(frozen=True)
class Seen:
    """A request that was made."""

    method: str
    #: As it was sent, percent-encoded, without the query.
    path: str
    query: Mapping[str, list[str]]
    #: By lower-case names.
    headers: Mapping[str, str]
    body: Optional[bytes]

    @property
    def json(self) -> Any:
        return None if self.body is None else json.loads(self.body)

    @property
    def idempotency_key(self) -> Optional[str]:
        return self.headers.get("idempotency-key")


class FakeTollgate:
    """A transport that answers as it was told, each thing once, and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.clock = FakeClock()
        self._script: dict[tuple[str, str], deque[Callable[[], Reply]]] = defaultdict(deque)

    def client(self, *, retries: Retries = Retries()) -> Client:
        """A client that speaks to this and waits by its clock."""
        return Client("http://tollgate.test", "tg_test", transport=self, clock=self.clock, retries=retries)

    def answer(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        status: int = 200,
        headers: Optional[Mapping[str, str]] = None,
    ) -> None:
        """The next such request is answered with this: bytes as they are, anything else as JSON."""
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self._next(method, path, lambda: FakeReply(status, headers or {}, content))

    def refuse(
        self,
        method: str,
        path: str,
        code: str,
        *,
        new_key_required: Optional[bool] = None,
        **members: Any,
    ) -> None:
        """The next such request is refused as the server does with this code, with members of the code."""
        status, retry_after_ms = CODES[code]
        stays = status in _REFUSALS_THAT_STAY and method in ("POST", "PATCH")
        problem = {
            "type": f"/docs/errors#{code}",
            "title": code.replace("_", " "),
            "status": status,
            "detail": code.replace("_", " "),
            "code": code,
            "retryable": retry_after_ms is not None,
            "retry_after_ms": retry_after_ms,
            "new_key_required": stays if new_key_required is None else new_key_required,
            "request_id": "req_00000000000000000000000000",
            **members,
        }
        headers = {"content-type": "application/problem+json"}
        if retry_after_ms is not None:
            headers["retry-after"] = str(-(-retry_after_ms // 1000))
        self._next(method, path, lambda: FakeReply(status, headers, json.dumps(problem).encode()))

    def fail(self, method: str, path: str, *, may_have_arrived: bool = True) -> None:
        """The next such request gets no answer."""

        def no_answer() -> Reply:
            raise ConnectionFailed("the test wants it so", may_have_arrived=may_have_arrived)

        self._next(method, path, no_answer)

    def stream(self, notices: Iterable[Notice]) -> None:
        """The next listener is sent these, and then cut off."""
        content = "".join(map(_frame, notices)).encode()
        self._next("GET", "/v1/stream", lambda: FakeReply(200, {}, content))

    def left(self) -> list[str]:
        """What was told and never asked for; a test may want it empty."""
        return [f"{method} {path}" for (method, path), told in self._script.items() for _ in told]

    def open(self, request: Request) -> Reply:
        """As a transport does."""
        split = urlsplit(request.url)
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = Seen(request.method, split.path, parse_qs(split.query), headers, request.body)
        self.requests.append(seen)
        told = self._script[request.method, unquote(split.path)]
        if not told:
            raise AssertionError(f"nobody told the fake what to answer to {request.method} {split.path}")
        return told.popleft()()

    def close(self) -> None:
        """As a transport does."""

    def _next(self, method: str, path: str, make: Callable[[], Reply]) -> None:
        self._script[method, unquote(path)].append(make)


class FakeReply:
    """An answer that is there already."""

    def __init__(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.status = status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in headers.items()}
        self._content = content

    def read(self) -> bytes:
        return self._content

    def parts(self) -> Iterator[bytes]:
        return iter([self._content] if self._content else [])

    def lines(self) -> Iterator[bytes]:
        return (line.rstrip(b"\r") for line in self._content.split(b"\n")[:-1])

    def close(self) -> None:
        pass


def make_webhook(
    type: str,
    data: Mapping[str, Any],
    *,
    position: int = 1,
    secret: str = SECRET,
    now: float = NOW,
    id: Optional[str] = None,
) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a signed webhook, as Tollgate sends it. Verify it with `now=NOW`."""
    name = id or f"notify:ep_test:{position}"
    body = json.dumps(_body(Notice(type, "2026-01-22T10:00:00.000Z", position, data))).encode()
    headers = {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": sign(secret, name, int(now), body),
    }
    return body, headers


def _frame(notice: Notice) -> str:
    return f"id: {notice.position}\nevent: {notice.type}\ndata: {json.dumps(_body(notice))}\n\n"


def _body(notice: Notice) -> dict[str, Any]:
    return {
        "type": notice.type,
        "timestamp": notice.timestamp,
        "position": notice.position,
        "data": notice.data,
    }
