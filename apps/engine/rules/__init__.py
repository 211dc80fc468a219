"""The rule set: which attributes there are, what is compared, how much it weighs, and where the thresholds lie.

Plain data, read from TOML or JSON. The engine knows no attribute by name, so a rule set for persons or products runs
the same code.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from apps.engine.records import SOURCE_PART
from apps.engine.rules.entries import (
    MAXIMUM_KEYS,
    Attribute,
    Caps,
    Comparison,
    Exclusive,
    Joint,
    KeyPart,
    MatchKey,
    RuleSetError,
    Thresholds,
)
from apps.engine.rules.reading import (
    Reader,
    read_attribute,
    read_caps,
    read_comparison,
    read_exclusive,
    read_fallbacks,
    read_joint,
    read_match_key,
    read_thresholds,
)

__all__ = [
    "RULESETS",
    "Attribute",
    "Caps",
    "Comparison",
    "Exclusive",
    "Joint",
    "KeyPart",
    "MatchKey",
    "RuleSet",
    "RuleSetError",
    "Thresholds",
    "load_company_rules",
    "load_rules",
    "overlay_weights",
]

RULESETS = Path(__file__).parent.parent / "rulesets"
Document = Mapping[str, Any]


@dataclass(frozen=True)
class RuleSet:
    """A validated rule set.

    `naming` is the part whose different values count as different names; records that agree in every part of `hallmark`
    are taken for one party where it is counted how often a source lists a party twice. `carried` attributes are kept
    and survive, but are neither standardised nor compared. `fallbacks` names the parts that stand in for a part that a
    record lacks.
    """

    name: str
    naming: str
    hallmark: tuple[str, ...]
    prior: int
    attributes: tuple[Attribute, ...]
    carried: tuple[str, ...]
    fallbacks: Mapping[str, tuple[str, ...]]
    keys: tuple[MatchKey, ...]
    comparisons: tuple[Comparison, ...]
    joints: tuple[Joint, ...]
    exclusive: tuple[Exclusive, ...]
    thresholds: Thresholds
    caps: Caps
    survivorship: Document

    @classmethod
    def from_document(cls, document: Document) -> "RuleSet":
        """Read and validate a document as TOML or JSON gives it; raise `RuleSetError` naming the path."""
        reader = Reader(document, "")
        rules = cls(
            name=reader.take("name", str),
            naming=reader.take("naming", str),
            hallmark=reader.texts("hallmark", []),
            prior=reader.take("prior", int),
            attributes=tuple(read_attribute(r) for r in reader.tables("attributes")),
            carried=reader.texts("carried", []),
            fallbacks=read_fallbacks(reader.table("fallbacks", {})),
            keys=tuple(read_match_key(r) for r in reader.tables("keys")),
            comparisons=tuple(read_comparison(r) for r in reader.tables("comparisons")),
            joints=(),
            exclusive=tuple(read_exclusive(r) for r in reader.tables("exclusive", least=0)),
            thresholds=read_thresholds(reader.table("thresholds")),
            caps=read_caps(reader.table("caps")),
            survivorship=reader.take("survivorship", dict, {}),
        )
        known = {comparison.name: comparison for comparison in rules.comparisons}
        rules = replace(rules, joints=tuple(read_joint(r, known) for r in reader.tables("joints", least=0)))
        reader.finish()
        _check_names(rules)
        return rules

    def to_document(self) -> dict[str, Any]:
        """Return plain data from which `from_document` makes an equal rule set."""
        return {
            "name": self.name,
            "naming": self.naming,
            "hallmark": list(self.hallmark),
            "prior": self.prior,
            "thresholds": {n: getattr(self.thresholds, n) for n in ("keep", "review", "link", "doubt", "doubling")}
            # Left out where nothing is asked, so that rule sets from before it keep their digests.
            | ({} if self.thresholds.weak is None else {"weak": self.thresholds.weak}),
            "caps": {n: getattr(self.caps, n) for n in ("component", "cluster", "pairs")},
            "attributes": [
                {"name": a.name, "kind": a.kind} | ({"option": a.option} if a.option else {}) for a in self.attributes
            ],
            "carried": list(self.carried),
            "fallbacks": {part: list(others) for part, others in self.fallbacks.items()},
            "keys": [
                {"name": k.name, "cap": k.cap, "of": [{"parts": list(p.parts), "take": p.take} for p in k.of]}
                for k in self.keys
            ],
            "comparisons": [
                {"name": c.name, "title": c.title, "kind": c.kind, "parts": list(c.parts), "settings": dict(c.settings)}
                | {"levels": [[label, weight] for label, weight in zip(c.labels, c.millibits, strict=True)]}
                for c in self.comparisons
            ],
            "joints": [
                {"name": j.name, "title": j.title, "of": list(j.of)}
                | {"groups": [[[group, list(patterns)] for group, patterns in side] for side in j.groups]}
                | {"levels": [[label, weight] for label, weight in zip(j.labels, j.millibits, strict=True)]}
                for j in self.joints
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

    @property
    def weighed(self) -> tuple[Comparison | Joint, ...]:
        """Return what adds up to a score, in the order of a link's levels: comparisons, then joints."""
        return (*self.comparisons, *self.joints)

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
        used |= {part for names in self.fallbacks.items() for part in (names[0], *names[1])}
        return tuple(sorted(used | {self.naming, *self.hallmark}))


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
    """Return `document` with the prior and the levels of comparisons and joints taken from `weights`, where named."""
    overlaid = {**document, "prior": weights.get("prior", document.get("prior"))}
    for field in ("comparisons", "joints"):
        levels = dict(weights.get(field, {}))
        overlaid[field] = [
            {**entry, "levels": levels.pop(entry.get("name"))} if entry.get("name") in levels else entry
            for entry in document.get(field, [])
        ]
        for name in levels:
            raise RuleSetError(f"{field}.{name}", "the weights name something that the rule set lacks.")
    return overlaid


def _check_names(rules: RuleSet) -> None:
    for field_name in ("attributes", "keys", "comparisons", "joints"):
        names = [entry.name for entry in getattr(rules, field_name)]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise RuleSetError(f"{field_name}[{index}].name", f"{name!r} is used twice.")
    if len(rules.keys) > MAXIMUM_KEYS:
        raise RuleSetError("keys", f"at most {MAXIMUM_KEYS} are possible.")
    known = {a.name for a in rules.attributes}
    for part in rules.parts_used():
        if part != SOURCE_PART and part.partition(".")[0] not in known:
            raise RuleSetError("attributes", f"the part {part!r} belongs to no attribute of the rule set.")
