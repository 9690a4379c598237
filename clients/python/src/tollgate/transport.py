"""How requests reach the server: HTTP/1.1 over connections that are kept, with the standard library."""

from __future__ import annotations

import functools
import http.client
import selectors
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Callable, Iterator, Mapping, Optional, Protocol
from urllib.parse import urlsplit

from .problem import ConnectionFailed, UnexpectedAnswer

#: A longer line is no message of a stream.
LINE_BYTES_MAX = 8 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """What is sent."""

    method: str
    url: str
    #: They hold the API key, so they are not printed.
    headers: Mapping[str, str] = field(repr=False)
    body: Optional[bytes] = field(repr=False)
    #: Seconds: for all of it, or of a stream or a file for the longest silence.
    timeout: float
    #: Repeating it does it twice, so it is not tried on a connection that may have ended.
    fresh: bool = False
    #: The answer may be long or have no end: it is read line by line or part by part.
    endless: bool = False


class Reply(Protocol):
    """What came back. Whoever has it reads it to its end or closes it."""

    status: int
    #: By lower-case names.
    headers: Mapping[str, str]

    def read(self) -> bytes: ...

    def parts(self) -> Iterator[bytes]: ...

    def lines(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Transport(Protocol):
    """Sends a request, or raises `ConnectionFailed`."""

    def open(self, request: Request) -> Reply: ...

    def close(self) -> None: ...


class HttpTransport:
    """Connections are kept for the next request, at most `idle_max` of them; threads may share it."""

    def __init__(self, *, ssl_context: Optional[ssl.SSLContext] = None, idle_max: int = 8) -> None:
        self._ssl_context = ssl_context
        self._idle_max = idle_max
        self._idle: list[tuple[tuple[str, str], http.client.HTTPConnection]] = []
        self._lock = threading.Lock()

    def open(self, request: Request) -> Reply:
        split = urlsplit(request.url)
        place = (split.scheme, split.netloc)
        connection = None if request.fresh or request.endless else self._take(place)
        if connection is None:
            connection = self._connect(place, request.timeout)
        target = split.path + (f"?{split.query}" if split.query else "")
        ends = time.monotonic() + request.timeout
        try:
            # An answer that ends its connection takes the socket along.
            sock = connection.sock
            sock.settimeout(request.timeout)
            connection.request(request.method, target, request.body, dict(request.headers))
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise broken(error) from error
        if request.endless:
            return _HttpReply(answer, connection, sock, None)
        keep = functools.partial(self._keep, place, connection)
        return _HttpReply(answer, connection, sock, (ends, keep))

    def close(self) -> None:
        """Ends the connections that are kept."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def _connect(self, place: tuple[str, str], timeout: float) -> http.client.HTTPConnection:
        scheme, netloc = place
        connection: http.client.HTTPConnection
        if scheme == "https":
            connection = http.client.HTTPSConnection(netloc, timeout=timeout, context=self._ssl_context)
        else:
            connection = http.client.HTTPConnection(netloc, timeout=timeout)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            message = f"no connection to {scheme}://{netloc}: {error}"
            raise ConnectionFailed(message, may_have_arrived=False) from error
        return connection

    def _take(self, place: tuple[str, str]) -> Optional[http.client.HTTPConnection]:
        while True:
            with self._lock:
                found = next((one for one in reversed(self._idle) if one[0] == place), None)
                if found is None:
                    return None
                self._idle.remove(found)
            if found[1].sock is not None and not _readable(found[1].sock):
                return found[1]
            found[1].close()

    def _keep(self, place: tuple[str, str], connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if len(self._idle) < self._idle_max:
                self._idle.append((place, connection))
                return
        connection.close()


def broken(error: Exception) -> ConnectionFailed:
    """The connection stood, and then no answer came."""
    said = "no answer in time" if isinstance(error, socket.timeout) else f"the connection broke: {error!r}"
    return ConnectionFailed(said, may_have_arrived=True)


def _readable(sock: socket.socket) -> bool:
    """Whether something came on a connection where nothing is waited for: its end."""
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))


class _HttpReply:
    """An answer. `bounded`: when its reading ends, and what is done with the connection afterwards."""

    def __init__(
        self,
        answer: http.client.HTTPResponse,
        connection: http.client.HTTPConnection,
        sock: socket.socket,
        bounded: Optional[tuple[float, Callable[[], None]]],
    ) -> None:
        self.status = answer.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in answer.headers.items()}
        self._answer = answer
        self._connection = connection
        self._sock = sock
        self._bounded = bounded

    def read(self) -> bytes:
        return b"".join(self.parts())

    def parts(self) -> Iterator[bytes]:
        """The parts as they come. One that breaks off raises `ConnectionFailed` and never looks whole."""
        try:
            while part := self._part():
                yield part
            if self._answer.length:
                raise http.client.IncompleteRead(b"", self._answer.length)
        except (OSError, ValueError, AttributeError, http.client.HTTPException) as error:
            # A reply that another thread has closed ends in any of these.
            self.close()
            raise broken(error) from error
        if self._bounded is None or self._answer.will_close:
            self.close()
        else:
            self._answer.close()
            self._bounded[1]()

    def _part(self) -> bytes:
        if self._bounded is not None and not self._answer.isclosed():
            left = self._bounded[0] - time.monotonic()
            if left <= 0:
                raise socket.timeout()
            self._sock.settimeout(left)
        return self._answer.read1(65536)

    def lines(self) -> Iterator[bytes]:
        """The lines as they come, without their ends. What is cut in the middle of a line is left out."""
        try:
            while (line := self._answer.readline(LINE_BYTES_MAX)).endswith(b"\n"):
                yield line.rstrip(b"\r\n")
        except (OSError, ValueError, AttributeError, http.client.HTTPException) as error:
            # A reply that another thread has closed ends in any of these.
            raise broken(error) from error
        finally:
            self.close()
        if len(line) == LINE_BYTES_MAX:
            raise UnexpectedAnswer(f"a line of the stream is longer than {LINE_BYTES_MAX} bytes")

    def close(self) -> None:
        try:
            # Wakes whoever is reading.
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._answer.close()
        self._connection.close()
