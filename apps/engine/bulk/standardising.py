"""Given frame to standard frame: each distinct raw value (with its context) is standardised once, by several processes.

An attribute's distinct inputs are cut into batches for a crew; only the attributes that others need as context are
done one after the other.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from apps.engine.bulk.crew import BATCH, Advance, Crew
from apps.engine.bulk.frames import ABSENT, Codes, Encoded, Ints, column_of, combine, encode, values_at
from apps.engine.bulk.keys import keys_column
from apps.engine.records import SOURCE_PART
from apps.engine.rules import Attribute, RuleSet, RuleSetError
from apps.engine.standardise import STANDARDISERS
from apps.engine.standardise.batches import Packed, standardise_batch

Progress = Callable[[str, int, int], None]
STANDARDISING_SHARE = 0.75
"""Of the time, as measured; the match keys take the rest."""


def standardise(given: pa.Table, rules: RuleSet, progress: Progress | None = None, *, workers: int = 1) -> pa.Table:
    """Return the standard frame of a given frame, in its order: record, source, source_key, parts, keys.

    A part's column is there only where the given frame has the attribute or what it falls back to. `workers` bounds the
    processes, this one among them, that share a large frame; the result doesn't depend on it. `progress` is called in
    this thread, with rows, as parts of the work finish; that all are done is the caller's to say. Raises RuleSetError
    where the rule set names a kind of attribute that has no standardiser, and WorkerLostError where a worker dies.
    """
    present = in_order_of_context([attribute for attribute in rules.attributes if attribute.name in given.column_names])
    needed = set[str]().union(*(_needs(attribute) for attribute in present))
    waves = [[attribute] for attribute in present if attribute.name in needed]
    waves.append([attribute for attribute in present if attribute.name not in needed])

    def advance(done: int, total: int) -> None:
        if progress is not None:
            progress("standardise", int(given.num_rows * STANDARDISING_SHARE * done / total), given.num_rows)

    columns: dict[str, Encoded] = {}
    with Crew(workers) as crew:
        for wave in waves:
            columns |= _standardise_wave(given, wave, columns, crew, advance if wave is waves[-1] else None)
        for part, others in rules.fallbacks.items():
            _fall_back(columns, part, others)
        arrays: dict[str, pa.Array | pa.ChunkedArray] = {"record": given.column("record").cast(pa.int64())}
        arrays |= {name: given.column(name) for name in ("source", "source_key") if name in given.column_names}
        for attribute in rules.attributes:
            for name in _part_names(attribute):
                if name in columns:
                    arrays[name] = _decode(columns[name])
        if "source" in given.column_names:
            arrays[SOURCE_PART] = given.column("source")
        arrays["keys"] = keys_column(columns, rules, given.num_rows, crew)
    return pa.table(arrays)


def in_order_of_context(attributes: Sequence[Attribute]) -> list[Attribute]:
    """Return the attributes such that each one comes after those whose parts it needs as context."""
    waiting, ordered = list(attributes), []
    while waiting:
        names = {attribute.name for attribute in waiting}
        ready = [a for a in waiting if not _needs(a) & (names - {a.name})]
        if not ready:
            raise RuleSetError("attributes", f"need each other as context: {', '.join(sorted(names))}.")
        ordered += ready
        waiting = [attribute for attribute in waiting if attribute not in ready]
    return ordered


def _needs(attribute: Attribute) -> set[str]:
    if attribute.kind not in STANDARDISERS:
        known = ", ".join(sorted(STANDARDISERS))
        raise RuleSetError(f"attributes.{attribute.name}", f"kind {attribute.kind!r} is none of {known}.")
    return {part.partition(".")[0] for part in STANDARDISERS[attribute.kind].context}


def _part_names(attribute: Attribute) -> list[str]:
    return [f"{attribute.name}.{suffix}" for suffix in STANDARDISERS[attribute.kind].parts]


@dataclass(frozen=True)
class _Inputs:
    """The distinct inputs of an attribute: raw values, a column for each context part, and each row's input."""

    attribute: Attribute
    raws: list[str | None]
    contexts: list[list[str | None] | None]
    codes: Codes

    def batches(self) -> Iterator[tuple[object, ...]]:
        """Yield the arguments of `standardise_batch` for one batch after the other."""
        for at in range(0, len(self.raws), BATCH):
            cut = slice(at, at + BATCH)
            contexts = [None if column is None else column[cut] for column in self.contexts]
            yield self.attribute.kind, self.attribute.option, self.raws[cut], contexts


