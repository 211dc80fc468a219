"""Comparing: two standard records to evidence, one piece per comparison of the rule set."""

from collections.abc import Mapping, Sequence

from apps.engine.compare.contract import Comparer
from apps.engine.compare.domains import DOMAINS, NAME_DOMAINS
from apps.engine.compare.identifiers import IDENTIFIERS
from apps.engine.compare.leftovers import LEFTOVER_WEIGHT, LEFTOVERS
from apps.engine.compare.names import LETTERS, NAMES
from apps.engine.compare.phrases import Tone, phrase_of, sentence_of_two
from apps.engine.compare.sources import SOURCES
from apps.engine.compare.spaces import Space
from apps.engine.compare.streets import STREETS
from apps.engine.compare.texts import BAG, DATES, NUMBERS, TEXT
from apps.engine.compare.values import EQUAL, PHONES, POSTCODE, SHARED, SIMILAR
from apps.engine.records import Evidence
from apps.engine.rules import Comparison, RuleSet, RuleSetError
from apps.engine.statistics import Statistics

__all__ = ["COMPARERS", "Comparer", "check_comparisons", "compare", "spaces_of"]

COMPARERS: dict[str, Comparer] = {
    "names": NAMES,
    "leftovers": LEFTOVERS,
    "leftover_weight": LEFTOVER_WEIGHT,
    "letters": LETTERS,
    "name_domains": NAME_DOMAINS,
    "equal": EQUAL,
    "similar": SIMILAR,
    "postcode": POSTCODE,
    "street": STREETS,
    "shared": SHARED,
    "phones": PHONES,
    "domains": DOMAINS,
    "identifier": IDENTIFIERS,
    "sources": SOURCES,
    "bag": BAG,
    "text": TEXT,
    "dates": DATES,
    "numbers": NUMBERS,
}
"""Comparers by the kind that a rule set names."""


def compare(a: Mapping[str, str], b: Mapping[str, str], rules: RuleSet, statistics: Statistics) -> list[Evidence]:
    """Return the evidence for two standard records being one party: one piece per comparison, then per joint.

    In the order of the rule set; symmetric but for `left` and `right`. The score is the rule set's prior plus the sum
    of the millibits.
    """
    evidence = []
    for comparison in rules.comparisons:
        comparer = COMPARERS[comparison.kind]
        left, right = ([side.get(part) for part in comparison.parts] for side in (a, b))
        level = comparer.level(left, right, comparison, statistics)
        label = comparison.labels[level]
        sentence = comparer.sentence(label, left, right, comparison, statistics)
        ours, theirs = (" ".join(value for value in side if value) for side in (left, right))
        evidence.append(Evidence(comparison.name, level, label, comparison.millibits[level], ours, theirs, sentence))
    return evidence + _joint_evidence(evidence, rules, a, b)


def _joint_evidence(
    evidence: Sequence[Evidence], rules: RuleSet, a: Mapping[str, str], b: Mapping[str, str]
) -> list[Evidence]:
    found = {piece.comparison: piece for piece in evidence}
    compared = {comparison.name: comparison for comparison in rules.comparisons}
    joined = []
    for joint in rules.joints:
        first, second = (found[name] for name in joint.of)
        level = joint.table[first.level][second.level]
        label = joint.labels[level]
        if level:
            one, other = (_told(compared[piece.comparison], piece, a, b) for piece in (first, second))
            sentence = sentence_of_two(one, other, joint.millibits[level])
        else:
            sentence = f"Nothing to add from {joint.title}"
        joined.append(Evidence(joint.name, level, label, joint.millibits[level], first.label, second.label, sentence))
    return joined


def _told(comparison: Comparison, piece: Evidence, a: Mapping[str, str], b: Mapping[str, str]) -> tuple[Tone, str]:
    """Return an outcome's phrase, with both values where it differs in a single part."""
    tone, phrase = phrase_of(piece.label, comparison.title)
    if tone is not Tone.DIFFERS or len(comparison.parts) > 1:
        return tone, phrase
    ours, theirs = (side.get(comparison.parts[0]) or "none" for side in (a, b))
    return tone, f"{phrase} ({ours} / {theirs})"


def spaces_of(rules: RuleSet) -> list[Space]:
    """Return the spaces in which the rule set's comparisons need values counted, each once."""
    spaces = {space.name: space for c in rules.comparisons for space in COMPARERS[c.kind].spaces(c)}
    return [spaces[name] for name in sorted(spaces)]


def check_comparisons(rules: RuleSet) -> None:
    """Raise RuleSetError where a comparison's kind, parts or labels don't fit its comparer."""
    for index, comparison in enumerate(rules.comparisons):
        where = f"comparisons[{index}]"
        comparer = COMPARERS.get(comparison.kind)
        if comparer is None:
            known = ", ".join(sorted(COMPARERS))
            raise RuleSetError(f"{where}.kind", f"{comparison.kind!r} is none of {known}.")
        if comparer.needs is not None and len(comparison.parts) != comparer.needs:
            raise RuleSetError(f"{where}.parts", f"{comparison.kind} needs {comparer.needs} parts.")
        if comparison.labels != comparer.labels:
            raise RuleSetError(f"{where}.levels", f"must be, in this order: {', '.join(comparer.labels)}.")
