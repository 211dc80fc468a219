"""Rule sets that differ from the shipped one in what decides: thresholds, caps, and how common a key may be."""

from collections.abc import Mapping
from typing import Any, Final

from apps.engine.rules import RuleSet
from apps.rulebook.selectors import ActiveRules, get_active_rules
from tests.factories import make_active_rules
from tests.factories.matching import RULES


def _changed(*, key_cap: int = 0, **tables: Mapping[str, int]) -> RuleSet:
    """Return the shipped rules with some entries of their tables replaced, and no key held by more than `key_cap`."""
    document: dict[str, Any] = RULES.to_document()
    for table, entries in tables.items():
        document[table] = {**document[table], **entries}
    if key_cap:
        document["keys"] = [{**key, "cap": min(key["cap"], key_cap)} for key in document["keys"]]
    return RuleSet.from_document(document)


RULE_SETS: Final[Mapping[str, RuleSet]] = {
    "shipped": RULES,
    "strict": _changed(thresholds={"review": 3_000, "link": 6_000}),
    "loose": _changed(thresholds={"review": -5_000, "link": -4_000}),
    "rare keys": _changed(key_cap=3),
    "small clusters": _changed(caps={"cluster": 3}),
}


def put_in_force(rules: RuleSet) -> ActiveRules:
    """Publish the rules as the next version; no record is matched by them yet."""
    make_active_rules(rules=rules)
    return get_active_rules()
