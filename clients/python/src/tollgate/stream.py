"""The live stream: Server-Sent Events, gone on with where a connection broke."""

from __future__ import annotations

from typing import Callable, Iterator, Optional

from .problem import ApiError, ConnectionFailed, UnexpectedAnswer
from .notice import Notice, read_notice
from .retry import Clock, Retries
from .transport import Reply

#: The server sends a comment every 15 seconds; a connection that says nothing for longer is dead.
SILENCE_SECONDS = 45.0

OpenAt = Callable[[Optional[int], float], Reply]


class Stream:
    """An iterator over what happens. It waits for the next message without end.

    What cannot be mended by trying again (a key without the scope `read`) is raised. A `reset` is handed out
    like a message: then some were missed.
    """

    def __init__(self, open_at: OpenAt, retries: Retries, clock: Clock, after: Optional[int]) -> None:
        #: The position up to which all has been handed out. Keep it once you have acted on the message,
        #: and give it as `after` the next time; it moves also where nothing of your topics happens.
        self.position = after
        self._open_at = open_at
        self._retries = retries
        self._clock = clock
        self._reply: Optional[Reply] = None
        self._closed = False
        self._notices = self._run()

    def __iter__(self) -> "Stream":
        return self

    def __next__(self) -> Notice:
        return next(self._notices)

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends it, also from another thread: whoever waits for a message sees the end."""
        self._closed = True
        if self._reply is not None:
            self._reply.close()

    def _run(self) -> Iterator[Notice]:
        failures = 0
        while not self._closed:
            retry_after = None
            try:
                self._reply = self._open_at(self.position, SILENCE_SECONDS)
                if self._closed:
                    self._reply.close()
                for notice in self._read(self._reply):
                    failures = 0
                    if notice is not None:
                        yield notice
            except ConnectionFailed:
                pass
            except ApiError as refused:
                if not refused.retryable:
                    raise
                retry_after = refused.retry_after
            if not self._closed:
                failures += 1
                self._clock.sleep(self._retries.wait(failures, retry_after))

    def _read(self, reply: Reply) -> Iterator[Optional[Notice]]:
        """Notices as they come, and `None` for a bare id: the connection lives."""
        data: list[bytes] = []
        position = self.position
        for line in reply.lines():
            name, _, value = line.partition(b":")
            value = value[1:] if value.startswith(b" ") else value
            if line == b"":
                alive = position != self.position or bool(data)
                self.position = position
                if data:
                    yield _notice(b"\n".join(data))
                elif alive:
                    yield None
                data = []
            elif name == b"id" and value.isdigit():
                position = int(value)
            elif name == b"data":
                data.append(value)


def _notice(data: bytes) -> Notice:
    try:
        return read_notice(data)
    except ValueError as error:
        raise UnexpectedAnswer(f"a message of the stream cannot be read: {error}") from error
