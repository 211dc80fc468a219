"""Where a source record belongs right now."""

from dataclasses import dataclass

from apps.base.errors import NotFound
from apps.golden.models import Membership


@dataclass(frozen=True, slots=True)
class Place:
    """The live customer that holds a record, with all its members as a decision sees them."""

    gid: str
    name: str
    version: int
    member_ids: tuple[int, ...]


def get_place_of_record(record_id: int) -> Place:
    """Return the customer of a source record; raise NotFound where the record is gone or set aside. Two queries."""
    held = Membership.objects.select_related("golden").filter(pk=record_id).first()
    if held is None:
        raise NotFound(f"source record {record_id} belongs to no customer now", record=record_id)
    members = Membership.objects.filter(golden_id=held.golden_id).order_by("pk").values_list("pk", flat=True)
    return Place(held.golden.gid, held.golden.name, held.golden.version, tuple(members))
