"""The transforms a mapping may name, each one Arrow kernel over a whole column.

A transform takes a string array and returns one of the same length. It never raises on a value: what it can't use
becomes null or stays as it was, as its sentence says.
"""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

Transform = Callable[[pa.StringArray], pa.StringArray]


def _trim(values: pa.StringArray) -> pa.StringArray:
    """Drop white space at both ends."""
    return pc.utf8_trim_whitespace(values)


def _squeeze(values: pa.StringArray) -> pa.StringArray:
    """Turn each run of white space, line ends included, into one space."""
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(values, r"[\s\p{Z}]+", " "))


def _first_line(values: pa.StringArray) -> pa.StringArray:
    """Keep what stands before the first line end."""
    return pc.replace_substring_regex(values, r"(?s)[\r\n].*$", "")


def _one_line(values: pa.StringArray) -> pa.StringArray:
    """Join the lines of a value with a comma and a space."""
    return pc.replace_substring_regex(pc.utf8_trim_whitespace(values), r"\s*[\r\n]+\s*", ", ")


def _digits(values: pa.StringArray) -> pa.StringArray:
    """Keep the ASCII digits."""
    return pc.replace_substring_regex(values, r"[^0-9]+", "")


def _no_leading_zeros(values: pa.StringArray) -> pa.StringArray:
    """Drop leading zeros, but keep a lone 0."""
    return pc.replace_substring_regex(values, r"^0+([0-9])", r"\1")


PLAIN: dict[str, Transform] = {
    "trim": _trim,
    "squeeze": _squeeze,
    "upper": pc.utf8_upper,
    "lower": pc.utf8_lower,
    "first_line": _first_line,
    "one_line": _one_line,
    "digits": _digits,
    "no_leading_zeros": _no_leading_zeros,
}


def _strip_prefix(argument: str) -> Transform:
    width = len(argument)

    def strip(values: pa.StringArray) -> pa.StringArray:
        return pc.if_else(pc.starts_with(values, argument), pc.utf8_slice_codeunits(values, width), values)

    return strip


def _strip_suffix(argument: str) -> Transform:
    width = len(argument)

    def strip(values: pa.StringArray) -> pa.StringArray:
        cut = pc.utf8_slice_codeunits(values, 0, -width)
        return pc.if_else(pc.ends_with(values, argument), cut, values)

    return strip


def _pad_left(argument: str) -> Transform:
    width_text, _, filler = argument.partition(":")
    width = int(width_text)
    if not 1 <= width <= 100:
        raise ValueError("the width is a number from 1 to 100")
    filler = filler or "0"
    if len(filler) != 1:
        raise ValueError("the filler is one character")

    def pad(values: pa.StringArray) -> pa.StringArray:
        # An empty value stays empty: padding must not invent a number.
        return pc.if_else(pc.equal(values, ""), values, pc.utf8_lpad(values, width, filler))

    return pad


def _mapped(argument: str) -> Transform:
    pairs = [pair.partition("=") for pair in argument.split(";")]
    if any(not equals for _, equals, _ in pairs):
        raise ValueError("write it as map:FROM=TO;FROM=TO, with *=TO for every other value")
    table = {given.strip(): meant.strip() for given, _, meant in pairs}
    fallback = table.pop("*", None)
    given = pa.array(table, type=pa.string())
    meant = pa.array([text or None for text in table.values()], type=pa.string())

    def translate(values: pa.StringArray) -> pa.StringArray:
        position = pc.index_in(values, given)
        other = (
            values
            if fallback is None
            else pc.if_else(pc.is_null(values), values, pa.scalar(fallback or None, pa.string()))
        )
        return pc.if_else(pc.is_null(position), other, meant.take(position))

    return translate


WITH_ARGUMENT: dict[str, Callable[[str], Transform]] = {
    "strip_prefix": _strip_prefix,
    "strip_suffix": _strip_suffix,
    "pad_left": _pad_left,
    "map": _mapped,
}


def transform_named(spelling: str) -> Transform:
    """Return the transform a mapping spells as `name` or `name:argument`; ValueError names what is known."""
    name, colon, argument = spelling.partition(":")
    if not colon and name in PLAIN:
        return PLAIN[name]
    if colon and argument and name in WITH_ARGUMENT:
        return WITH_ARGUMENT[name](argument)
    known = sorted(PLAIN) + sorted(f"{known}:…" for known in WITH_ARGUMENT)
    raise ValueError(f"there is no transform {spelling!r}; known are {', '.join(known)}")


def apply_transforms(values: pa.StringArray, spellings: tuple[str, ...]) -> pa.StringArray:
    """Return the column after each transform in turn, with empty text as null."""
    for spelling in spellings:
        values = transform_named(spelling)(values)
    return empty_as_null(values)


def empty_as_null(values: pa.StringArray) -> pa.StringArray:
    """Return the column with "" as null, the given frame's contract."""
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
