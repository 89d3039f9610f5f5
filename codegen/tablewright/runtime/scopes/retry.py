"""Running a transaction again after an error that another attempt may avoid."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, PendingRollbackError

from tablewright.runtime.engine.failures import may_succeed_again

S = TypeVar("S")
T = TypeVar("T")

FIRST_PAUSE, LONGEST_PAUSE = 0.01, 1.0


def transact(session: Callable[[], AbstractContextManager[S]], function: Callable[[S], T], retries: int) -> T:
    """Run *function* with a session of its own, up to *retries* times more, and return its result."""
    for attempt in range(retries + 1):
        try:
            with session() as opened:
                return function(opened)
        except (DBAPIError, PendingRollbackError) as error:
            if attempt == retries or not may_succeed_again(error):
                raise
        # At random, so that transactions that clashed do not clash again.
        time.sleep(random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)))
    raise ValueError(f"retries must not be negative: {retries}")
