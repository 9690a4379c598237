"""The client: it sends requests, repeats them where that helps and harms nothing, and reads the answers."""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import dataclass, replace
from typing import Any, Callable, Iterable, Mapping, Optional, TypeVar, Union
from urllib.parse import urlencode, urlsplit

from ._version import VERSION
from .download import Download
from .operation import Operation, QueryValue
from .operations import Nouns
from .pages import Page, Pages
from .problem import ApiError, ConnectionFailed, UnexpectedAnswer, error_of
from .retry import Clock, Retries, SystemClock, may_be_repeated, may_have_been_done
from .stream import Stream
from .transport import HttpTransport, Reply, Request, Transport

log = logging.getLogger("tollgate")

Given = TypeVar("Given")


@dataclass(frozen=True)
class Answer:
    """What a call was answered, with what its body does not say."""

    status: int
    #: By lower-case names.
    headers: Mapping[str, str]
    content: bytes

    @property
    def request_id(self) -> Optional[str]:
        """The name under which the server's log speaks of it."""
        return self.headers.get("x-request-id")

    @property
    def replayed(self) -> bool:
        """It is the answer that an earlier request with the same Idempotency-Key got."""
        return self.headers.get("idempotency-replayed") == "true"

    def json(self) -> Any:
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise UnexpectedAnswer(f"status {self.status} without JSON: is this a Tollgate?") from error


