"""What outranks scores: a person's verdicts, and exclusive identifiers that differ."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.engine.rules import Exclusive, RuleSet


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision on two records: `keeps_apart` or puts together; `told` says who decided it and when."""

    number: int
    left: int
    right: int
    keeps_apart: bool
    told: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Two different numbers of one issuer, of which one party has only one; `title` names the kind of number."""

    title: str
    left: str
    right: str

    @property
    def sentence(self) -> str:
        """The bar as a steward reads it."""
        return f"Two different numbers where one customer has only one: {self.title} {self.left} / {self.right}"


def bars_between(a: Mapping[str, str], b: Mapping[str, str], rules: RuleSet) -> list[Bar]:
    """Return the exclusive identifiers that keep two standard records apart, in the rule set's order."""
    bars = []
    for exclusive in rules.exclusive:
        ours, theirs = _counting_number(a, exclusive), _counting_number(b, exclusive)
        if ours is None or theirs is None or ours == theirs:
            continue
        number, issuer = f"{exclusive.attribute}.number", f"{exclusive.attribute}.issuer"
        if issuer in a and a[issuer] == b.get(issuer):
            bars.append(Bar(_title_of(number, rules) or exclusive.attribute, ours, theirs))
    return bars


def _title_of(part: str, rules: RuleSet) -> str:
    return next((comparison.title for comparison in rules.comparisons if comparison.parts[0] == part), "")


def _counting_number(parts: Mapping[str, str], exclusive: Exclusive) -> str | None:
    """Return the number where its check and its issuer let it bar."""
    name = exclusive.attribute
    if parts.get(f"{name}.check") not in exclusive.checks:
        return None
    if exclusive.issuers and parts.get(f"{name}.issuer") not in exclusive.issuers:
        return None
    return parts.get(f"{name}.number")
