"""Golden values of a million members at once: the same decisions as `engine.survive.merge_members`, on columns.

The law of this module: for every cluster it gives the values, records and rules that the row version gives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.survive.claims import BLANKS, CHECK_RANKS, FILLED, UNCHECKED_RANK, UNDATED, fold, trim
from apps.engine.survive.party import Rule
from apps.engine.survive.policy import Block, Strategy, SurvivorshipPolicy

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

RULES: Final = tuple(Rule)
"""The rules in the order of their codes in the result's dictionary columns."""

_FRAME: Final = ("record", "cluster", "source", "source_key", "trust", "modified_at")
_LOSER: Final = np.iinfo(np.int64).min
_ABSENT: Final = -1


@dataclass(frozen=True, slots=True)
class _Members:
    """The members in order of cluster, then byte order; `rows` leads back to the given table."""

    table: pa.Table
    rows: Integers
    starts: Integers  # position of each cluster's first member
    group: Integers  # index of each member's cluster

    def ordered(self, values: Integers) -> Integers:
        return values[self.rows]


@dataclass(frozen=True, slots=True)
class _Column:
    """One attribute, trimmed: the distinct texts and each member's code among them, `_ABSENT` for none."""

    texts: pa.Array
    codes: Integers


_Fixed: TypeAlias = dict[int, tuple[str, int | None]]
"""One attribute's pins: value and number by the cluster's place."""


def survive(members: pa.Table, policy: SurvivorshipPolicy, pins: pa.Table | None = None) -> pa.Table:
    """Return one row per cluster, ascending, with the golden values that the policy and the pins choose.

    `members` has `record` and `cluster` int64, `source` and `source_key` string, `trust` integer (higher wins),
    `modified_at` timestamp or null, then one string column per attribute; a column `X.check` informs the choice of X
    and does not survive. The result has `cluster` and per attribute A: `A` string, `A.record` int64 (who gave it) and
    `A.rule` (a dictionary of `Rule` values), all null where nobody gives a value.

    `pins` has `cluster` int64, `attribute` string, `value` string and `pin` int64, one row per cluster and attribute;
    those of clusters without members are passed over. An attribute that is pinned anywhere gets one more column,
    `A.pin`, with the pin's number where one holds; there `A.record` is null.

    Runs on one core, in memory; about 100 bytes per member and a column at a time beyond the table itself.
    Raises ValueError for missing columns, nulls where none may be, a record or a pinned attribute that occurs twice,
    and text columns that hold no text.
    """
    attributes = _attributes(members)
    ordered = _order(members)
    clusters = _int64(members, "cluster")[ordered.rows[ordered.starts]]
    fixed = _fixed(pins, clusters)
    survived: dict[str, pa.Array] = {}
    for block in policy.blocks(attributes):
        survived.update(_decide(block, ordered, fixed))
    for name, values in fixed.items():
        survived |= _pinned(name, values, survived, len(clusters))
    columns = {"cluster": pa.array(clusters)}
    for name in [*attributes, *sorted(fixed.keys() - set(attributes))]:
        columns |= {f"{name}{end}": survived[f"{name}{end}"] for end in ("", ".record", ".rule")}
        if name in fixed:
            columns[f"{name}.pin"] = survived[f"{name}.pin"]
    return pa.table(columns)


def _fixed(pins: pa.Table | None, clusters: Integers) -> dict[str, _Fixed]:
    """Return the pinned values by attribute; few, so they are plain Python."""
    found: dict[str, _Fixed] = {}
    if pins is None or not pins.num_rows or not len(clusters):
        return found
    cluster = _int64(pins, "cluster")
    places = np.clip(np.searchsorted(clusters, cluster), 0, len(clusters) - 1)
    rows = zip(places.tolist(), (clusters[places] == cluster).tolist(), pins.to_pylist(), strict=True)
    for place, is_here, row in rows:
        values = found.setdefault(row["attribute"], {}) if is_here else {}
        if place in values:
            raise ValueError(f"the attribute {row['attribute']} is pinned twice in cluster {row['cluster']}")
        values[place] = (trim(row["value"]) or "", row["pin"])
    return found


