"""What every transport takes and answers, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Result(StrEnum):
    """How one try of one delivery ended."""

    DELIVERED = "delivered"  # the subscriber acknowledged it
    FAILED = "failed"  # the subscriber answered, and not with an acknowledgement
    UNREACHABLE = (
        "unreachable"  # nobody answered in time, or asked for less traffic: leave the subscriber alone a while
    )
    GONE = "gone"  # the subscriber wants nothing any more
    HOPELESS = "hopeless"  # no later attempt can differ
    UNSENT = "unsent"  # not tried: its batch stopped before its turn


@dataclass(frozen=True, slots=True)
class Address:
    """Where a subscriber is reached, and the secret that proves who sends."""

    target: str
    secret: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event on its way: the same `event_id` and `body` at every attempt."""

    delivery_id: int
    event_id: UUID
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try ended, when it began and how long it took. `detail` holds no customer's value and no secret."""

    result: Result
    at: datetime
    seconds: float = 0.0
    status: int | None = None
    detail: str = ""
    retry_after_seconds: float | None = None


class Transport(Protocol):
    """Sends parcels of different streams; order inside a batch means nothing."""

    batch_size: int

    def send(self, address: Address, parcels: Sequence[Parcel]) -> list[Outcome]:
        """Try each parcel at most once and return one outcome per parcel, in their order.

        Never raises for what the other side does, and ends within half the delivery lease.
        """
