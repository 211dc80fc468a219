"""From raw blocks to intake frames: key, moment of change, raw JSON, digest, and one column per mapped attribute.

The law: every record of a file is either one row of one frame or one fault that isn't `kept`, never both, never none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from apps.sources.intake.blocks import FIELD_BYTES_CAP, NONCHARACTERS, RawBlock
from apps.sources.intake.dates import FIRST_YEAR, LAST_YEAR, read_moments
from apps.sources.intake.errors import Outcome, RowFault, excerpt
from apps.sources.intake.mapping import ColumnRule, ModifiedRule, SourceMapping
from apps.sources.intake.transforms import apply_transforms, empty_as_null

KEY_CHARACTERS_CAP = 200
FUTURE_TOLERANCE_MICROSECONDS = 5 * 60 * 1_000_000
# What a spreadsheet makes of a long number, and its own error words.
MANGLED_NUMBER = r"^[+-]?\d(?:[.,]\d+)?[eE]\+\d+$"
ERROR_WORD = r"^#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)$"
MOMENT = pa.timestamp("us", tz="UTC")
DIGEST = pa.binary(16)

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class IntakeBatchFrame:
    """Rows ready to land, what was set aside or remarked on, and the record numbers covered: [first_row, next_row)."""

    rows: pa.Table
    faults: list[RowFault]
    first_row: int
    next_row: int


@dataclass(slots=True)
class FrameBuilder:
    """Builds frames under one mapping; `left_out` holds the rows that another row of the same file stands for."""

    mapping: SourceMapping
    columns: tuple[str, ...]
    now: datetime
    left_out: Mapping[int, tuple[str, str, Outcome]] = field(default_factory=dict)
    lookalikes: frozenset[str] = frozenset()
    engine: duckdb.DuckDBPyConnection = field(default_factory=lambda: duckdb.connect(config={"threads": 1}))

    def schema(self) -> pa.Schema:
        """Return the schema of `rows`."""
        fixed = [
            ("line", pa.int64()),
            ("source_key", pa.string()),
            ("modified_at", MOMENT),
            ("raw", pa.string()),
            ("digest", DIGEST),
        ]
        return pa.schema(fixed + [(name, pa.string()) for name in self.mapping.attributes])

    def frame(self, block: RawBlock) -> IntakeBatchFrame:
        """Return one block's frame."""
        work = _Work(block)
        if not block.is_checked:
            self._check_text(work)
        keys = self._keys(work)
        moments = self._moments(work)
        for index in np.flatnonzero(np.isin(block.rows, np.fromiter(self.left_out, np.int64, len(self.left_out)))):
            code, reason, outcome = self.left_out[int(block.rows[index])]
            work.drop(int(index), "|".join(self.mapping.key.columns), code, reason, outcome)
        self._remark_lookalikes(work, keys)
        return self._assemble(work, keys, moments)

    def keys(self, block: RawBlock) -> tuple[pa.StringArray, Bools]:
        """Return each table row's source key and whether it can be used."""
        work = _Work(block)
        keys = self._keys(work)
        return keys, work.good

    def _check_text(self, work: "_Work") -> None:
        for name in work.block.table.column_names:
            column = work.column(name)
            sizes = pc.max(pc.binary_length(column)).as_py() or 0
            if sizes > FIELD_BYTES_CAP:
                words = f"the value is longer than {FIELD_BYTES_CAP:,} bytes"
                work.drop_where(pc.greater(pc.binary_length(column), FIELD_BYTES_CAP), name, "field_too_long", words)
            work.drop_where(pc.match_substring(column, "\x00"), name, "nul_byte", "the value holds a NUL byte")
            odd = pc.match_substring_regex(column, f"[{NONCHARACTERS}]")
            words = "the value holds a code point that Unicode keeps free of characters"
            work.drop_where(odd, name, "noncharacter", words)

    def _keys(self, work: "_Work") -> pa.StringArray:
        rule = self.mapping.key
        named = "|".join(rule.columns)
        parts = [empty_as_null(apply_transforms(work.column(name), rule.transforms)) for name in rule.columns]
        # A key of several columns needs all of them: a missing part would make two keys look like one.
        keys = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, rule.join)
        blank = pc.equal(pc.utf8_trim_whitespace(keys), "")
        work.drop_where(pc.or_(pc.is_null(keys), pc.fill_null(blank, True)), named, "missing_key", "the row has no key")
        mangled = pc.or_(pc.match_substring_regex(keys, MANGLED_NUMBER), pc.match_substring_regex(keys, ERROR_WORD))
        words = "a spreadsheet has turned the key into something else; export it again as text"
        work.drop_where(mangled, named, "mangled_key", words)
        too_long = pc.greater(pc.utf8_length(keys), KEY_CHARACTERS_CAP)
        work.drop_where(too_long, named, "key_too_long", f"the key has more than {KEY_CHARACTERS_CAP} characters")
        if rule.pattern is not None:
            fits = pc.match_substring_regex(keys, f"^(?:{rule.pattern})$")
            work.drop_where(pc.invert(fits), named, "unexpected_key", f"the key doesn't have the shape {rule.pattern}")
        return keys

    def _moments(self, work: "_Work") -> pa.Array:
        rule = self.mapping.modified_at
        if rule is None:
            return pa.nulls(len(work.good), MOMENT)
        texts, named = _modified_texts(work, rule), "|".join(rule.columns)
        read = read_moments(texts, pattern=rule.format, zone=rule.zone)
        advice = f"in the format {rule.format}" if rule.format else "in ISO 8601; declare its format in the mapping"
        work.drop_mask(
            read.unparsable & ~read.out_of_range, named, "bad_date", f"the moment of change is no real date {advice}"
        )
        words = f"the year lies outside {FIRST_YEAR} to {LAST_YEAR}"
        work.drop_mask(read.out_of_range, named, "date_out_of_range", words)
        words = "the zone's clock shows this local time twice or not at all; read with the offset before the change"
        work.remark_mask(read.ambiguous, named, "ambiguous_time", words)
        now = int(self.now.timestamp() * 1_000_000)
        late = read.micros > now + FUTURE_TOLERANCE_MICROSECONDS
        work.remark_mask(
            late & ~read.empty, named, "future_date", "the moment of change lies in the future; taken as now"
        )
        micros = np.where(late, now, read.micros)
        return pa.array(micros, type=pa.int64(), mask=read.empty | read.unparsable).cast(MOMENT)

    def _remark_lookalikes(self, work: "_Work", keys: pa.StringArray) -> None:
        if not self.lookalikes:
            return
        found = pc.is_in(keys, pa.array(sorted(self.lookalikes), pa.string()))
        words = "another key of this file differs from it only by case, spaces or leading zeros; they stay two records"
        work.remark_mask(_as_bools(found), "|".join(self.mapping.key.columns), "lookalike_key", words)

    def _assemble(self, work: "_Work", keys: pa.StringArray, moments: pa.Array) -> IntakeBatchFrame:
        raw, digest = self._raw(work)
        keep = pa.array(work.good)
        columns: list[pa.Array] = [pa.array(work.block.lines), keys, moments, raw, digest]
        columns += [self._attribute(work, rule) for rule in self.mapping.columns.values()]
        rows = pa.Table.from_arrays(columns, schema=self.schema())
        faults = work.faults(raw)
        return IntakeBatchFrame(
            rows.filter(keep) if not work.good.all() else rows, faults, work.block.first_row, work.block.next_row
        )

    def _raw(self, work: "_Work") -> tuple[pa.Array, pa.Array]:
        """Return the raw rows as JSON objects with sorted names, so that reordered columns change nothing."""
        if work.block.raw is not None:
            frame = pa.table({"raw": work.block.raw, "content": work.block.content})
            query = "SELECT raw, unhex(md5(content)) AS digest FROM frame"
        else:
            # Numbered columns: DuckDB takes "Name" and "name" for one, a file doesn't.
            names = sorted(name for name in work.block.table.column_names if name not in self.mapping.ignore)
            frame = work.block.table.select(names).rename_columns([f"c{number}" for number in range(len(names))])
            fields = ", ".join(f"{_literal(name)}, c{number}" for number, name in enumerate(names))
            made_raw = f"SELECT CAST(json_object({fields}) AS VARCHAR) AS raw FROM frame"  # noqa: S608 - names are quoted
            query = f"SELECT raw, unhex(md5(raw)) AS digest FROM ({made_raw})"  # noqa: S608 - made above
        self.engine.register("frame", frame)
        made = self.engine.sql(query).to_arrow_table()
        self.engine.unregister("frame")
        return _one(made["raw"]).cast(pa.string()), _one(made["digest"]).cast(DIGEST)

    def _attribute(self, work: "_Work", rule: ColumnRule) -> pa.StringArray:
        size = len(work.good)
        if rule.constant is not None:
            return pa.array([rule.constant], pa.string()).take(pa.array(np.zeros(size, np.int64)))
        present = [name for name in rule.columns if name in self.columns]
        if not present:
            return pa.nulls(size, pa.string())
        parts = [_without_mangled(work, name) for name in present]
        if len(parts) == 1:
            value = parts[0]
        elif rule.take_first:
            value = pc.coalesce(*[_blank_as_null(part) for part in parts])
        else:
            trimmed = [_blank_as_null(pc.utf8_trim_whitespace(part)) for part in parts]
            value = _joined(trimmed, rule.join)
        return apply_transforms(value, rule.transforms)


