"""Given frame to standard frame: each distinct raw value (with its context) is standardised once."""

from collections.abc import Callable, Sequence
from itertools import repeat

import numpy as np
import pyarrow as pa

from apps.engine.bulk.frames import ABSENT, Codes, Encoded, Ints, column_of, combine, encode, values_at
from apps.engine.bulk.keys import keys_column
from apps.engine.rules import Attribute, RuleSet, RuleSetError
from apps.engine.standardise import STANDARDISERS

Progress = Callable[[str, int, int], None]


def standardise(given: pa.Table, rules: RuleSet, progress: Progress | None = None) -> pa.Table:
    """Return the standard frame of a given frame, in its order: record, source, source_key, parts, keys.

    A part's column is there only where the given frame has the attribute. Raises RuleSetError where the rule set names
    a kind of attribute that has no standardiser.
    """
    columns: dict[str, Encoded] = {}
    present = [attribute for attribute in rules.attributes if attribute.name in given.column_names]
    for done, attribute in enumerate(in_order_of_context(present)):
        columns |= _standardise_attribute(given, attribute, columns)
        if progress is not None:
            progress("standardise", done + 1, len(present))
    arrays: dict[str, pa.Array | pa.ChunkedArray] = {"record": given.column("record").cast(pa.int64())}
    for name in ("source", "source_key"):
        if name in given.column_names:
            arrays[name] = given.column(name)
    for name, encoded in columns.items():
        arrays[name] = _decode(encoded)
    arrays["keys"] = keys_column(columns, rules, given.num_rows)
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


def _standardise_attribute(given: pa.Table, attribute: Attribute, done: dict[str, Encoded]) -> dict[str, Encoded]:
    standardiser = STANDARDISERS[attribute.kind]
    raw = column_of(given, attribute.name)
    context = [done.get(name) for name in standardiser.context]
    rows, inverse = _distinct(raw, context)
    nothing = [None] * len(rows)
    contexts = zip(*(nothing if c is None else values_at(c, rows) for c in context), strict=True)
    inputs = zip(values_at(raw, rows), contexts if context else repeat(()), strict=False)
    outputs = [standardiser.function(value or "", known, attribute.option) for value, known in inputs]
    given_rows = raw.codes != ABSENT
    encoded = {}
    for suffix, values in zip(standardiser.parts, zip(*outputs, strict=True) if outputs else (), strict=bool(outputs)):
        found = encode(pa.array([value or None for value in values], type=pa.string()))
        codes = np.full(given.num_rows, ABSENT, dtype=np.int32)
        codes[given_rows] = found.codes[inverse]
        encoded[f"{attribute.name}.{suffix}"] = Encoded(codes, found.values)
    return encoded


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


def _decode(encoded: Encoded) -> pa.Array:
    indices = pa.array(encoded.codes, mask=encoded.codes == ABSENT)
    dictionary = pa.array(encoded.values, type=pa.string())
    return pa.DictionaryArray.from_arrays(indices, dictionary).dictionary_decode()
