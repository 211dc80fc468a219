"""Blocking: the match keys of a standard record. Two records are compared only where they share one."""

from collections.abc import Iterable, Mapping
from itertools import product

from apps.engine.block.functions import KEY_FUNCTIONS
from apps.engine.block.hashing import PLACE_MASK, finish, hash_text, mix
from apps.engine.rules import KeyPart, MatchKey, RuleSet, RuleSetError

__all__ = ["cap_of", "check_keys", "match_keys"]


def match_keys(parts: Mapping[str, str], rules: RuleSet) -> dict[int, str]:
    """Return the record's match keys: each signed 64-bit hash with the text that explains it.

    Which of them are too common to make pairs is for the statistics to say; a record keeps all of its keys.
    """
    keys: dict[int, str] = {}
    taken: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for place, rule in enumerate(rules.keys):
        for texts in _combinations(parts, rule, taken):
            mixed = hash_text(rule.name)
            for text in texts:
                mixed = mix(mixed, hash_text(text))
            keys.setdefault(finish(mixed, place), f"{rule.name}: {', '.join(texts)}")
    return keys


def cap_of(key: int, rules: RuleSet) -> int:
    """Return how many records may hold this key before it stops making pairs."""
    return rules.keys[key & PLACE_MASK].cap


def check_keys(rules: RuleSet) -> None:
    """Raise RuleSetError where a match key names a function that doesn't exist."""
    for index, rule in enumerate(rules.keys):
        for component in rule.of:
            if component.take not in KEY_FUNCTIONS:
                known = ", ".join(sorted(KEY_FUNCTIONS))
                raise RuleSetError(f"keys[{index}].of.take", f"{component.take!r} is none of {known}.")


def _combinations(
    parts: Mapping[str, str], rule: MatchKey, taken: dict[tuple[str, tuple[str, ...]], list[str]]
) -> Iterable[tuple[str, ...]]:
    """Return a key's texts, one of each component; `taken` keeps what components of several keys share."""
    found = []
    for component in rule.of:
        what = component.take, component.parts
        texts = taken.get(what)
        if texts is None:
            texts = taken[what] = _texts(parts, component)
        if not texts:
            return ()
        found.append(texts)
    return product(*found)


def _texts(parts: Mapping[str, str], component: KeyPart) -> list[str]:
    take = KEY_FUNCTIONS[component.take]
    return list(dict.fromkeys(text for part in component.parts if part in parts for text in take(parts[part])))
