"""Where source records belong right now, as a decision about them sees it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from apps.base.errors import Conflict, NotFound
from apps.base.ids import CUSTOMER, check
from apps.golden.models import GoldenRecord, Membership, Move


@dataclass(frozen=True, slots=True)
class Place:
    """A live customer with all its members, ascending. Of two customers the lower `golden_id` is the older."""

    golden_id: int
    gid: str
    name: str
    version: int
    member_ids: tuple[int, ...]
    country: str


def get_place_of_record(record_id: int) -> Place:
    """Return the customer of a source record; raise NotFound where the record is gone or set aside. Two queries."""
    held = Membership.objects.select_related("golden").filter(pk=record_id).first()
    if held is None:
        raise NotFound(f"source record {record_id} belongs to no customer now", record=record_id)
    return _place(held.golden)


def get_place_of_customer(gid: str) -> Place:
    """Return the live customer that a governed id answers with, following a merge. Two queries.

    Raises GovernedIdError for a text that is no id, NotFound for one never given out, Conflict where the id answers
    with no live customer.
    """
    asked = check(gid, CUSTOMER)
    row = GoldenRecord.objects.select_related("survivor").filter(gid=asked).first()
    if row is None:
        raise NotFound(f"no customer has the id {asked}", gid=asked)
    golden = row.survivor or row
    if golden.state != GoldenRecord.State.LIVE:
        raise Conflict(f"customer {golden.gid} is {golden.state}", gid=golden.gid, state=golden.state)
    return _place(golden)


def find_places(record_ids: Iterable[int]) -> dict[int, Place]:
    """Return the customer of each record that has one, by record id. One query."""
    named = set(record_ids)
    homes = Membership.objects.filter(record_id__in=sorted(named)).values("golden_id")
    places = _places_of(Membership.objects.filter(golden_id__in=homes))
    return {record: place for place in places.values() for record in place.member_ids if record in named}


def list_places(golden_ids: Iterable[int]) -> dict[int, Place]:
    """Return the customers of the given internal ids that are live, by that id. One query."""
    return _places_of(Membership.objects.filter(golden_id__in=sorted(set(golden_ids))))


def _places_of(members: QuerySet[Membership]) -> dict[int, Place]:
    rows = members.order_by("record_id").values_list(
        "golden_id", "golden__gid", "golden__name", "golden__version", "golden__country", "record_id"
    )
    held: dict[int, list[int]] = {}
    facts: dict[int, tuple[str, str, int, str]] = {}
    for golden, gid, name, version, country, record in rows:
        facts[golden] = (gid, name, version, country)
        held.setdefault(golden, []).append(record)
    return {
        golden: Place(golden, gid, name, version, tuple(held[golden]), country)
        for golden, (gid, name, version, country) in facts.items()
    }


def find_live_ids(gids: Iterable[str]) -> dict[str, int]:
    """Return the internal ids of those governed ids that are live, by governed id. One query."""
    rows = GoldenRecord.objects.filter(gid__in=list(gids), state=GoldenRecord.State.LIVE)
    return dict(rows.values_list("gid", "pk"))


@dataclass(frozen=True, slots=True)
class Absorbed:
    """An id that was merged away: the customer it redirects to, what it brought along, and by which decision."""

    golden_id: int
    gid: str
    survivor_gid: str
    record_ids: tuple[int, ...]
    verdict_id: int | None


def get_absorbed(gid: str) -> Absorbed:
    """Return what became of a merged id; raise NotFound for an unknown one, Conflict for one that isn't merged."""
    asked = check(gid, CUSTOMER)
    row = GoldenRecord.objects.select_related("survivor").filter(gid=asked).first()
    if row is None:
        raise NotFound(f"no customer has the id {asked}", gid=asked)
    if row.survivor is None:
        raise Conflict(f"customer {asked} is {row.state}, it was not merged into another", gid=asked, state=row.state)
    move = Move.objects.filter(golden=row, kind=Move.Kind.MERGED).order_by("-pk").first()
    records = tuple(move.record_ids) if move else ()
    return Absorbed(row.pk, asked, row.survivor.gid, records, move.verdict_id if move else None)


@dataclass(frozen=True, slots=True)
class Shift:
    """A move of a decision: what kind, from whom, to whom, and how many records."""

    kind: str
    gid: str
    other: str | None
    record_ids: tuple[int, ...]


def list_shifts(golden_ids: Iterable[int], *, verdict_id: int, after: int) -> list[Shift]:
    """Return the moves that a decision made of these customers since move number `after`. One query."""
    ids = list(golden_ids)
    rows = (
        Move.objects.select_related("golden", "other")
        .defer("golden__values", "golden__search_terms", "other__values", "other__search_terms")
        .filter(Q(golden_id__in=ids) | Q(other_id__in=ids), verdict_id=verdict_id, pk__gt=after)
        .order_by("pk")
    )
    return [
        Shift(row.kind, row.golden.gid, row.other.gid if row.other else None, tuple(row.record_ids)) for row in rows
    ]


def find_last_move() -> int:
    """Return the number of the newest move, 0 where there is none. One query."""
    return Move.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _place(golden: GoldenRecord) -> Place:
    members = Membership.objects.filter(golden_id=golden.pk).order_by("pk").values_list("pk", flat=True)
    return Place(golden.pk, golden.gid, golden.name, golden.version, tuple(members), golden.country)
