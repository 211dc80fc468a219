"""What a decision came to: customers as they are now, ids that ended, and what goes out to whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.delivery.selectors import count_due_by_subscriber, count_wished_by_source
from apps.golden import selectors as golden
from apps.golden.places import Place, list_shifts
from apps.outbox.selectors import PostedEvent, list_events_about
from apps.sources import selectors as sources


@dataclass(frozen=True, slots=True)
class Ground:
    """What was there before a decision, so that its outcome can be told: customers, and the newest move."""

    places: tuple[Place, ...]
    last_move: int


@dataclass(frozen=True, slots=True)
class After:
    """A customer as it is after a decision. `gid` is None for one that a preview would make."""

    gid: str | None
    is_new: bool
    name: str
    country: str
    version: int
    members: tuple[sources.Record, ...]
    values: tuple[golden.ValueRow, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """A governed id that stops being live, and the one it redirects to."""

    gid: str
    state: str
    survivor: str | None


@dataclass(frozen=True, slots=True)
class Sent:
    """An event that goes out; `gid` is None for a customer that a preview would make."""

    type: str
    gid: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision came to, or would come to; `decision` is None in a preview.

    So it is for a verdict that waits for a second person's, which changes no customer. `write_backs` counts records per
    source system that are to carry another id, `deliveries` events per subscriber. `cases` are the conflicts it opened.
    """

    decision: int | None
    act: str
    is_preview: bool
    message: str
    customers: tuple[After, ...]
    ended: tuple[Ended, ...]
    events: tuple[Sent, ...]
    write_backs: Mapping[str, int]
    deliveries: Mapping[str, int]
    cases: tuple[int, ...]


def nothing_yet(act: str, message: str) -> Outcome:
    """Return the outcome of what changes no customer before a second person agrees."""
    return Outcome(None, act, False, message, (), (), (), {}, {}, ())


def read_outcome(
    *, act: str, verdict_id: int, ground: Ground, records: Sequence[int], correlation: UUID, cases: tuple[int, ...]
) -> Outcome:
    """Return what a decision, or the undoing of one, came to; inside its transaction. At most 12 queries and two per
    customer.
    """
    before = {place.gid: place for place in ground.places}
    placed = golden.list_customers_of_records(records)
    shifts = list_shifts({place.golden_id for place in ground.places}, verdict_id=verdict_id, after=ground.last_move)
    gids = {customer.gid for customer in placed.values()} | before.keys()
    gids |= {gid for shift in shifts for gid in (shift.gid, shift.other) if gid}
    events = list_events_about(gids, correlation_id=correlation)
    new = {event.subject for event in events if event.type == "customer.created"}
    summaries = {customer.gid: customer for customer in golden.list_customers(sorted(gids))}
    live = sorted(gid for gid, customer in summaries.items() if customer.state == "live")
    customers = tuple(_after(golden.get_customer(gid), is_new=gid in new) for gid in live)
    ended = tuple(_ended(gid) for gid in sorted(gids - set(live)) if gid in before)
    members = [record.record_id for customer in customers for record in customer.members]
    return Outcome(
        decision=verdict_id,
        act=act,
        is_preview=False,
        message=_tell(customers, ended),
        customers=customers,
        ended=ended,
        events=tuple(_sent(event) for event in events),
        write_backs=count_wished_by_source(members, correlation_id=correlation),
        deliveries=count_due_by_subscriber(event.id for event in events),
        cases=cases,
    )


def _after(customer: golden.Customer, *, is_new: bool) -> After:
    members = golden.list_members(customer.gid)
    records = sources.list_records(member.record_id for member in members)
    return After(
        gid=customer.gid,
        is_new=is_new,
        name=customer.name,
        country=customer.country,
        version=customer.version,
        members=tuple(records[member.record_id] for member in members),
        values=tuple(golden.describe_values(customer.values, members)),
    )


def _ended(gid: str) -> Ended:
    customer = golden.get_customer(gid)
    return Ended(customer.asked, customer.asked_state, customer.survivor)


def _sent(event: PostedEvent) -> Sent:
    return Sent(event.type, event.subject)


def _tell(customers: Sequence[After], ended: Sequence[Ended]) -> str:
    told = ", ".join(f"{customer.gid} ({len(customer.members)})" for customer in customers)
    gone = "".join(f" {one.gid} leads to {one.survivor}." for one in ended if one.survivor)
    return f"Customers now, with their records: {told}.{gone}"
