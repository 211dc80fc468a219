"""JSON lines: one object a line, numbers kept as they are spelled, nested fields named with dots (`address.city`)."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa

from apps.sources.intake.blocks import FIELD_BYTES_CAP, NONCHARACTERS, RawBlock
from apps.sources.intake.content import utf8_chunks
from apps.sources.intake.csv_reader import cell_complaint, may_hold_noncharacter
from apps.sources.intake.errors import FileRefused, RowFault, excerpt
from apps.sources.intake.header import COLUMNS_CAP, missing_words
from apps.sources.intake.mapping import SourceMapping

BLOCK_ROWS = 10_000
LINE_BYTES_CAP = 16 << 20
SAMPLE_LINES = 1_000
NESTING_CAP = 20
NONCHARACTER = re.compile(f"[{NONCHARACTERS}]")
UNDECODABLE = ("undecodable", "the line isn't text in the file's encoding")

Line = tuple[int, bytes]
Parsed = tuple[dict[str, Any], str, str]


class _UnusableLineError(ValueError):
    """A line that can't become a row: its code and its sentence."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _UnusableLineError("bad_json", "an object names one field twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise _UnusableLineError("bad_json", f"{name} is no JSON number")


# Made once: json.loads and json.dumps would make one for every line.
DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_int=str, parse_float=str, parse_constant=_no_constant)
ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False)


@dataclass(frozen=True, slots=True)
class JsonLinesFile:
    """An opened JSON lines file; its columns are those of the first lines and those that the mapping uses."""

    path: Path
    encoding: str
    columns: tuple[str, ...]
    used: tuple[str, ...]
    ignored: tuple[str, ...]

    def blocks(self, only: Sequence[str] | None = None) -> Iterator[RawBlock]:
        """Yield the records in blocks; `only` leaves out the other columns, and looks less closely at their values."""
        names = tuple(only or self.used)
        held: list[Line] = []
        first = 0
        for line in _lines(self.path, self.encoding):
            held.append(line)
            if len(held) == BLOCK_ROWS:
                yield self._block(held, first, names, is_whole=only is None)
                first += len(held)
                held = []
        if held:
            yield self._block(held, first, names, is_whole=only is None)

    def _block(self, held: list[Line], first: int, names: tuple[str, ...], *, is_whole: bool) -> RawBlock:
        objects: list[dict[str, Any]] = []
        rows, lines, raw, content = [], [], [], []
        faults: list[tuple[int, RowFault]] = []
        for row, (line, text) in enumerate(held, start=first):
            try:
                parsed = _parse(text, self.ignored) if is_whole else (_load(text)[1], "{}", "{}")
            except _UnusableLineError as fault:
                faults.append((row, RowFault(line, None, fault.code, fault.reason, excerpt(text))))
                continue
            rows.append(row)
            lines.append(line)
            raw.append(parsed[1])
            content.append(parsed[2])
            objects.append(parsed[0])
        table = pa.table({name: _column(objects, name) for name in names})
        return RawBlock(
            first,
            first + len(held),
            np.array(rows, np.int64),
            np.array(lines, np.int64),
            table,
            pa.array(raw, pa.string()),
            faults,
            is_checked=True,
            content=pa.array(content, pa.string()),
        )


def open_jsonl(path: Path, encoding: str, mapping: SourceMapping) -> JsonLinesFile:
    """Return the file; FileRefused where none of its first lines is an object or none has the key."""
    names: dict[str, None] = {}
    objects = lines = 0
    first_fault: _UnusableLineError | None = None
    for _, text in _lines(path, encoding):
        lines += 1
        try:
            found, _, _ = _parse(text, ())
        except _UnusableLineError as fault:
            first_fault = first_fault or fault
        else:
            objects += 1
            names.update(dict.fromkeys(_names(found)))
        if lines == SAMPLE_LINES or len(names) > COLUMNS_CAP:
            break
    if len(names) > COLUMNS_CAP:
        raise FileRefused("too_many_columns", f"the file has more than {COLUMNS_CAP:,} different fields", path)
    if lines == 0:
        raise FileRefused("empty_file", "the file holds no rows", path)
    if objects == 0:
        reason = f"none of the first {lines} lines is a JSON object; the first: {first_fault}"
        raise FileRefused("wrong_content", reason, path)
    missing = [name for name in mapping.key.columns if name not in names]
    if missing:
        raise FileRefused("missing_key_column", missing_words("key column", missing, tuple(names)), path)
    used = mapping.used_columns()
    return JsonLinesFile(path, encoding, tuple(dict.fromkeys([*names, *used])), used, mapping.ignore)


