"""When a call is made again, and after how long."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Optional, Protocol

from .problem import CLASSES, ApiError, ConnectionFailed


class Clock(Protocol):
    """The time that waits pass in; `tollgate.testing.FakeClock` jumps over them."""

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The real one."""

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True)
class Retries:
    """How often and how long one call is tried."""

    #: Tries in all; 1 never repeats.
    attempts: int = 5
    #: Seconds from the beginning of the first try in which the last one begins.
    seconds: float = 60.0
    #: The first pause, doubled at each try and never longer than `pause_max`, unless the server wants more.
    pause: float = 0.25
    pause_max: float = 8.0

    def wait(self, failures: int, retry_after: Optional[float]) -> float:
        """Seconds to wait after so many failures, spread so that many clients do not come at once."""
        pause = min(self.pause_max, self.pause * 2.0 ** min(failures - 1, 30))
        if retry_after is not None:
            return retry_after + random.uniform(0, pause)
        return random.uniform(pause / 2, pause)


def may_be_repeated(failure: ApiError | ConnectionFailed, repeatable: bool) -> bool:
    """Whether the same request, with the same key, can get another answer and does no harm.

    `repeatable`: doing it twice is doing it once, by its Idempotency-Key or by its nature.
    """
    if isinstance(failure, ConnectionFailed):
        return repeatable or not failure.may_have_arrived
    if not failure.retryable or failure.new_key_required:
        return False
    # What is there now has another version than the request names: it has to be read again first.
    if failure.code == "version_mismatch":
        return False
    return repeatable or not may_have_been_done(failure)


def may_have_been_done(failure: ApiError | ConnectionFailed) -> bool:
    """Whether the request may have changed something although this is all that came back.

    Codes of ours say that nothing was stored, but for the one that says that it is not known. What else is in front
    may have handed the request on, whatever it calls its failure.
    """
    if isinstance(failure, ConnectionFailed):
        return failure.may_have_arrived
    if failure.code in CLASSES:
        return failure.code == "outcome_unknown"
    return failure.status >= 500
