"""A source's mapping: which of its columns is the key, which says when a row changed, which attribute each feeds."""

import codecs
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
import pyarrow.compute as pc

from apps.sources.intake.dates import DateFormatError, compile_format
from apps.sources.intake.errors import MappingError
from apps.sources.intake.transforms import transform_named

PRESET_FOLDER = Path(__file__).resolve().parent.parent / "mappings"
RESERVED_ATTRIBUTES = frozenset({"line", "source_key", "modified_at", "raw", "digest", "record", "source"})
FORMATS = ("csv", "xlsx", "jsonl", "parquet")
MODES = ("delta", "snapshot")
TOP_KEYS = frozenset(
    {
        "preset",
        "about",
        "key",
        "modified_at",
        "mode",
        "format",
        "encoding",
        "delimiter",
        "sheet",
        "zone",
        "ignore",
        "columns",
    }
)
RULE_KEYS = frozenset({"column", "columns", "first_of", "join", "transforms", "constant", "optional"})
KEY_KEYS = frozenset({"column", "columns", "join", "transforms", "pattern"})
MODIFIED_KEYS = frozenset({"column", "columns", "join", "format", "zone"})
ATTRIBUTE_SHAPE = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """How one canonical attribute is made: columns joined or the first that has text, then the transforms in turn."""

    attribute: str
    columns: tuple[str, ...] = ()
    take_first: bool = False
    join: str = " "
    transforms: tuple[str, ...] = ("trim",)
    constant: str | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class KeyRule:
    """How a row's source key is made; without transforms two keys that differ by a space are two keys."""

    columns: tuple[str, ...]
    join: str = "|"
    transforms: tuple[str, ...] = ()
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class ModifiedRule:
    """How a row's moment of change is read: ISO 8601 without `format`; `zone` holds where the text names none."""

    columns: tuple[str, ...]
    join: str = " "
    format: str | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """A checked mapping; `name` is the file's or the preset's name."""

    name: str
    key: KeyRule
    columns: Mapping[str, ColumnRule]
    modified_at: ModifiedRule | None = None
    mode: str = "delta"
    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    ignore: tuple[str, ...] = ()
    preset: str | None = None
    document: Mapping[str, Any] = field(default_factory=dict)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The canonical attributes this mapping fills, in the file's order."""
        return tuple(self.columns)

    def required_columns(self) -> tuple[str, ...]:
        """Columns the file can't do without: key, moment of change, and every attribute that isn't optional."""
        wanted = [*self.key.columns, *(self.modified_at.columns if self.modified_at else ())]
        for rule in self.columns.values():
            if not rule.optional and not rule.take_first:
                wanted += rule.columns
        return tuple(dict.fromkeys(wanted))

    def used_columns(self) -> tuple[str, ...]:
        """Every column that the mapping names, the optional ones included, the ignored ones not."""
        wanted = [*self.key.columns, *(self.modified_at.columns if self.modified_at else ())]
        for rule in self.columns.values():
            wanted += rule.columns
        return tuple(dict.fromkeys(wanted))


def list_presets() -> list[str]:
    """Return the names of the presets that ship with the hub."""
    return sorted(path.stem for path in PRESET_FOLDER.glob("*.toml"))


def load_mapping(path_or_preset: str | Path) -> SourceMapping:
    """Return the mapping of a TOML file, or of a shipped preset by its bare name; MappingError says what to mend."""
    text = str(path_or_preset)
    if isinstance(path_or_preset, str) and text in list_presets():
        return mapping_from_document(_read_toml(PRESET_FOLDER / f"{text}.toml"), name=text)
    path = Path(path_or_preset)
    return mapping_from_document(_read_toml(path), name=path.name)