def _lines(path: Path, encoding: str) -> Iterator[Line]:
    """Yield line number and text of each line that isn't blank; one that outgrows the cap comes out cut."""
    number, rest, is_cut = 1, b"", False
    for chunk in utf8_chunks(path, encoding):
        pieces = (rest + chunk).split(b"\n")
        rest = pieces.pop()
        for piece in pieces:
            if is_cut:
                is_cut = False
            elif piece.strip():
                yield number, piece
            number += 1
        if is_cut or len(rest) > LINE_BYTES_CAP:
            if not is_cut:
                yield number, rest
            rest, is_cut = b"", True
    if rest.strip():
        yield number, rest


def _parse(text: bytes, ignored: tuple[str, ...]) -> Parsed:
    """Return the object, its text as received, and its text with sorted names for the digest."""
    received, found = _load(text)
    kept = {name: value for name, value in found.items() if name not in ignored} if ignored else found
    content = ENCODER.encode(kept)
    _check_characters(found, content, is_long=len(text) > FIELD_BYTES_CAP)
    if len(kept) < len(found):
        whole = json.loads(received)
        received = json.dumps({name: whole[name] for name in kept}, ensure_ascii=False, separators=(",", ":"))
    return found, received, content


def _load(text: bytes) -> tuple[str, dict[str, Any]]:
    if len(text) > LINE_BYTES_CAP:
        raise _UnusableLineError("field_too_long", f"the line is longer than {LINE_BYTES_CAP >> 20} MB")
    if b"\x00" in text:
        raise _UnusableLineError("nul_byte", "the line holds a NUL byte")
    try:
        received = text.decode("utf-8").strip()
        found = DECODER.decode(received)
    except UnicodeDecodeError:
        raise _UnusableLineError(*(cell_complaint(text[:FIELD_BYTES_CAP]) or UNDECODABLE)) from None
    except RecursionError:
        raise _UnusableLineError("bad_json", "the line is nested too deep") from None
    except json.JSONDecodeError as error:
        words = f"the line isn't valid JSON: {error.msg} at character {error.pos + 1}"
        raise _UnusableLineError("bad_json", words) from None
    if not isinstance(found, dict):
        raise _UnusableLineError("bad_json", "the line isn't a JSON object")
    return received, found


def _check_characters(found: dict[str, Any], content: str, *, is_long: bool) -> None:
    try:
        encoded = content.encode("utf-8")
    except UnicodeEncodeError:
        words = "a value holds half of a surrogate pair, which is no character"
        raise _UnusableLineError("lone_surrogate", words) from None
    if may_hold_noncharacter(encoded) and NONCHARACTER.search(content):
        words = "a value holds a code point that Unicode keeps free of characters"
        raise _UnusableLineError("noncharacter", words)
    if "\\u0000" in content or is_long:
        _check_values(found)


def _check_values(value: object) -> None:
    """Raise where a text within holds NUL or outgrows the cap; nesting is bounded by the parser's own limit."""
    waiting: list[object] = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            complaint = cell_complaint(value.encode("utf-8"))
            if complaint is not None:
                raise _UnusableLineError(*complaint)


def _lookup(found: dict[str, Any], name: str) -> object:
    """Return the value of a field, or of a path with dots and list positions; None where there is none."""
    if name in found or "." not in name:
        return found.get(name)
    value: object = found
    for step in name.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and len(step) < 6:
            value = value[int(step)] if int(step) < len(value) else None
        else:
            return None
    return value


def _column(objects: list[dict[str, Any]], name: str) -> pa.StringArray:
    # A plain name needs no walk along a path; most names are plain.
    look_up = _lookup if "." in name else dict.get
    values = [look_up(found, name) for found in objects]
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return pa.array([_as_text(value) for value in values], pa.string())


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else None


def _names(value: dict[str, Any] | list[Any], prefix: str = "", depth: int = 0) -> Iterator[str]:
    """Yield the dotted names of every leaf, lists by their first ten positions."""
    members = value.items() if isinstance(value, dict) else enumerate(value[:10])
    for step, member in members:
        name = f"{prefix}{step}"
        if isinstance(member, dict | list) and member and depth < NESTING_CAP:
            yield from _names(member, f"{name}.", depth + 1)
        else:
            yield name
