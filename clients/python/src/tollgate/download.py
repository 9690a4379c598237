"""A file as it comes: a table, a receipt."""

from __future__ import annotations

from typing import Iterator, Mapping, Optional

from .transport import Reply


class Download:
    """The bytes of a file, handed out while they come: `for part in download`, or `read()` for all of them.

    It may take as long as it wants, but not be silent for longer than the client's `timeout`. One that breaks off
    raises `ConnectionFailed` and is not begun again: what was handed out is a part of a file. Whoever does not read
    it to its end closes it, or has it in a `with`.
    """

    def __init__(self, reply: Reply) -> None:
        #: By lower-case names.
        self.headers: Mapping[str, str] = reply.headers
        self._reply = reply
        self._parts = reply.parts()

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def __enter__(self) -> "Download":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def request_id(self) -> Optional[str]:
        """The name under which the server's log speaks of it."""
        return self.headers.get("x-request-id")

    def read(self) -> bytes:
        """All that is still to come."""
        return b"".join(self._parts)

    def close(self) -> None:
        self._reply.close()