def mapping_from_document(document: Mapping[str, Any], *, name: str) -> SourceMapping:
    """Return the checked mapping of a parsed document; `name` stands for the file in errors."""
    return _Checker(name).mapping(document)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        advice = f"no such mapping file; presets are {', '.join(list_presets())}"
        raise MappingError(path.name, "", advice) from None
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(path.name, "", f"the file can't be read as UTF-8 text: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise MappingError(path.name, "", f"this is not valid TOML: {error}") from error


@dataclass(frozen=True, slots=True)
class _Checker:
    """Turns a document into a mapping, with each complaint naming the file and the key."""

    name: str

    def fail(self, key: str, advice: str) -> MappingError:
        return MappingError(self.name, key, advice)

    def mapping(self, document: Mapping[str, Any]) -> SourceMapping:
        document = self.with_preset(document)
        self.known(document, TOP_KEYS, "")
        if "key" not in document:
            raise self.fail("key", 'name the column that holds each record\'s key, for example key = "Id"')
        columns = document.get("columns")
        if not isinstance(columns, Mapping) or not columns:
            raise self.fail("columns", 'list at least one attribute under [columns], for example name = "Name"')
        rules = {attribute: self.rule(attribute, given) for attribute, given in columns.items() if given is not False}
        ignore = self.texts("ignore", document.get("ignore", []))
        mapping = SourceMapping(
            name=self.name,
            key=self.key(document["key"]),
            columns=rules,
            modified_at=self.modified(document),
            mode=self.choice(document, "mode", MODES) or "delta",
            format=self.choice(document, "format", FORMATS),
            encoding=self.encoding(document),
            delimiter=self.delimiter(document),
            sheet=self.text(document, "sheet"),
            ignore=ignore,
            preset=self.text(document, "preset"),
            document=document,
        )
        for column in mapping.ignore:
            if column in mapping.used_columns():
                raise self.fail("ignore", f"{column!r} is ignored and mapped at once; take it out of one of the two")
        return mapping

    def with_preset(self, document: Mapping[str, Any]) -> dict[str, Any]:
        name = document.get("preset")
        if name is None:
            return dict(document)
        if name not in list_presets():
            raise self.fail("preset", f"there is no preset {name!r}; known are {', '.join(list_presets())}")
        base = _read_toml(PRESET_FOLDER / f"{name}.toml")
        columns = document.get("columns", {})
        if not isinstance(columns, Mapping):
            raise self.fail("columns", "this is a table: [columns]")
        return {**base, **document, "columns": {**base["columns"], **columns}}

    def known(self, given: Mapping[str, Any], known: frozenset[str], where: str) -> None:
        for key in given:
            if key not in known:
                full = f"{where}.{key}" if where else key
                raise self.fail(full, f"there is no such setting; known here are {', '.join(sorted(known))}")

    def text(self, document: Mapping[str, Any], key: str, where: str = "") -> str | None:
        value = document.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value:
            raise self.fail(f"{where}.{key}" if where else key, "this is a text in quotes")
        return value

    def texts(self, key: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.fail(key, 'this is a list of texts, for example ["A", "B"]')
        return tuple(value)

    def choice(self, document: Mapping[str, Any], key: str, allowed: tuple[str, ...]) -> str | None:
        value = self.text(document, key)
        if value is not None and value not in allowed:
            raise self.fail(key, f"{value!r} is none of {', '.join(allowed)}")
        return value

    def encoding(self, document: Mapping[str, Any]) -> str | None:
        value = self.text(document, "encoding")
        if value is None:
            return None
        try:
            found = codecs.lookup(value)
        except LookupError:
            found = None
        if found is None or not getattr(found, "_is_text_encoding", True):
            raise self.fail(
                "encoding", f"{value!r} is no known encoding; usual are utf-8, cp1252, latin-1, utf-16, gb18030"
            )
        return found.name

    def delimiter(self, document: Mapping[str, Any]) -> str | None:
        value = self.text(document, "delimiter")
        if value is None:
            return None
        if len(value) != 1 or value in '"\r\n' or not value.isascii():
            raise self.fail(
                "delimiter", 'this is one ASCII character other than a quote or a line end, such as ";" or "\\t"'
            )
        return value

    def sources(self, given: Mapping[str, Any], where: str) -> tuple[str, ...]:
        named = [key for key in ("column", "columns", "first_of") if key in given]
        if len(named) != 1:
            raise self.fail(where, "give exactly one of column, columns, first_of or constant")
        if named == ["column"]:
            return (self.text(given, "column", where) or "",)
        columns = self.texts(f"{where}.{named[0]}", given[named[0]])
        if not columns:
            raise self.fail(f"{where}.{named[0]}", "name at least one column")
        return columns

    def transforms(self, given: Mapping[str, Any], where: str, default: tuple[str, ...]) -> tuple[str, ...]:
        if "transforms" not in given:
            return default
        spellings = self.texts(f"{where}.transforms", given["transforms"])
        for spelling in spellings:
            try:
                transform_named(spelling)
            except ValueError as error:
                raise self.fail(f"{where}.transforms", str(error)) from error
        return spellings

    def rule(self, attribute: str, given: object) -> ColumnRule:
        where = f"columns.{attribute}"
        if not ATTRIBUTE_SHAPE.fullmatch(attribute) or attribute in RESERVED_ATTRIBUTES:
            raise self.fail(
                where, "an attribute is written in lower case letters, digits and _, and is no reserved word"
            )
        if isinstance(given, str) and given:
            return ColumnRule(attribute, (given,))
        if not isinstance(given, Mapping):
            raise self.fail(where, 'write "Source Column" or { column = "…", transforms = ["…"] }')
        self.known(given, RULE_KEYS, where)
        optional = given.get("optional", False)
        if not isinstance(optional, bool):
            raise self.fail(f"{where}.optional", "this is true or false")
        if "constant" in given:
            if set(given) != {"constant"}:
                raise self.fail(where, "a constant stands alone: no column, no transforms")
            return ColumnRule(attribute, constant=self.text(given, "constant", where), transforms=())
        return ColumnRule(
            attribute,
            self.sources(given, where),
            take_first="first_of" in given,
            join=given["join"] if isinstance(given.get("join"), str) else " ",
            transforms=self.transforms(given, where, ("trim",)),
            optional=optional,
        )

    def key(self, given: object) -> KeyRule:
        if isinstance(given, str) and given:
            return KeyRule((given,))
        if not isinstance(given, Mapping):
            raise self.fail("key", 'write "Source Column" or { columns = ["…", "…"] }')
        self.known(given, KEY_KEYS, "key")
        pattern = self.text(given, "pattern", "key")
        if pattern is not None:
            try:
                pc.match_substring_regex(pa.array([""]), f"^(?:{pattern})$")
            except pa.ArrowInvalid as error:
                raise self.fail("key.pattern", f"this is no RE2 regular expression: {error}") from error
        join = self.text(given, "join", "key") or "|"
        return KeyRule(self.sources(given, "key"), join, self.transforms(given, "key", ()), pattern)

    def modified(self, document: Mapping[str, Any]) -> ModifiedRule | None:
        given = document.get("modified_at")
        zone = self.text(document, "zone") or "UTC"
        if given is None or given is False:
            return None
        if isinstance(given, str) and given:
            given = {"column": given}
        if not isinstance(given, Mapping):
            raise self.fail("modified_at", 'write "Source Column" or { column = "…", format = "…", zone = "…" }')
        self.known(given, MODIFIED_KEYS, "modified_at")
        zone = self.text(given, "zone", "modified_at") or zone
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise self.fail("modified_at.zone", f"{zone!r} is no known time zone, such as Europe/Berlin") from None
        pattern = self.text(given, "format", "modified_at")
        if pattern is not None:
            try:
                compile_format(pattern)
            except DateFormatError as error:
                raise self.fail("modified_at.format", str(error)) from error
        join = given["join"] if isinstance(given.get("join"), str) else " "
        return ModifiedRule(self.sources(given, "modified_at"), join, pattern, zone)
