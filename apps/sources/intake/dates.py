"""Moments of change, from text to microseconds since 1970 in UTC, without ever guessing an order of day and month."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

FIRST_YEAR, LAST_YEAR = 1900, 2100
MICROSECONDS = 1_000_000
ISO_PATTERN = (
    r"^\s*(?P<Y>\d{4,5})-(?P<m>\d{2})-(?P<d>\d{2})"
    r"(?:[T ]+(?P<H>\d{2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?"
    r"\s*(?P<z>Z|UTC|[+-]\d{2}:?(?:\d{2})?)?)?\s*$"
)
COMPACT_PATTERN = (
    r"^\s*(?P<Y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:[T ]?(?P<H>\d{2}):?(?P<M>\d{2}):?(?P<S>\d{2})(?P<z>Z)?)?\s*$"
)
ODATA_PATTERN = r"^\s*/Date\((?P<e>-?\d{1,15})(?:[+-]\d{4})?\)/\s*$"
FIELDS = {
    "Y": r"(?P<Y>\d{4})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{2})",
    "S": r"(?P<S>\d{2})",
    "f": r"(?P<f>\d{1,9})",
    "p": r"(?P<p>[AaPp][Mm])",
    "z": r"(?P<z>Z|UTC|[+-]\d{2}:?(?:\d{2})?)",
    "b": r"(?P<b>[A-Za-z]{3})",
    "%": "%",
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
EPOCHS = {"epoch_seconds": MICROSECONDS, "epoch_milliseconds": 1_000}


class DateFormatError(ValueError):
    """A format holds a letter that intake doesn't read, or doesn't fix a day."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Microseconds since 1970 in UTC, with four masks: nothing given, no moment, year out of range, read two ways."""

    micros: npt.NDArray[np.int64]
    empty: npt.NDArray[np.bool_]
    unparsable: npt.NDArray[np.bool_]
    out_of_range: npt.NDArray[np.bool_]
    ambiguous: npt.NDArray[np.bool_]


@lru_cache(maxsize=64)
def compile_format(text: str) -> str:
    """Return the RE2 pattern of a strftime-like format (%Y %m %d %H %I %M %S %f %p %z %b), or `epoch_…` itself."""
    if text in EPOCHS:
        return text
    pattern, seen, position = "", set(), 0
    while position < len(text):
        char = text[position]
        if char != "%":
            pattern += re.escape(char)
            position += 1
            continue
        letter = text[position + 1 : position + 2]
        if letter == "y":
            raise DateFormatError("%y is ambiguous: two digits don't name a year; export four")
        if letter not in FIELDS or letter in seen:
            raise DateFormatError(
                f"%{letter} can't be read here; known are {' '.join('%' + known for known in FIELDS)}"
            )
        seen.add(letter)
        pattern += FIELDS[letter]
        position += 2
    if not {"Y", "d"} <= seen or not {"m", "b"} & seen:
        raise DateFormatError("the format must hold a year, a month and a day")
    if "I" in seen and "p" not in seen:
        raise DateFormatError("%I needs %p, or use %H")
    return rf"^\s*{pattern}\s*$"


def read_moments(texts: pa.StringArray, *, pattern: str | None, zone: str) -> Moments:
    """Return each text's moment; `pattern` is a format or None for ISO 8601, YYYYMMDD[HHMMSS] and /Date(…)/.

    A leap second is the first moment of the next minute. A local time that a zone's clock skips or shows twice is read
    with the offset before the change and marked as ambiguous.
    """
    size = len(texts)
    trimmed = pc.utf8_trim_whitespace(texts)
    empty = _bools(pc.fill_null(pc.equal(trimmed, ""), fill_value=True))
    micros = np.zeros(size, dtype=np.int64)
    state = _State(micros, np.zeros(size, bool), np.zeros(size, bool), np.zeros(size, bool), np.zeros(size, bool))
    if pattern in EPOCHS:
        _read_epoch(trimmed, EPOCHS[pattern or ""], state)
    elif pattern is not None:
        _read_fields(trimmed, compile_format(pattern), state)
    else:
        for known in (ISO_PATTERN, COMPACT_PATTERN):
            if not np.all(state.read | empty):
                _read_fields(trimmed, known, state)
        if not np.all(state.read | empty):
            _read_odata(trimmed, state)
    _to_utc(state, zone)
    unparsable = ~empty & ~state.read
    return Moments(np.where(state.read, micros, 0), empty, unparsable, state.out_of_range & ~empty, state.ambiguous)


@dataclass(slots=True)
class _State:
    micros: npt.NDArray[np.int64]
    read: npt.NDArray[np.bool_]
    local: npt.NDArray[np.bool_]
    out_of_range: npt.NDArray[np.bool_]
    ambiguous: npt.NDArray[np.bool_]


def _bools(values: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=bool)


def _field(fields: dict[str, pa.Array], name: str, default: int, size: int) -> npt.NDArray[np.int64]:
    if name not in fields:
        return np.full(size, default, dtype=np.int64)
    column = fields[name]
    text = pc.if_else(pc.equal(column, ""), str(default), column)
    return np.asarray(pc.fill_null(pc.cast(text, pa.int64()), default).to_numpy(zero_copy_only=False))


