"""What a steward fixed: pins as survivorship takes them, and as pages and the API list them.

A pin hangs on source records and holds for the customer that most of them are in (`apps.engine.survive.pins`), so a
merge, a split or their undoing writes no pin. A path that settles customers asks `live_pins` with the records it looks
at, adds every record of `Pin.needs` that it hasn't looked at yet, and goes on with `settle_pins`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BigIntegerField, Max, Q, QuerySet, Value

from apps.engine.survive import Pin as LivePin
from apps.engine.survive import PinState, SettledPin, holding_pins, settle_pins
from apps.golden.models import Membership, Pin
from apps.sources import selectors as sources

_JOINED = -1  # stands for a customer that isn't there yet
_LIVE_PINS = """
SELECT id, attribute, value, record_ids, release_record_id, release_value FROM golden_pin
WHERE released_at IS NULL AND (record_ids && %(ids)s::bigint[] OR release_record_id = ANY(%(ids)s::bigint[]))
ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class PinRow:
    """A value a steward fixed, with its release condition and whether it holds.

    `state` is holds, lapsed (the watched record says something else now) or overruled (by the pin `overruled_by`).
    """

    pin_id: int
    attribute: str
    value: str
    state: str
    overruled_by: int | None
    release: str
    release_source: str
    release_key: str
    release_on: date | None
    pinned_by: str
    reason: str
    pinned_at: datetime


def live_pins(record_ids: Iterable[int]) -> list[LivePin]:
    """Return every pin that is not released and hangs on one of these records or watches one, oldest first.

    One query; none for no records.
    """
    ids = sorted(set(record_ids))
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_LIVE_PINS, {"ids": ids})
        return [
            LivePin(pin, attribute, value, tuple(hangs_on), None if watched is None else (watched, was))
            for pin, attribute, value, hangs_on, watched, was in cursor.fetchall()
        ]


def pin_horizon() -> int:
    """Return the number of the newest change to any pin. One query."""
    newest: int | None = Pin.history.aggregate(newest=Max("history_id"))["newest"]
    return newest or 0


def list_pins(gid: str) -> list[PinRow]:
    """Return the pins of a customer by attribute, the one that holds first. At most five queries; two without pins."""
    found = list_pins_of(Membership.objects.filter(golden__gid=gid).values_list("record_id", flat=True))
    return next(iter(found.values()), [])


def list_pins_of(record_ids: Iterable[int]) -> dict[int, list[PinRow]]:
    """Return the pins of the customers of these records, by the customer's internal id; those without any are left out.

    By attribute, the one that holds first. At most four queries; one without pins.
    """
    records = list(record_ids)
    rows = {row.pk: row for row in _unreleased(records)} if records else {}
    if not rows:
        return {}
    homes = set(Membership.objects.filter(record_id__in=records).values_list("golden_id", flat=True))
    pins = [_live(row) for row in rows.values()]
    named = sources.list_records({record for pin in pins for record in pin.needs})
    mine = [row for row in _settle(pins, named) if row.cluster in homes]
    mine.sort(key=lambda row: (row.pin.attribute, row.state is not PinState.HOLDS, -row.pin.pin))
    found: dict[int, list[PinRow]] = {}
    for row in mine:
        found.setdefault(row.cluster, []).append(_row(rows[row.pin.pin], row, named))
    return found


def list_holding_pins() -> dict[int, list[LivePin]]:
    """Return every pin that holds, by the internal id of its customer. At most four queries; one without pins."""
    pins = [_live(row) for row in Pin.objects.filter(released_at__isnull=True).order_by("pk")]
    return holding_pins(_settle(pins, sources.list_records({r for pin in pins for r in pin.needs}))) if pins else {}


def list_pins_if_joined(record_ids: Collection[int]) -> list[LivePin]:
    """Return the pins that would hold if these records were one customer. At most four queries; one without pins."""
    pins = live_pins(record_ids)
    if not pins:
        return []
    named = sources.list_records({record for pin in pins for record in pin.needs})
    return holding_pins(_settle(pins, named, joined=set(record_ids))).get(_JOINED, [])


def list_due_pins(today: date) -> list[LivePin]:
    """Return the unreleased pins whose date has come, oldest first. One query."""
    due = Pin.objects.filter(released_at__isnull=True, release_on__isnull=False, release_on__lte=today)
    return [_live(row) for row in due.order_by("pk")]


def _unreleased(record_ids: list[int]) -> QuerySet[Pin]:
    listed = Value(record_ids, output_field=ArrayField(BigIntegerField()))
    hangs = Q(record_ids__overlap=listed) | Q(release_record_id__in=record_ids)
    return Pin.objects.filter(hangs, released_at__isnull=True)


def _settle(
    pins: list[LivePin], named: dict[int, sources.Record], joined: Collection[int] = ()
) -> list[SettledPin[int]]:
    held = dict(Membership.objects.filter(record_id__in=list(named)).values_list("record_id", "golden_id"))
    held |= {record: _JOINED for record in held if record in joined}
    in_order = sorted(named, key=lambda pk: (named[pk].source.code.encode(), named[pk].key.encode()))
    order = {record_id: place for place, record_id in enumerate(in_order)}
    watched = {pin.watched[0]: pin.attribute for pin in pins if pin.watched}
    given = sources.list_given(watched)
    said = {
        (pin.watched[0], pin.attribute): given[pin.watched[0]].given.get(pin.attribute)
        for pin in pins
        if pin.watched and pin.watched[0] in given and not named[pin.watched[0]].is_gone
    }
    return settle_pins(pins, held, order, said)


def _live(row: Pin) -> LivePin:
    watched = None if row.release_record_id is None else (row.release_record_id, row.release_value)
    return LivePin(row.pk, row.attribute, row.value, tuple(row.record_ids), watched)


def _row(row: Pin, settled: SettledPin[int], named: dict[int, sources.Record]) -> PinRow:
    watched = named.get(row.release_record_id or 0)
    return PinRow(
        pin_id=row.pk,
        attribute=row.attribute,
        value=row.value,
        state=settled.state.value,
        overruled_by=settled.overruled_by,
        release=row.release,
        release_source=watched.source.code if watched else "",
        release_key=watched.key if watched else "",
        release_on=row.release_on,
        pinned_by=row.pinned_by,
        reason=row.reason,
        pinned_at=row.pinned_at,
    )
