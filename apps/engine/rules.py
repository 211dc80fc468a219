"""The rule set: which attributes there are, what is compared, how much it weighs, and where the thresholds lie.

Plain data, read from TOML or JSON. The engine knows no attribute by name, so a rule set for persons or products runs
the same code.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

RULESETS = Path(__file__).parent / "rulesets"
Document = Mapping[str, Any]
T = TypeVar("T")


class RuleSetError(ValueError):
    """A rule set document cannot be used; `path` says where in the document, the message what to do."""

    def __init__(self, path: str, problem: str) -> None:
        """Keep `path` (such as `comparisons[3].levels`) apart from the sentence."""
        super().__init__(f"{path}: {problem}")
        self.path = path


@dataclass(frozen=True, slots=True)
class Attribute:
    """A canonical attribute, the kind of standardiser it takes and that standardiser's option."""

    name: str
    kind: str
    option: str | None = None


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One component of a match key: the values taken from any of `parts` by the key function `take`."""

    parts: tuple[str, ...]
    take: str


@dataclass(frozen=True, slots=True)
class MatchKey:
    """A way to form match keys; a key held by more than `cap` records makes no pairs."""

    name: str
    of: tuple[KeyPart, ...]
    cap: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Parts compared by one comparer `kind`; `labels` and `millibits` run over its levels, the first is missing.

    `title` is what a steward's sentence calls the compared thing, such as "VAT number".
    """

    name: str
    title: str
    kind: str
    parts: tuple[str, ...]
    labels: tuple[str, ...]
    millibits: tuple[int, ...]
    settings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores in millibits: links are kept from `keep`, asked about from `review`, joined from `link`."""

    keep: int
    review: int
    link: int


@dataclass(frozen=True, slots=True)
class Caps:
    """Sizes in records: `component` bounds what is scored pair by pair, `cluster` what grows without a person."""

    component: int
    cluster: int


@dataclass(frozen=True, slots=True)
class Exclusive:
    """Two different numbers of `attribute` with one issuer bar a common cluster.

    `issuers` is empty for every issuer; `checks` names the outcomes of the number's own check that count.
    """

    attribute: str
    issuers: tuple[str, ...]
    checks: tuple[str, ...]


@dataclass(frozen=True)
class RuleSet:
    """A validated rule set. `naming` is the part whose different values count as different names."""

    name: str
    naming: str
    prior: int
    attributes: tuple[Attribute, ...]
    keys: tuple[MatchKey, ...]
    comparisons: tuple[Comparison, ...]
    exclusive: tuple[Exclusive, ...]
    thresholds: Thresholds
    caps: Caps
    survivorship: Document

    @classmethod
    def from_document(cls, document: Document) -> "RuleSet":
        """Read and validate a document as TOML or JSON gives it; raise `RuleSetError` naming the path."""
        reader = _Reader(document, "")
        rules = cls(
            name=reader.take("name", str),
            naming=reader.take("naming", str),
            prior=reader.take("prior", int),
            attributes=tuple(_attribute(r) for r in reader.tables("attributes")),
            keys=tuple(_match_key(r) for r in reader.tables("keys")),
            comparisons=tuple(_comparison(r) for r in reader.tables("comparisons")),
            exclusive=tuple(_exclusive(r) for r in reader.tables("exclusive", least=0)),
            thresholds=_thresholds(reader.table("thresholds")),
            caps=_caps(reader.table("caps")),
            survivorship=reader.take("survivorship", dict, {}),
        )
        reader.finish()
        _check_names(rules)
        return rules

    def to_document(self) -> dict[str, Any]:
        """Return plain data from which `from_document` makes an equal rule set."""
        return {
            "name": self.name,
            "naming": self.naming,
            "prior": self.prior,
            "thresholds": {n: getattr(self.thresholds, n) for n in ("keep", "review", "link")},
            "caps": {n: getattr(self.caps, n) for n in ("component", "cluster")},
            "attributes": [
                {"name": a.name, "kind": a.kind} | ({"option": a.option} if a.option else {}) for a in self.attributes
            ],
            "keys": [
                {"name": k.name, "cap": k.cap, "of": [{"parts": list(p.parts), "take": p.take} for p in k.of]}
                for k in self.keys
            ],
            "comparisons": [
                {"name": c.name, "title": c.title, "kind": c.kind, "parts": list(c.parts), "settings": dict(c.settings)}
                | {"levels": [[label, weight] for label, weight in zip(c.labels, c.millibits, strict=True)]}
                for c in self.comparisons
            ],
            "exclusive": [
                {"attribute": e.attribute, "issuers": list(e.issuers), "checks": list(e.checks)} for e in self.exclusive
            ],
            "survivorship": dict(self.survivorship),
        }

    @cached_property
    def digest(self) -> str:
        """Return the hexadecimal digest that names these rules: equal documents give equal digests."""
        text = json.dumps(self.to_document(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def attribute(self, name: str) -> Attribute:
        """Return the attribute called `name`, or raise KeyError."""
        return {a.name: a for a in self.attributes}[name]

    def comparison(self, name: str) -> Comparison:
        """Return the comparison called `name`, or raise KeyError."""
        return {c.name: c for c in self.comparisons}[name]

    def parts_used(self) -> tuple[str, ...]:
        """Return the names of all parts that keys, comparisons and exclusive identifiers read, sorted."""
        used = {part for key in self.keys for component in key.of for part in component.parts}
        used |= {part for comparison in self.comparisons for part in comparison.parts}
        used |= {f"{e.attribute}.{suffix}" for e in self.exclusive for suffix in ("number", "issuer", "check")}
        return tuple(sorted(used | {self.naming}))


def load_rules(path: Path) -> RuleSet:
    """Return the rule set in a `.toml` or `.json` file.

    A file beside it called `<stem>.weights.json` gives the prior and the comparisons' levels with their weights: those
    are written by the training script, the rest by hand.
    """
    text = path.read_text(encoding="utf-8")
    try:
        document: dict[str, Any] = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise RuleSetError(path.name, f"not readable: {error}") from error
    weights = path.with_suffix(".weights.json")
    if weights.exists():
        document = overlay_weights(document, json.loads(weights.read_text(encoding="utf-8")))
    return RuleSet.from_document(document)


def load_company_rules() -> RuleSet:
    """Return the rule set for companies that is shipped with the engine."""
    return load_rules(RULESETS / "company.toml")


def overlay_weights(document: Document, weights: Document) -> dict[str, Any]:
    """Return `document` with the prior and the comparisons' levels taken from `weights`, where it names them."""
    levels = dict(weights.get("comparisons", {}))
    overlaid = dict(document)
    overlaid["prior"] = weights.get("prior", document.get("prior"))
    overlaid["comparisons"] = [
        {**c, "levels": levels.pop(c.get("name"))} if c.get("name") in levels else c
        for c in document.get("comparisons", [])
    ]
    for name in levels:
        raise RuleSetError(f"comparisons.{name}", "the weights name a comparison that the rule set lacks.")
    return overlaid