def _pinned(name: str, fixed: _Fixed, survived: dict[str, pa.Array], count: int) -> dict[str, pa.Array]:
    """Put the pinned values in the places of those that records gave."""
    places = np.fromiter(fixed, dtype=np.int64, count=len(fixed))
    mask = np.zeros(count, dtype=np.bool_)
    mask[places] = True
    texts: list[str | None] = [None] * count
    numbers: list[int | None] = [None] * count
    for place, (text, number) in fixed.items():
        texts[place], numbers[place] = text, number
    given = survived.get(name, pa.nulls(count, pa.string()))
    records = survived.get(f"{name}.record", pa.nulls(count, pa.int64()))
    codes = pa.nulls(count, pa.int8())
    if f"{name}.rule" in survived:
        codes = survived[f"{name}.rule"].indices
    rule = pa.scalar(RULES.index(Rule.PINNED), pa.int8())
    is_fixed = pa.array(mask)
    return {
        name: pc.if_else(is_fixed, pa.array(texts, pa.string()), given),
        f"{name}.record": pc.if_else(is_fixed, pa.scalar(None, pa.int64()), records),
        f"{name}.rule": _named_rules(pc.if_else(is_fixed, rule, codes)),
        f"{name}.pin": pa.array(numbers, pa.int64()),
    }


def _named_rules(codes: pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(codes, pa.array([rule.value for rule in RULES]))


def _attributes(members: pa.Table) -> list[str]:
    missing = [name for name in _FRAME if name not in members.column_names]
    if missing:
        raise ValueError(f"the members lack the columns {', '.join(missing)}")
    for name in ("record", "cluster", "source", "source_key", "trust"):
        if members[name].null_count:
            raise ValueError(f"the members hold nulls in {name}")
    attributes = [name for name in members.column_names if name not in _FRAME and "." not in name]
    for name in attributes:
        if not _is_text(members[name].type):
            raise ValueError(f"the attribute {name} is {members[name].type}; survivorship takes text")
    return attributes


def _is_text(kind: pa.DataType) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_null(inner))


def _int64(members: pa.Table, name: str) -> Integers:
    numbers: Integers = members[name].cast(pa.int64()).to_numpy()
    return numbers


def _order(members: pa.Table) -> _Members:
    """Sort once; Arrow compares text by bytes, as the row version does."""
    records = _int64(members, "record")
    # Sorting beats np.unique's hashing by ten on a million ids.
    if not np.all(np.diff(np.sort(records)) > 0):
        raise ValueError("a record occurs twice among the members")
    keys = pa.table(
        {
            "cluster": members["cluster"].cast(pa.int64()),
            "source": members["source"].cast(pa.large_string()),
            "source_key": members["source_key"].cast(pa.large_string()),
            "record": members["record"].cast(pa.int64()),
        }
    )
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    rows: Integers = order.to_numpy().astype(np.int64)
    clusters = _int64(members, "cluster")[rows]
    is_first = np.ones(len(clusters), dtype=np.bool_)
    is_first[1:] = clusters[1:] != clusters[:-1]
    return _Members(members, rows, np.flatnonzero(is_first), np.cumsum(is_first) - 1)


def _decide(block: Block, members: _Members, fixed: Mapping[str, _Fixed]) -> dict[str, pa.Array]:
    present = [name for name in block.attributes if name in members.table.column_names]
    columns = [_encode(members, name) for name in present]
    positions = [block.attributes.index(name) for name in present]
    has_claim = np.logical_or.reduce([column.codes != _ABSENT for column in columns])
    levels = [(Rule.HAS_LEAD, _measure_lead(columns, positions))]
    levels += [(Rule(strategy.value), _measure(strategy, block, members, columns)) for strategy in block.order]
    if pinned := [fixed.get(name, {}) for name in present if fixed]:
        levels.insert(0, (Rule.FITS_PIN, _measure_fit(columns, pinned, members)))
    winner, rules = _contend(members, columns, levels, has_claim)
    survived: dict[str, pa.Array] = {}
    for name, column in zip(present, columns, strict=True):
        survived |= _survivors(name, column, members, winner, rules)
    return survived


