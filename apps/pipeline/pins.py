"""The pins of a scope: which hold for which cluster, what they change, and how survivorship takes them.

The rule itself is `apps.engine.survive.pins`; this reads its input off the scope and says which customers it stirs.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from apps.engine.rules import RuleSet
from apps.engine.standardise import standardise_record
from apps.engine.survive import Pin, SettledPin, hand_over, holding_pins, settle_pins
from apps.golden.inheritance import NONE
from apps.golden.search_terms import terms_of
from apps.pipeline.partition import Ints, Scope

IN_SCOPE = """
SELECT p.id, p.attribute, p.value, p.record_ids, p.release_record_id, p.release_value
FROM golden_pin p
WHERE p.released_at IS NULL AND EXISTS (
    SELECT FROM unnest(p.record_ids || p.release_record_id) AS hung(id) JOIN scope c ON c.id = hung.id)
ORDER BY p.id
"""
# Parts of a pinned value that are stored beside it.
PARTS = ("country.code", "name.form")
TERMS = "terms.pinned"
"""The column of the search terms of a customer's pinned values."""
Said: TypeAlias = Mapping[tuple[int, str], str | None]


@dataclass(frozen=True, slots=True)
class Placed:
    """What pins do to a scope: those that hold by cluster, and those that hang on other records from now on."""

    holding: Mapping[int, Sequence[Pin]] = field(default_factory=dict)
    handed: Sequence[Pin] = ()

    def handed_by_chunk(self, scope: Scope, chunk: Ints) -> dict[int, list[tuple[int, Sequence[int]]]]:
        """Return the pins to hang anew, each in the chunk of the records it goes to."""
        found: dict[int, list[tuple[int, Sequence[int]]]] = defaultdict(list)
        if self.handed:
            chunk_of = dict(zip(scope.record.tolist(), chunk.tolist(), strict=True))
            for pin in self.handed:
                found[max(chunk_of[record] for record in pin.records)].append((pin.pin, pin.records))
        return found


def read_pins() -> list[Pin]:
    """Return the unreleased pins that hang on records of the open scope or watch one, oldest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(IN_SCOPE)
        return [
            Pin(pin, attribute, value, tuple(records), None if watched is None else (watched, said))
            for pin, attribute, value, records, watched, said in cursor.fetchall()
        ]


def place_pins(pins: Sequence[Pin], scope: Scope, said: Said, rules: RuleSet) -> tuple[Placed, Scope]:
    """Return which pins hold where, and the scope with the customers they stir flagged and those they tie marked.

    `said` tells what watched records say now, those that are gone left out. A pin of an attribute that the rules don't
    declare rests.
    """
    known = {attribute.name for attribute in rules.attributes}
    live = [pin for pin in pins if pin.attribute in known]
    if not live:
        return Placed(), scope
    seen = _seen(live, scope)
    handed = hand_over(live, seen.before, seen.after, seen.order)
    moved = {pin.pin: pin for pin in handed}
    now = [moved.get(pin.pin, pin) for pin in live]
    was = settle_pins(live, seen.before, seen.order, said)
    settled = settle_pins(now, seen.after, seen.order, said)
    stirred = _stirred(was, settled, seen) | _watched(settled, scope)
    is_stirred = scope.is_stirred | np.isin(scope.cluster, sorted(stirred))
    return Placed(holding_pins(settled), handed), replace(scope, is_stirred=is_stirred, tie=_ties(now, scope, seen))


def pins_frame(placed: Placed) -> pa.Table:
    """Return the pins that hold as bulk survivorship takes them."""
    rows = [
        {"cluster": cluster, "attribute": pin.attribute, "value": pin.value, "pin": pin.pin}
        for cluster, pins in placed.holding.items()
        for pin in pins
    ]
    types = {"cluster": pa.int64(), "attribute": pa.string(), "value": pa.string(), "pin": pa.int64()}
    return pa.Table.from_pylist(rows, schema=pa.schema(list(types.items())))


def pinned_part(attribute: str, value: str, part: str, rules: RuleSet) -> str | None:
    """Return one standard part of a pinned value."""
    return standardise_record({attribute: value}, rules.attributes).get(part)


def pinned_terms(pinned: Mapping[str, str], rules: RuleSet) -> list[str]:
    """Return the search terms of a customer's pinned values, by attribute: what a person fixed is found, too."""
    standard = [standardise_record({attribute: value}, rules.attributes) for attribute, value in pinned.items()]
    return terms_of((), standard, rules.attributes)


