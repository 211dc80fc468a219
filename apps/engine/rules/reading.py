"""Reading a rule set's entries out of a document, with errors that name the place."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from apps.engine.rules.entries import (
    PAIRS_PER_RECORD,
    Attribute,
    Caps,
    Comparison,
    Exclusive,
    Groups,
    Joint,
    KeyPart,
    MatchKey,
    RuleSetError,
    Thresholds,
    joint_labels,
)

T = TypeVar("T")


class Reader:
    """Takes typed fields out of one table of the document and remembers where that table is."""

    def __init__(self, table: object, path: str) -> None:
        """Read from `table`, which lies at `path`; raise RuleSetError where it is none."""
        if not isinstance(table, Mapping):
            raise RuleSetError(path or "document", "must be a table of named fields.")
        self._table = dict(table)
        self.path = path

    def at(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def has(self, name: str) -> bool:
        """Say whether the table has a field that was not taken yet."""
        return name in self._table

    def take(self, name: str, kind: type[T], default: T | None = None) -> T:
        """Return a field of the given type and strike it off; raise RuleSetError where that fails."""
        value = self._table.pop(name, default)
        if value is None:
            raise RuleSetError(self.at(name), "is missing.")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise RuleSetError(self.at(name), f"must be of type {kind.__name__}, found {value!r}.")
        return value

    def texts(self, name: str, default: list[str] | None = None) -> tuple[str, ...]:
        """Return a list of texts."""
        values: list[object] = self.take(name, list, None if default is None else list(default))
        for index, value in enumerate(values):
            if not isinstance(value, str) or not value:
                raise RuleSetError(f"{self.at(name)}[{index}]", f"must be a text, found {value!r}.")
        return tuple(str(value) for value in values)

    def table(self, name: str, default: dict[str, object] | None = None) -> "Reader":
        """Return a nested table."""
        return Reader(self.take(name, dict, default), self.at(name))

    def tables(self, name: str, least: int = 1) -> Iterator["Reader"]:
        """Yield the tables of a list, at least `least`."""
        tables: list[object] = self.take(name, list, [] if least == 0 else None)
        if len(tables) < least:
            raise RuleSetError(self.at(name), "needs at least one entry.")
        for index, table in enumerate(tables):
            yield Reader(table, f"{self.at(name)}[{index}]")

    def names(self) -> list[str]:
        """Return the names of the fields that were not yet taken."""
        return list(self._table)

    def finish(self) -> None:
        """Raise RuleSetError where a field was left over, since it is misspelt."""
        for name in sorted(self._table):
            raise RuleSetError(self.at(name), "is not a field of a rule set; check its spelling.")


def read_attribute(reader: Reader) -> Attribute:
    """Read one attribute."""
    option = reader.take("option", str, "") or None
    attribute = Attribute(reader.take("name", str), reader.take("kind", str), option)
    reader.finish()
    return attribute


def read_fallbacks(reader: Reader) -> dict[str, tuple[str, ...]]:
    """Read the parts that stand in for missing ones."""
    fallbacks = {part: reader.texts(part) for part in reader.names()}
    reader.finish()
    return fallbacks


def read_match_key(reader: Reader) -> MatchKey:
    """Read one match key; a cap below 2 is refused."""
    parts = []
    for component in reader.tables("of"):
        parts.append(KeyPart(component.texts("parts"), component.take("take", str, "all")))
        component.finish()
    key = MatchKey(reader.take("name", str), tuple(parts), reader.take("cap", int))
    if key.cap < 2:
        raise RuleSetError(reader.at("cap"), "must be at least 2: fewer records make no pair.")
    reader.finish()
    return key


def read_comparison(reader: Reader) -> Comparison:
    """Read one comparison; its first level must be missing and weigh nothing."""
    labels, weights = _read_levels(reader)
    settings = reader.take("settings", dict, {})
    for name, value in settings.items():
        if not isinstance(value, int) or isinstance(value, bool):
            raise RuleSetError(f"{reader.at('settings')}.{name}", f"must be a whole number, found {value!r}.")
    name = reader.take("name", str)
    title, kind, parts = reader.take("title", str, name), reader.take("kind", str), reader.texts("parts")
    reader.finish()
    return Comparison(name, title, kind, parts, labels, weights, settings)


def read_exclusive(reader: Reader) -> Exclusive:
    """Read what makes an identifier exclusive."""
    exclusive = Exclusive(
        reader.take("attribute", str), reader.texts("issuers", []), reader.texts("checks", ["verified"])
    )
    reader.finish()
    return exclusive


def read_thresholds(reader: Reader) -> Thresholds:
    """Read the thresholds, which must rise; what groups need per doubling, and what is weak, may be left out."""
    named = [reader.take(name, int) for name in ("keep", "review", "link", "doubt")]
    weak = reader.take("weak", int) if reader.has("weak") else None
    thresholds = Thresholds(named[0], named[1], named[2], named[3], reader.take("doubling", int, 0), weak)
    if not thresholds.keep <= thresholds.review <= thresholds.link:
        raise RuleSetError(reader.path, "must rise: keep, review, link.")
    if thresholds.doubling < 0:
        raise RuleSetError(reader.at("doubling"), f"must not be negative, found {thresholds.doubling}.")
    if weak is not None and weak > thresholds.link:
        raise RuleSetError(reader.at("weak"), f"must not lie above link, found {weak}.")
    reader.finish()
    return thresholds


def read_caps(reader: Reader) -> Caps:
    """Read the caps; the budget of pairs may be left out."""
    caps = Caps(reader.take("component", int), reader.take("cluster", int), reader.take("pairs", int, PAIRS_PER_RECORD))
    if min(caps.component, caps.cluster) < 2:
        raise RuleSetError(reader.path, "must be at least 2.")
    if caps.pairs < 1:
        raise RuleSetError(reader.at("pairs"), "must be at least 1.")
    reader.finish()
    return caps


def read_joint(reader: Reader, known: Mapping[str, Comparison]) -> Joint:
    """Read a joint of two of the known comparisons."""
    of = reader.texts("of")
    if len(of) != 2 or not all(name in known for name in of):
        raise RuleSetError(reader.at("of"), f"must name two comparisons, found {', '.join(of)}.")
    sides: list[object] = reader.take("groups", list)
    if len(sides) != 2:
        raise RuleSetError(reader.at("groups"), "must have one list of groups per comparison.")
    first, second = (_read_groups(side, f"{reader.at('groups')}[{index}]") for index, side in enumerate(sides))
    labels, weights = _read_levels(reader)
    if labels != joint_labels((first, second)):
        raise RuleSetError(reader.at("levels"), f"must be, in this order: {', '.join(joint_labels((first, second)))}.")
    name = reader.take("name", str)
    title = reader.take("title", str, name)
    reader.finish()
    return Joint(
        name, title, (of[0], of[1]), (first, second), (known[of[0]].labels, known[of[1]].labels), labels, weights
    )


def _read_groups(side: object, where: str) -> Groups:
    if not isinstance(side, list) or not side:
        raise RuleSetError(where, "must be a list of groups.")
    groups = []
    for index, group in enumerate(side):
        if not (
            isinstance(group, list) and len(group) == 2 and isinstance(group[0], str) and isinstance(group[1], list)
        ):
            raise RuleSetError(f"{where}[{index}]", "must be a pair of a group's name and its labels.")
        groups.append((group[0], tuple(str(pattern) for pattern in group[1])))
    return tuple(groups)


def _read_levels(reader: Reader) -> tuple[tuple[str, ...], tuple[int, ...]]:
    labels, weights = [], []
    for index, level in enumerate(reader.take("levels", list)):
        where = f"{reader.at('levels')}[{index}]"
        if not isinstance(level, list | tuple) or len(level) != 2:
            raise RuleSetError(where, "must be a pair of label and millibits.")
        label, weight = level
        if not isinstance(label, str) or not isinstance(weight, int) or isinstance(weight, bool):
            raise RuleSetError(where, f"must be a text and a whole number, found {level!r}.")
        labels.append(label)
        weights.append(weight)
    if not labels or labels[0] != "missing" or weights[0] != 0:
        raise RuleSetError(reader.at("levels"), 'must start with ["missing", 0]: what is missing says nothing.')
    if len(set(labels)) < len(labels) or len(labels) > 255:
        raise RuleSetError(reader.at("levels"), "must have different labels, at most 255.")
    return tuple(labels), tuple(weights)
