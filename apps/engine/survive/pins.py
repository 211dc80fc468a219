"""Which pins hold where. A pin hangs on source records and goes where most of them are.

The law of this module: what holds is a function of the pins, of who belongs together and of what the watched records
say. Order of arrival, ids of customers and clocks have no part in it.

A path that settles customers does four things, in bulk and live alike: it takes with a record every other record that
shares a pin with it (`Pin.needs`), calls `settle_pins`, hands `holding_pins` to `merge_members`, and stores what
`hand_over` says of pins whose records are all gone.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

from apps.engine.survive.claims import trim
from apps.engine.survive.party import PinnedValue

Cluster = TypeVar("Cluster", bound=Hashable)


class PinState(StrEnum):
    """Whether a pin gives its customer's value, and why not."""

    HOLDS = "holds"
    LAPSED = "lapsed"  # the watched record says something else than when the value was fixed
    OVERRULED = "overruled"  # another pin of the attribute speaks for more of the customer's records


@dataclass(frozen=True, slots=True)
class Pin:
    """A value fixed for the customer of `records`, which were its members then. Empty text: it has no value.

    `watched` names a record and what it said of the attribute; the pin lapses while the record says anything else.
    """

    pin: int
    attribute: str
    value: str
    records: tuple[int, ...]
    watched: tuple[int, str] | None = None

    @property
    def needs(self) -> tuple[int, ...]:
        """The records that must be looked at together to tell where the pin holds."""
        return self.records if self.watched is None else (*self.records, self.watched[0])


@dataclass(frozen=True, slots=True)
class SettledPin(Generic[Cluster]):
    """A pin, the customer it came to and whether it holds there; `overruled_by` names the pin that does instead."""

    pin: Pin
    cluster: Cluster
    state: PinState
    overruled_by: int | None = None


def settle_pins(
    pins: Iterable[Pin],
    cluster_of: Mapping[int, Cluster],
    order: Mapping[int, int],
    said: Mapping[tuple[int, str], str | None],
) -> list[SettledPin[Cluster]]:
    """Return each pin that has a customer, in order of pins, with its state there.

    `cluster_of` maps each live record to its customer, `order` to its place in byte order of (source, key); both must
    cover the records that a pin hangs on as far as they live. `said` gives what (record, attribute) says now.

    A pin's customer is the one that most of its live records are in; of equals, the one with the first record in
    order. Of several pins of one attribute that one holds which hangs on the most of the customer's records, then the
    one whose records come first in order, then the latest.
    """
    at_home: dict[tuple[Cluster, str], list[tuple[tuple[int, list[int], int], Pin]]] = defaultdict(list)
    settled: list[SettledPin[Cluster]] = []
    for pin in pins:
        alive = sorted((record for record in set(pin.records) if record in cluster_of), key=order.__getitem__)
        if not alive:
            continue
        home = _home([cluster_of[record] for record in alive])
        if _has_lapsed(pin, said):
            settled.append(SettledPin(pin, home, PinState.LAPSED))
            continue
        own = [order[record] for record in alive if cluster_of[record] == home]
        at_home[home, pin.attribute].append(((-len(own), own, -pin.pin), pin))
    for (home, _), ranked in at_home.items():
        best = min(ranked, key=lambda entry: entry[0])[1]
        for _, pin in ranked:
            state = PinState.HOLDS if pin is best else PinState.OVERRULED
            settled.append(SettledPin(pin, home, state, None if pin is best else best.pin))
    return sorted(settled, key=lambda row: row.pin.pin)


def holding_pins(settled: Iterable[SettledPin[Cluster]]) -> dict[Cluster, list[Pin]]:
    """Return the pins that hold, by customer."""
    found: dict[Cluster, list[Pin]] = defaultdict(list)
    for row in settled:
        if row.state is PinState.HOLDS:
            found[row.cluster].append(row.pin)
    return dict(found)


def pinned_values(pins: Iterable[Pin]) -> list[PinnedValue]:
    """Return pins as `merge_members` takes them."""
    return [PinnedValue(pin.attribute, pin.value, pin.pin) for pin in pins]


def hand_over(
    pins: Iterable[Pin], before: Mapping[int, Cluster], alive: Mapping[int, object], order: Mapping[int, int]
) -> list[Pin]:
    """Return those pins whose last records are gone, hung on the records that were in one customer with them.

    `before` maps each record to the customer it belonged to, gone ones included; `alive` holds the records that live
    on. A pin without a customer before, or whose customer has no record left, is not among them: it waits for its
    records to come back.
    """
    mates: dict[Cluster, list[int]] = defaultdict(list)
    for record, cluster in before.items():
        if record in alive:
            mates[cluster].append(record)
    moved = []
    for pin in pins:
        held = sorted((record for record in set(pin.records) if record in before), key=order.__getitem__)
        if not held or any(record in alive for record in pin.records):
            continue
        left = mates.get(_home([before[record] for record in held]), ())
        if left:
            moved.append(replace(pin, records=tuple(sorted(left))))
    return moved


def _home(clusters: list[Cluster]) -> Cluster:
    # Equal counts keep the order of first encounter, which is the order of the records.
    return Counter(clusters).most_common(1)[0][0]


def _has_lapsed(pin: Pin, said: Mapping[tuple[int, str], str | None]) -> bool:
    if pin.watched is None:
        return False
    record, then = pin.watched
    now = said.get((record, pin.attribute))
    return (trim(now or "") or "") != (trim(then) or "")