def with_parts(values: pa.Table, rules: RuleSet) -> pa.Table:
    """Return the golden values with the standard parts of pinned ones that are stored beside them, and their terms."""
    values = _with_terms(values, rules)
    for part in PARTS:
        attribute = part.partition(".")[0]
        if f"{attribute}.pin" not in values.column_names:
            continue
        rows = zip(values[attribute].to_pylist(), values[f"{attribute}.pin"].to_pylist(), strict=True)
        parts = [None if pin is None else pinned_part(attribute, text, part, rules) for text, pin in rows]
        values = values.append_column(f"{part}.pinned", pa.array(parts, pa.string()))
    return values


def _with_terms(values: pa.Table, rules: RuleSet) -> pa.Table:
    pinnable = [a.name for a in rules.attributes if f"{a.name}.pin" in values.column_names]
    if not pinnable:
        return values
    pinned: list[dict[str, str]] = [{} for _ in range(len(values))]
    for name in pinnable:
        for row in np.flatnonzero(values[f"{name}.pin"].is_valid().to_numpy()).tolist():
            if text := values[name][row].as_py():
                pinned[row][name] = text
    terms = [pinned_terms(fixed, rules) if fixed else None for fixed in pinned]
    return values.append_column(TERMS, pa.array(terms, pa.list_(pa.string())))


@dataclass(frozen=True, slots=True)
class _Seen:
    """Where the records that pins hang on were and are, and their places in byte order."""

    before: dict[int, int]
    after: dict[int, int]
    order: dict[int, int]


def _seen(live: Sequence[Pin], scope: Scope) -> _Seen:
    hung = np.isin(scope.record, sorted({record for pin in live for record in pin.records}))
    # Who was in one customer with a record that is gone may be handed its pins.
    left = hung & scope.is_gone & (scope.golden != NONE)
    if left.any():
        hung |= np.isin(scope.golden, scope.golden[left])
    rows = np.flatnonzero(hung)
    record, golden, cluster = (column[rows].tolist() for column in (scope.record, scope.golden, scope.cluster))
    return _Seen(
        before={r: g for r, g in zip(record, golden, strict=True) if g != NONE},
        after={r: c for r, c in zip(record, cluster, strict=True) if c != NONE},
        order=dict(zip(record, scope.rank[rows].tolist(), strict=True)),
    )


def what_is_said(pins: Sequence[Pin], given: pa.Table) -> Said:
    """Return what the records that pins watch say of the pinned attribute, read off a frame of given values."""
    watching = [(pin.watched[0], pin.attribute) for pin in pins if pin.watched]
    if not watching:
        return {}
    rows = given.filter(pc.is_in(given["record"], pa.array([record for record, _ in watching], pa.int64())))
    by_record = {row["record"]: row for row in rows.to_pylist()}
    return {
        (record, attribute): by_record[record].get(attribute) for record, attribute in watching if record in by_record
    }


def _stirred(was: Sequence[SettledPin[int]], settled: Sequence[SettledPin[int]], seen: _Seen) -> set[int]:
    """Return the clusters that gain or lose a pin, though their members may be the same."""
    held = {pin.pin: golden for golden, pins in holding_pins(was).items() for pin in pins}
    holds = {pin.pin: cluster for cluster, pins in holding_pins(settled).items() for pin in pins}
    stirred: set[int] = set()
    for row in (*was, *settled):
        for record in row.pin.records:
            cluster, golden = seen.after.get(record), seen.before.get(record)
            if cluster is None:
                continue
            is_held = golden is not None and held.get(row.pin.pin) == golden
            if is_held != (holds.get(row.pin.pin) == cluster):
                stirred.add(cluster)
    return stirred


def _watched(settled: Sequence[SettledPin[int]], scope: Scope) -> set[int]:
    """Return the clusters whose pins watch a record that changed."""
    watching = [(row.pin.watched[0], row.cluster) for row in settled if row.pin.watched]
    if not watching:
        return set()
    dirty = set(scope.record[scope.is_dirty & np.isin(scope.record, [record for record, _ in watching])].tolist())
    return {cluster for record, cluster in watching if record in dirty}


def _ties(live: Sequence[Pin], scope: Scope, seen: _Seen) -> Ints:
    """Number the records that pins tie across customers, so that all of them change in one transaction."""
    tie = scope.tie.copy()
    tie_of: dict[int, int] = {}
    for pin in live:
        if len({seen.after[record] for record in pin.records if record in seen.after}) < 2:
            continue
        met = {tie_of[record] for record in pin.records if record in tie_of} | {pin.pin}
        label = min(met)
        tie_of |= {record: label for record, other in tie_of.items() if other in met}
        tie_of |= dict.fromkeys(pin.records, label)
    if tie_of:
        for row in np.flatnonzero(np.isin(scope.record, sorted(tie_of))).tolist():
            tie[row] = tie_of[int(scope.record[row])]
    return tie
