"""What may not be one cluster: verdicts, and exclusive identifiers that differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from apps.engine.bulk.frames import ABSENT, Codes, Flags, Ints, column_of, records_of
from apps.engine.rules import Exclusive, RuleSet

Rows = Codes | Ints


@dataclass(frozen=True)
class Constraints:
    """Verdicts as sorted pairs of rows (`low * rows + high`) and exclusive numbers as codes per row."""

    rows: int
    same: Ints
    different: Ints
    exclusive: tuple[tuple[Codes, Codes], ...]

    def are_different(self, left: Rows, right: Rows) -> Flags:
        """Say for each pair of rows whether a verdict keeps it apart."""
        return _holds(self.different, self.pair_keys(left, right))

    def are_same(self, left: Rows, right: Rows) -> Flags:
        """Say for each pair of rows whether a verdict puts it together."""
        return _holds(self.same, self.pair_keys(left, right))

    def are_barred(self, left: Rows, right: Rows) -> Flags:
        """Say for each pair of rows whether both hold different numbers of one exclusive issuer."""
        barred: Flags = np.zeros(np.shape(left), dtype=np.bool_)
        for numbers, issuers in self.exclusive:
            # Few records hold such a number, so few pairs do twice.
            numbered = numbers != ABSENT
            both = np.flatnonzero(numbered[left] & numbered[right])
            ours, theirs = left[both], right[both]
            barred[both] |= (numbers[ours] != numbers[theirs]) & (issuers[ours] == issuers[theirs])
        return barred

    def pair_keys(self, left: Rows, right: Rows) -> Ints:
        """Return one integer per unordered pair of rows."""
        keys: Ints = np.minimum(left, right).astype(np.int64) * self.rows + np.maximum(left, right)
        return keys

    def pairs_of(self, keys: Ints) -> tuple[Ints, Ints]:
        """Return the rows of pair keys."""
        return keys // self.rows, keys % self.rows


def constraints_of(
    standard: pa.Table,
    rules: RuleSet,
    same: Sequence[tuple[int, int]],
    different: Sequence[tuple[int, int]],
) -> Constraints:
    """Return the constraints on a frame's rows; verdicts on records outside the frame don't bear on it."""
    ids = records_of(standard)
    return Constraints(
        standard.num_rows,
        _verdicts(ids, same),
        _verdicts(ids, different),
        tuple(_exclusive_codes(standard, exclusive) for exclusive in rules.exclusive),
    )


def rows_of(ids: Ints, wanted: Ints) -> tuple[Ints, Flags]:
    """Return the row of each wanted record id, and whether the frame has it."""
    if _are_consecutive(ids):
        held = (wanted >= ids[0]) & (wanted <= ids[-1])
        return np.where(held, wanted - ids[0], 0), held
    order = np.argsort(ids, kind="stable")
    at = np.minimum(np.searchsorted(ids, wanted, sorter=order), max(len(ids) - 1, 0))
    rows: Ints = order[at] if len(ids) else np.zeros(len(wanted), dtype=np.int64)
    return rows, (ids[rows] == wanted if len(ids) else np.zeros(len(wanted), dtype=np.bool_))


def _are_consecutive(ids: Ints) -> bool:
    return len(ids) > 0 and bool(ids[-1] - ids[0] == len(ids) - 1) and bool((np.diff(ids) == 1).all())


def _verdicts(ids: Ints, pairs: Sequence[tuple[int, int]]) -> Ints:
    wanted = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    left, ours = rows_of(ids, wanted[:, 0])
    right, theirs = rows_of(ids, wanted[:, 1])
    kept = ours & theirs & (left != right)
    left, right = left[kept], right[kept]
    return np.unique(np.minimum(left, right).astype(np.int64) * len(ids) + np.maximum(left, right))


def _exclusive_codes(standard: pa.Table, exclusive: Exclusive) -> tuple[Codes, Codes]:
    number, issuer, check = (column_of(standard, f"{exclusive.attribute}.{p}") for p in ("number", "issuer", "check"))
    counts = np.array([value in exclusive.checks for value in check.values] + [False], dtype=np.bool_)[check.codes]
    if exclusive.issuers:
        counts &= np.array([v in exclusive.issuers for v in issuer.values] + [False], dtype=np.bool_)[issuer.codes]
    # Two numbers of unknown issuers may be one register's and another's.
    counts &= issuer.codes != ABSENT
    return np.where(counts, number.codes, ABSENT), issuer.codes


def _holds(keys: Ints, wanted: Ints) -> Flags:
    if not len(keys):
        return np.zeros(np.shape(wanted), dtype=np.bool_)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    held: Flags = keys[at] == wanted
    return held