def _standardise_wave(
    given: pa.Table, attributes: Sequence[Attribute], done: dict[str, Encoded], crew: Crew, advance: Advance | None
) -> dict[str, Encoded]:
    """Return the parts of attributes whose context is done."""
    inputs = [_distinct_inputs(given, attribute, done) for attribute in attributes]
    batches = [list(some.batches()) for some in inputs]
    values = sum(len(some.raws) for some in inputs)
    found = iter(crew.run(standardise_batch, [batch for some in batches for batch in some], values, advance))
    columns: dict[str, Encoded] = {}
    for some, cut in zip(inputs, batches, strict=True):
        packed = [next(found) for _ in cut]
        for name, column in zip(_part_names(some.attribute), zip(*packed, strict=True), strict=bool(packed)):
            columns[name] = _spread(_unpack(column), some.codes)
    return columns


def _distinct_inputs(given: pa.Table, attribute: Attribute, done: dict[str, Encoded]) -> _Inputs:
    raw = column_of(given, attribute.name)
    context = [done.get(name) for name in STANDARDISERS[attribute.kind].context]
    rows, inverse = _distinct(raw, context)
    codes = np.full(given.num_rows, ABSENT, dtype=np.int32)
    codes[raw.codes != ABSENT] = inverse
    known = [None if column is None else values_at(column, rows) for column in context]
    return _Inputs(attribute, values_at(raw, rows), known, codes)


def _unpack(batches: Sequence[Packed]) -> Encoded:
    """Return packed texts as one encoded column; an empty text is absent."""
    arrays = [
        pa.StringArray.from_buffers(len(offsets) // 4 - 1, pa.py_buffer(offsets), pa.py_buffer(texts))
        for offsets, texts in batches
    ]
    found = encode(pa.chunked_array(arrays, pa.string()))
    if "" not in found.values:
        return found
    empty = found.values.index("")
    codes = np.where(found.codes == empty, ABSENT, found.codes - (found.codes > empty)).astype(np.int32)
    return Encoded(codes, found.values[:empty] + found.values[empty + 1 :])


def _spread(encoded: Encoded, inputs: Codes) -> Encoded:
    """Return the column of rows whose inputs have the encoded outputs; `inputs` is `ABSENT` where none was given."""
    return Encoded(np.append(encoded.codes, np.int32(ABSENT))[inputs], encoded.values)


def _distinct(raw: Encoded, context: Sequence[Encoded | None]) -> tuple[Ints, Codes]:
    """Return the first row of each distinct input, and for each row with a value which of them it has."""
    used = np.flatnonzero(raw.codes != ABSENT)
    combined = raw.codes[used].astype(np.int64)
    for column in context:
        if column is not None:
            _, combined = np.unique(combined, return_inverse=True)
            combined = combine(combined, column.codes[used], len(column.values))
    _, first, inverse = np.unique(combined, return_index=True, return_inverse=True)
    return used[first], inverse.astype(np.int32)


def _fall_back(columns: dict[str, Encoded], part: str, others: Sequence[str]) -> None:
    """Fill a part's rows without a value from the first other part that has one there; in place."""
    for other in others:
        if other not in columns:
            continue
        filling, filled = columns[other], columns.get(part)
        if filled is None:
            columns[part] = filling
            continue
        code_of = {value: code for code, value in enumerate(filled.values)}
        mapped = [code_of.setdefault(value, len(code_of)) for value in filling.values]
        codes = np.array([*mapped, ABSENT], dtype=np.int32)[filling.codes]
        columns[part] = Encoded(np.where(filled.codes == ABSENT, codes, filled.codes), list(code_of))


def _decode(encoded: Encoded) -> pa.Array:
    indices = pa.array(encoded.codes, mask=encoded.codes == ABSENT)
    dictionary = pa.array(encoded.values, type=pa.string())
    return pa.DictionaryArray.from_arrays(indices, dictionary).dictionary_decode()
