"""What every write-back target takes and answers, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Written(StrEnum):
    """How the write-back of one id ended."""

    UNCHANGED = "unchanged"  # the slot already held it
    APPLIED = "applied"  # written, and read back where the system can be read
    DRIFTED = "drifted"  # the slot holds an id nobody here put there; not overwritten yet
    FAILED = "failed"  # the system answered, and not with success; a later try may
    UNREACHABLE = "unreachable"  # nobody answered in time: the rest of the batch is left for later
    HOPELESS = "hopeless"  # no later attempt can differ: the record is gone or the system refuses it
    UNSENT = "unsent"  # not tried: its batch stopped before its turn


@dataclass(frozen=True, slots=True)
class Intent:
    """One id to write: the record's key in its system, the id, and ids whose presence there is no surprise."""

    record_id: int
    source_key: str
    gid: str
    known: frozenset[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """How one intent ended; `found` is what the slot held before anything was written, None where it wasn't read."""

    result: Written
    found: str | None = None
    detail: str = ""
    retry_after_seconds: float | None = None


class Target(Protocol):
    """Writes ids into one system."""

    batch_size: int

    def write(self, intents: Sequence[Intent]) -> list[Answer]:
        """Write each id at most once and return one answer per intent, in their order.

        Never raises for what the other side does, and ends within half the delivery lease.
        """