class Client(Nouns):
    """A shop's own program talks to its Tollgate by this. Threads may share one.

    `url` is where the server is, `key` an API key. `timeout` is of each try, in seconds, and a little longer
    than the server's own (15 s). `headers` are sent along, for example `{"Accept-Language": "id"}`.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 20.0,
        retries: Retries = Retries(),
        headers: Optional[Mapping[str, str]] = None,
        transport: Optional[Transport] = None,
        clock: Optional[Clock] = None,
    ) -> None:
        split = urlsplit(url)
        if split.scheme not in ("http", "https") or not split.hostname or split.query or split.fragment:
            raise ValueError("url is not one of a server, as https://tollgate.example")
        if split.username is not None:
            raise ValueError("url has a user in it: the API key is given as `key`")
        if not key or not all("!" <= letter <= "~" for letter in key):
            raise ValueError("key has characters that no API key has")
        self.url = url.rstrip("/")
        self.timeout = timeout
        self.retries = retries
        self.clock: Clock = clock or SystemClock()
        self._transport: Transport = transport or HttpTransport()
        self._headers = {
            "User-Agent": f"tollgate-python/{VERSION}",
            **(headers or {}),
            "Authorization": f"Bearer {key}",
        }
        super().__init__(self)

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections that are kept."""
        self._transport.close()

    def call(
        self,
        operation: Operation,
        path: tuple[str, ...] = (),
        *,
        query: Optional[Mapping[str, QueryValue]] = None,
        body: Any = None,
        headers: Optional[Mapping[str, Optional[str]]] = None,
        idempotency_key: Optional[str] = None,
    ) -> Answer:
        """Makes one call, repeated as `retries` say under one Idempotency-Key."""
        request = self._request(operation, path, query, body, headers, idempotency_key)
        gone = Answer(204, {}, b"") if operation.method == "DELETE" else None
        return self._tried(operation, lambda: self._once(request), gone)

    def download(
        self,
        operation: Operation,
        path: tuple[str, ...] = (),
        *,
        query: Optional[Mapping[str, QueryValue]] = None,
    ) -> Download:
        """Begins to read a file. What fails before its first byte is repeated as `retries` say, and nothing after."""
        request = replace(self._request(operation, path, query, None, None, None), endless=True)
        return self._tried(operation, lambda: self._begun(request), None)

    def _tried(self, operation: Operation, once: Callable[[], Given], gone: Optional[Given]) -> Given:
        """Does something as often as `retries` say. `gone`: what it comes to where an earlier try has deleted it."""
        begun = self.clock.monotonic()
        failures = 0
        unclear = False
        while True:
            try:
                return once()
            except (ApiError, ConnectionFailed) as failure:
                failures += 1
                if gone is not None and unclear and _is_gone(failure):
                    # Its answer was lost.
                    return gone
                unclear = unclear or may_have_been_done(failure)
                wait = self._wait(failure, failures, operation.repeatable, begun)
                if wait is None:
                    raise
                log.info("%s %s: %s; again in %.1f s", operation.method, operation.path, failure, wait)
            self.clock.sleep(wait)

    def pages(
        self, operation: Operation, path: tuple[str, ...], query: Mapping[str, QueryValue]
    ) -> "Pages[Any]":
        """The list of an operation, fetched page by page while it is read."""

        def fetch(cursor: Optional[str]) -> "Page[Any]":
            asked = dict(query) if cursor is None else {**query, "cursor": cursor}
            body = self.call(operation, path, query=asked).json()
            return Page(body["data"], body.get("next_cursor"))

        return Pages(fetch)

    def stream(self, topics: Optional[Iterable[str]] = None, *, after: Optional[int] = None) -> Stream:
        """What happens, as it happens: the messages behind the position `after`, or from now on.

        `topics` are some of `orders`, `payments`, `events`, `effects`, `alerts`; all of them if absent. It goes
        on by itself where a connection breaks, without gap or repeat.
        """
        query = {"topics": ",".join(topics)} if topics is not None else {}

        def open_at(position: Optional[int], silence: float) -> Reply:
            headers = {**self._headers, "Accept": "text/event-stream"}
            if position is not None:
                headers["Last-Event-ID"] = str(position)
            url = f"{self.url}/v1/stream" + (f"?{urlencode(query)}" if query else "")
            return self._opened(Request("GET", url, headers, None, silence, endless=True))

        return Stream(open_at, self.retries, self.clock, after)

    def _request(
        self,
        operation: Operation,
        path: tuple[str, ...],
        query: Optional[Mapping[str, QueryValue]],
        body: Any,
        headers: Optional[Mapping[str, Optional[str]]],
        idempotency_key: Optional[str],
    ) -> Request:
        sent = dict(self._headers)
        for name, value in (headers or {}).items():
            if value is not None:
                sent[name] = value
        content = None
        if body is not None:
            content = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
            sent["Content-Type"] = "application/json"
        if operation.keyed:
            sent["Idempotency-Key"] = idempotency_key or str(uuid.uuid4())
        url = self.url + operation.fill(path)
        asked = urlencode([(n, v) for name, value in (query or {}).items() for n, v in _pairs(name, value)])
        url += f"?{asked}" if asked else ""
        return Request(operation.method, url, sent, content, self.timeout, fresh=not operation.repeatable)

    def _once(self, request: Request) -> Answer:
        reply = self._transport.open(request)
        content = reply.read()
        if not 200 <= reply.status < 300:
            raise error_of(reply.status, reply.headers, content)
        return Answer(reply.status, reply.headers, content)

    def _begun(self, request: Request) -> Download:
        return Download(self._opened(request))

    def _opened(self, request: Request) -> Reply:
        """The answer to be read while it comes; a refusal is raised."""
        reply = self._transport.open(request)
        if reply.status != 200:
            raise error_of(reply.status, reply.headers, reply.read())
        return reply

    def _wait(
        self, failure: Union[ApiError, ConnectionFailed], failures: int, repeatable: bool, begun: float
    ) -> Optional[float]:
        if failures >= self.retries.attempts or not may_be_repeated(failure, repeatable):
            return None
        retry_after = failure.retry_after if isinstance(failure, ApiError) else None
        wait = self.retries.wait(failures, retry_after)
        left = begun + self.retries.seconds - self.clock.monotonic()
        return wait if wait <= left else None


def _is_gone(failure: Exception) -> bool:
    return isinstance(failure, ApiError) and failure.code == "not_found"


def _pairs(name: str, value: QueryValue) -> list[tuple[str, str]]:
    if value is None:
        return []
    if isinstance(value, bool):
        return [(name, "true" if value else "false")]
    if isinstance(value, (str, int)):
        return [(name, str(value))]
    return [(name, one) for one in value]