def _modified_texts(work: "_Work", rule: ModifiedRule) -> pa.StringArray:
    parts = [work.column(name) for name in rule.columns]
    return _joined(parts, rule.join)


def _joined(parts: list[pa.StringArray], separator: str) -> pa.StringArray:
    """Return the parts that aren't null, joined; null where all are.

    Not Arrow's `null_handling="skip"`: release 26 leaves rows out whose parts are all null, and shifts the others.
    """
    value = parts[0]
    for part in parts[1:]:
        both = pc.binary_join_element_wise(value, part, separator)
        value = pc.coalesce(both, value, part)
    return value


def _without_mangled(work: "_Work", name: str) -> pa.StringArray:
    """Return the column without what a spreadsheet has mangled; each loss is remarked on, once per column."""
    values = work.column(name)
    mangled = pc.fill_null(
        pc.or_(pc.match_substring_regex(values, MANGLED_NUMBER), pc.match_substring_regex(values, ERROR_WORD)), False
    )
    mask = _as_bools(mangled)
    if not mask.any():
        return values
    words = "a spreadsheet has mangled the value; it is left out"
    work.remark_mask(mask, name, "mangled_value", words)
    return pc.if_else(mangled, pa.scalar(None, pa.string()), values)


def _blank_as_null(values: pa.StringArray) -> pa.StringArray:
    return pc.if_else(pc.equal(pc.utf8_trim_whitespace(values), ""), pa.scalar(None, pa.string()), values)