def _encode(members: _Members, name: str) -> _Column:
    text = members.table[name]
    if not pa.types.is_large_string(text.type):
        text = text.cast(pa.large_string())
    given = text.combine_chunks().dictionary_encode()
    # Trimmed after encoding, since distinct texts are few; trimming may make two of them one.
    trimmed = pc.utf8_trim(given.dictionary, characters=BLANKS).dictionary_encode()
    texts = trimmed.dictionary
    code_of = trimmed.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    code_of = np.where(pc.equal(texts, "").to_numpy(zero_copy_only=False)[code_of], _ABSENT, code_of)
    # The last code stands for null.
    with_null = np.append(code_of, _ABSENT)
    indices = given.indices.fill_null(len(code_of)).to_numpy(zero_copy_only=False)
    return _Column(texts, members.ordered(with_null[indices]))


def _contend(
    members: _Members, columns: Sequence[_Column], levels: Sequence[tuple[Rule, Integers]], has_claim: Mask
) -> tuple[Integers, npt.NDArray[np.uint8]]:
    """Return per cluster the winning member (`_ABSENT` without any claim) and the code of the rule that settled it.

    A claim leaves at the first level where it is beaten. The rule is the last level at which a claim with other
    values than the winner's left, or one for agreement where there is none.
    """
    left = has_claim.copy()
    left_at = np.zeros(len(left), dtype=np.int64)
    for level, (_, measure) in enumerate(levels, start=1):
        standing = np.where(left, measure, _LOSER)
        best = np.maximum.reduceat(standing, members.starts) if len(standing) else standing
        beaten = left & (standing < best[members.group])
        left_at[beaten] = level
        left &= ~beaten
    left_at[left] = len(levels) + 1
    winner = _first_per_cluster(left, members)
    differs = has_claim & _differs_from_winner(columns, winner, members)
    last = _reduce(np.maximum, np.where(differs, left_at, 0), members)
    claims = _reduce(np.add, has_claim.astype(np.int64), members)
    codes = [Rule.AGREED, *(rule for rule, _ in levels), Rule.FIRST_IN_ORDER]
    rules = np.array([RULES.index(rule) for rule in codes], dtype=np.uint8)[last]
    rules[claims == 1] = RULES.index(Rule.ONLY_VALUE)
    return winner, rules


def _reduce(combine: np.ufunc, values: Integers, members: _Members) -> Integers:
    if not len(values):
        return values
    reduced: Integers = combine.reduceat(values, members.starts)
    return reduced


def _first_per_cluster(left: Mask, members: _Members) -> Integers:
    nobody = len(left)
    first = _reduce(np.minimum, np.where(left, np.arange(nobody), nobody), members)
    return np.where(first == nobody, _ABSENT, first)


def _differs_from_winner(columns: Sequence[_Column], winner: Integers, members: _Members) -> Mask:
    differs = np.zeros(len(members.group), dtype=np.bool_)
    if not len(differs):
        return differs
    for column in columns:
        differs |= column.codes != column.codes[winner][members.group]
    return differs


def _survivors(
    name: str, column: _Column, members: _Members, winner: Integers, rules: npt.NDArray[np.uint8]
) -> dict[str, pa.Array]:
    if not len(winner):
        codes, absent, records = winner, np.zeros(0, dtype=np.bool_), winner
    else:
        codes = column.codes[winner]
        absent = (winner == _ABSENT) | (codes == _ABSENT)
        records = _int64(members.table, "record")[members.rows[winner]]
    texts = column.texts.take(pa.array(codes, mask=absent))
    rule_codes = pa.array(rules.astype(np.int8), mask=absent)
    return {
        name: texts.cast(pa.string()),
        f"{name}.record": pa.array(records, mask=absent),
        f"{name}.rule": _named_rules(rule_codes),
    }


