"""Lists, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Generic, Iterator, Optional, Sequence, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page. It may be empty and not the last: a filter that looks through much ends its pages early."""

    data: Sequence[T]
    #: `None` on the last one.
    next_cursor: Optional[str]


class Pages(Generic[T]):
    """A list: iterate over it for all that is in it, or over `pages()`. Each iteration asks anew."""

    def __init__(self, fetch: Callable[[Optional[str]], Page[T]]) -> None:
        self._fetch = fetch

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.data

    def pages(self, cursor: Optional[str] = None) -> Iterator[Page[T]]:
        """The pages, from the beginning or from the `next_cursor` of an earlier one."""
        while True:
            page = self._fetch(cursor)
            yield page
            cursor = page.next_cursor
            if cursor is None:
                return

    def page(self, cursor: Optional[str] = None) -> Page[T]:
        """One page alone: the first one, or the one at `cursor`."""
        return self._fetch(cursor)