def _as_bools(values: pa.Array) -> Bools:
    return np.asarray(pc.fill_null(values, fill_value=False).to_numpy(zero_copy_only=False), dtype=bool)


def _one(values: pa.ChunkedArray) -> pa.Array:
    return values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)


def _literal(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


class _Work:
    """One block on its way: which rows are still good, and what is to be said about the others."""

    def __init__(self, block: RawBlock) -> None:
        self.block = block
        self.good: Bools = np.ones(len(block.rows), dtype=bool)
        self.said: list[tuple[int, str, str, str, Outcome]] = []
        self.remarked: set[tuple[str, str]] = set()

    def column(self, name: str) -> pa.StringArray:
        return _one(self.block.table[name])

    def drop(self, index: int, column: str, code: str, reason: str, outcome: Outcome = Outcome.QUARANTINED) -> None:
        if self.good[index]:
            self.good[index] = False
            self.said.append((index, column, code, reason, outcome))

    def drop_mask(self, mask: Bools, column: str, code: str, reason: str) -> None:
        for index in np.flatnonzero(mask & self.good).tolist():
            self.drop(index, column, code, reason)

    def drop_where(self, mask: pa.Array, column: str, code: str, reason: str) -> None:
        self.drop_mask(_as_bools(mask), column, code, reason)

    def remark_mask(self, mask: Bools, column: str, code: str, reason: str) -> None:
        # A column that feeds two attributes is remarked on once.
        if (column, code) in self.remarked or not mask.any():
            return
        self.remarked.add((column, code))
        self.said += [(index, column, code, reason, Outcome.KEPT) for index in np.flatnonzero(mask).tolist()]

    def faults(self, raw: pa.Array) -> list[RowFault]:
        made = [
            (
                int(self.block.rows[index]),
                RowFault(int(self.block.lines[index]), column, code, reason, excerpt(raw[index].as_py()), outcome),
            )
            for index, column, code, reason, outcome in self.said
            if outcome is not Outcome.KEPT or self.good[index]
        ]
        return [fault for _, fault in sorted(self.block.faults + made, key=lambda pair: pair[0])]