class _Reader:
    """Takes typed fields out of one table of the document and remembers where that table is."""

    def __init__(self, table: object, path: str) -> None:
        if not isinstance(table, Mapping):
            raise RuleSetError(path or "document", "must be a table of named fields.")
        self._table = dict(table)
        self.path = path

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def take(self, name: str, kind: type[T], default: T | None = None) -> T:
        value = self._table.pop(name, default)
        if value is None:
            raise RuleSetError(self.at(name), "is missing.")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise RuleSetError(self.at(name), f"must be of type {kind.__name__}, found {value!r}.")
        return value

    def texts(self, name: str, default: list[str] | None = None) -> tuple[str, ...]:
        values: list[object] = self.take(name, list, default)
        for index, value in enumerate(values):
            if not isinstance(value, str) or not value:
                raise RuleSetError(f"{self.at(name)}[{index}]", f"must be a text, found {value!r}.")
        return tuple(str(value) for value in values)

    def table(self, name: str) -> "_Reader":
        return _Reader(self.take(name, dict), self.at(name))

    def tables(self, name: str, least: int = 1) -> Iterator["_Reader"]:
        tables: list[object] = self.take(name, list, [] if least == 0 else None)
        if len(tables) < least:
            raise RuleSetError(self.at(name), "needs at least one entry.")
        for index, table in enumerate(tables):
            yield _Reader(table, f"{self.at(name)}[{index}]")

    def finish(self) -> None:
        for name in sorted(self._table):
            raise RuleSetError(self.at(name), "is not a field of a rule set; check its spelling.")


def _attribute(reader: _Reader) -> Attribute:
    option = reader.take("option", str, "") or None
    attribute = Attribute(reader.take("name", str), reader.take("kind", str), option)
    reader.finish()
    return attribute


def _match_key(reader: _Reader) -> MatchKey:
    parts = []
    for component in reader.tables("of"):
        parts.append(KeyPart(component.texts("parts"), component.take("take", str, "all")))
        component.finish()
    key = MatchKey(reader.take("name", str), tuple(parts), reader.take("cap", int))
    if key.cap < 2:
        raise RuleSetError(reader.at("cap"), "must be at least 2: fewer records make no pair.")
    reader.finish()
    return key


def _comparison(reader: _Reader) -> Comparison:
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
    settings = reader.take("settings", dict, {})
    for name, value in settings.items():
        if not isinstance(value, int) or isinstance(value, bool):
            raise RuleSetError(f"{reader.at('settings')}.{name}", f"must be a whole number, found {value!r}.")
    name = reader.take("name", str)
    title, kind, parts = reader.take("title", str, name), reader.take("kind", str), reader.texts("parts")
    reader.finish()
    return Comparison(name, title, kind, parts, tuple(labels), tuple(weights), settings)


def _exclusive(reader: _Reader) -> Exclusive:
    exclusive = Exclusive(
        reader.take("attribute", str), reader.texts("issuers", []), reader.texts("checks", ["verified"])
    )
    reader.finish()
    return exclusive


def _thresholds(reader: _Reader) -> Thresholds:
    thresholds = Thresholds(reader.take("keep", int), reader.take("review", int), reader.take("link", int))
    if not thresholds.keep <= thresholds.review <= thresholds.link:
        raise RuleSetError(reader.path, "must rise: keep, review, link.")
    reader.finish()
    return thresholds


def _caps(reader: _Reader) -> Caps:
    caps = Caps(reader.take("component", int), reader.take("cluster", int))
    if min(caps.component, caps.cluster) < 2:
        raise RuleSetError(reader.path, "must be at least 2.")
    reader.finish()
    return caps


def _check_names(rules: RuleSet) -> None:
    for field_name in ("attributes", "keys", "comparisons"):
        names = [entry.name for entry in getattr(rules, field_name)]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise RuleSetError(f"{field_name}[{index}].name", f"{name!r} is used twice.")
    if len(rules.keys) > MAXIMUM_KEYS:
        raise RuleSetError("keys", f"at most {MAXIMUM_KEYS} are possible.")
    known = {a.name for a in rules.attributes}
    for part in rules.parts_used():
        if part.partition(".")[0] not in known:
            raise RuleSetError("attributes", f"the part {part!r} belongs to no attribute of the rule set.")


MAXIMUM_KEYS = 64
"""A match key's lowest six bits say which of the rule set's keys it is."""