def _days_in_month(year: npt.NDArray[np.int64], month: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    lengths = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return np.where((month == 2) & leap, 29, lengths[np.clip(month, 1, 12) - 1])


def _read_fields(texts: pa.StringArray, pattern: str, state: _State) -> None:
    found = pc.extract_regex(texts, pattern)
    matched = _bools(found.is_valid()) & ~state.read
    if not matched.any():
        return
    where = np.flatnonzero(matched)
    found = found.take(pa.array(where))
    size = len(where)
    fields = {found.type.field(i).name: found.field(i) for i in range(found.type.num_fields)}
    year, day = _field(fields, "Y", 0, size), _field(fields, "d", 0, size)
    month = _month(fields, size)
    hour, twelve_ok = _hour(fields, size)
    minute, second = _field(fields, "M", 0, size), _field(fields, "S", 0, size)
    in_range = (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    real = (month >= 1) & (month <= 12) & (day >= 1) & (day <= _days_in_month(year, month)) & twelve_ok
    real &= (hour <= 23) & (minute <= 59) & (second <= 60) & (year > 0)
    good = real & in_range
    months = (np.where(good, year, 1970) - 1970) * 12 + np.where(good, month, 1) - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + np.where(good, day, 1) - 1
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    offset, has_zone = _offset_seconds(fields, size)
    state.micros[where] = (seconds - offset) * MICROSECONDS + _fraction(fields, size)
    state.read[where] = good
    state.out_of_range[where] = real & ~in_range
    state.local[where] = good & ~has_zone


def _month(fields: dict[str, pa.Array], size: int) -> npt.NDArray[np.int64]:
    if "b" not in fields:
        return _field(fields, "m", 0, size)
    position = pc.index_in(pc.utf8_lower(fields["b"]), pa.array(MONTHS))
    return np.asarray(pc.fill_null(position, -1).to_numpy(zero_copy_only=False), dtype=np.int64) + 1


def _hour(fields: dict[str, pa.Array], size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    if "I" not in fields:
        return _field(fields, "H", 0, size), np.ones(size, bool)
    twelve = _field(fields, "I", 0, size)
    afternoon = _bools(pc.equal(pc.utf8_lower(fields["p"]), "pm"))
    return twelve % 12 + 12 * afternoon, (twelve >= 1) & (twelve <= 12)


def _fraction(fields: dict[str, pa.Array], size: int) -> npt.NDArray[np.int64]:
    if "f" not in fields:
        return np.zeros(size, dtype=np.int64)
    text = pc.utf8_slice_codeunits(pc.utf8_rpad(pc.fill_null(fields["f"], ""), 6, "0"), 0, 6)
    return np.asarray(pc.cast(text, pa.int64()).to_numpy(zero_copy_only=False))


def _offset_seconds(fields: dict[str, pa.Array], size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    if "z" not in fields:
        return np.zeros(size, dtype=np.int64), np.zeros(size, bool)
    text = pc.fill_null(fields["z"], "")
    has_zone = _bools(pc.not_equal(text, ""))
    digits = pc.utf8_rpad(pc.replace_substring_regex(text, r"[^0-9]", ""), 4, "0")
    number = np.asarray(pc.cast(digits, pa.int64()).to_numpy(zero_copy_only=False))
    sign = np.where(_bools(pc.starts_with(text, "-")), -1, 1)
    return sign * (number // 100 * 3600 + number % 100 * 60), has_zone


def _read_epoch(texts: pa.StringArray, scale: int, state: _State) -> None:
    number = pc.extract_regex(texts, r"^(?P<e>-?\d{1,15})(?:\.0*)?$")
    _set_epoch(number, scale, state)


def _read_odata(texts: pa.StringArray, state: _State) -> None:
    _set_epoch(pc.extract_regex(texts, ODATA_PATTERN), EPOCHS["epoch_milliseconds"], state)


def _set_epoch(found: pa.StructArray, scale: int, state: _State) -> None:
    matched = _bools(found.is_valid()) & ~state.read & ~state.out_of_range
    if not matched.any():
        return
    where = np.flatnonzero(matched)
    value = np.asarray(pc.cast(found.field(0).take(pa.array(where)), pa.int64()).to_numpy(zero_copy_only=False))
    first, last = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (FIRST_YEAR, LAST_YEAR + 1))
    unit = MICROSECONDS // scale
    in_range = (value >= first * unit) & (value < last * unit)
    state.micros[where] = np.where(in_range, value, 0) * scale
    state.read[where] = in_range
    state.out_of_range[where] = ~in_range


def _to_utc(state: _State, zone: str) -> None:
    if zone == "UTC" or not state.local.any():
        return
    info = ZoneInfo(zone)
    where = np.flatnonzero(state.local)
    for index in where.tolist():
        seconds, rest = divmod(int(state.micros[index]), MICROSECONDS)
        local = datetime.fromtimestamp(seconds, tz=UTC).replace(tzinfo=info)
        before, after = local.utcoffset(), local.replace(fold=1).utcoffset()
        shift = int(before.total_seconds()) if before is not None else 0
        state.micros[index] = (seconds - shift) * MICROSECONDS + rest
        state.ambiguous[index] = before != after