def _measure_fit(columns: Sequence[_Column], fixed: Sequence[_Fixed], members: _Members) -> Integers:
    """How many of the values fixed in the block each member agrees with, letter case and spacing aside."""
    fits = np.zeros(len(members.group), dtype=np.int64)
    for column, values in zip(columns, fixed, strict=True):
        if not values:
            continue
        pin_of = np.full(len(members.starts), _ABSENT, dtype=np.int64)
        pins = {text: code for code, text in enumerate(dict.fromkeys(fold(text) for text, _ in values.values()))}
        for place, (text, _) in values.items():
            pin_of[place] = pins[fold(text)]
        # What is absent folds like the empty text, and index -1 reaches it.
        texts = [*column.texts.to_pylist(), ""]
        agrees = np.array([pins.get(fold(text), len(pins)) for text in texts], dtype=np.int64)[column.codes]
        fits += pin_of[members.group] == agrees
    return fits


def _measure_lead(columns: Sequence[_Column], positions: Sequence[int]) -> Integers:
    lead = np.full(len(columns[0].codes), _LOSER, dtype=np.int64)
    for column, position in reversed(list(zip(columns, positions, strict=True))):
        lead[column.codes != _ABSENT] = -position
    return lead


def _measure(strategy: Strategy, block: Block, members: _Members, columns: Sequence[_Column]) -> Integers:
    match strategy:
        case Strategy.MOST_TRUSTED:
            return members.ordered(_int64(members.table, "trust"))
        case Strategy.MOST_RECENT:
            return _measure_recency(members)
        case Strategy.MOST_COMPLETE:
            return _measure_completeness(columns)
        case Strategy.MOST_FREQUENT:
            return _measure_frequency(members, columns)
        case Strategy.VERIFIED_FIRST:
            return _measure_checks(block.attributes[0], members)


def _measure_recency(members: _Members) -> Integers:
    instants = members.table["modified_at"].cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    microseconds: Integers = instants.fill_null(UNDATED).to_numpy()
    return members.ordered(microseconds)


def _measure_completeness(columns: Sequence[_Column]) -> Integers:
    total = np.zeros(len(columns[0].codes), dtype=np.int64)
    for column in columns:
        lengths = pc.utf8_length(column.texts).to_numpy(zero_copy_only=False).astype(np.int64)
        total += np.append(lengths + FILLED, 0)[column.codes]
    return total


def _measure_frequency(members: _Members, columns: Sequence[_Column]) -> Integers:
    """Count, within each cluster, the members with the same folded values; the distinct texts are folded once."""
    same = members.group
    for column in columns:
        code_of: dict[str, int] = {}
        folded = [code_of.setdefault(fold(text), len(code_of)) for text in column.texts.to_pylist()]
        # Absent gets the code after the last one, which index -1 reaches.
        codes = np.array([*folded, len(code_of)], dtype=np.int64)[column.codes]
        _, same = np.unique(same * (len(code_of) + 1) + codes, return_inverse=True)
    counts: Integers = np.bincount(same, minlength=1).astype(np.int64)
    return counts[same]


def _measure_checks(leader: str, members: _Members) -> Integers:
    name = f"{leader}.check"
    if name not in members.table.column_names:
        return np.zeros(len(members.rows), dtype=np.int64)
    checks = members.table[name].cast(pa.large_string()).combine_chunks().dictionary_encode()
    ranks = [CHECK_RANKS.get(text, UNCHECKED_RANK) for text in checks.dictionary.to_pylist()]
    indices = checks.indices.fill_null(len(ranks)).to_numpy(zero_copy_only=False)
    return members.ordered(np.array([*ranks, UNCHECKED_RANK], dtype=np.int64)[indices])
