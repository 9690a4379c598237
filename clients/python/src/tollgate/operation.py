"""What is known of an operation of the API: its path, and what repeating it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Optional, Protocol, Union
from urllib.parse import quote

if TYPE_CHECKING:
    from .client import Answer
    from .download import Download
    from .pages import Pages

QueryValue = Union[str, int, bool, None, Iterable[str]]


@dataclass(frozen=True)
class Operation:
    """An operation, as the generated nouns name it."""

    method: str
    #: With its parameters: `/v1/orders/{id}`.
    path: str
    #: It keeps its answer under an Idempotency-Key, which is made if none is given.
    keyed: bool = False

    @property
    def repeatable(self) -> bool:
        """Doing it twice is doing it once."""
        return self.keyed or self.method in ("GET", "PUT", "DELETE", "PATCH")

    def fill(self, values: tuple[str, ...]) -> str:
        """The path with its parameters filled in, each percent-encoded as one segment."""
        path = self.path
        for value in values:
            # Both would name another path: the list, or the one above.
            if value in ("", ".", ".."):
                raise ValueError(f"{value!r} names nothing in {self.path}")
            begin, end = path.index("{"), path.index("}")
            path = path[:begin] + quote(value, safe="") + path[end + 1 :]
        return path


class Caller(Protocol):
    """What the nouns call by: the client."""

    def call(
        self,
        operation: Operation,
        path: tuple[str, ...] = (),
        *,
        query: Optional[Mapping[str, QueryValue]] = None,
        body: Any = None,
        headers: Optional[Mapping[str, Optional[str]]] = None,
        idempotency_key: Optional[str] = None,
    ) -> Answer: ...

    def download(
        self,
        operation: Operation,
        path: tuple[str, ...] = (),
        *,
        query: Optional[Mapping[str, QueryValue]] = None,
    ) -> Download: ...

    def pages(
        self, operation: Operation, path: tuple[str, ...], query: Mapping[str, QueryValue]
    ) -> Pages[Any]: ...


def version(number: Optional[int]) -> Optional[str]:
    """A version, as `If-Match` has it."""
    return None if number is None else f'"{number}"'
