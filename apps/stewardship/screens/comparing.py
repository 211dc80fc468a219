"""Two values of one field beside each other: a verdict with glyph and word, and the words that differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from apps.engine.records import Evidence
from apps.engine.rules import RuleSet

GLYPHS: Final[Mapping[str, tuple[str, str]]] = {
    "agree": ("✓", "Same"),
    "partial": ("≈", "Similar"),
    "conflict": ("≠", "Different"),
    "missing": ("–", "One side empty"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a field compares: tone (agree, partial, conflict, missing), its glyph and word, and a note or nothing."""

    tone: str
    glyph: str
    word: str
    note: str = ""


SAYS_NOTHING: Final = "Says nothing"
_FAULTS: Final = {"": "a placeholder", "wrong": "fails its check"}
NEITHER: Final = Verdict("missing", "–", "Other records say")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a value; `differs` where the other side says something else."""

    text: str
    differs: bool


def judge_field(attribute: str, left: str, right: str, evidence: Sequence[Evidence], rules: RuleSet | None) -> Verdict:
    """Return how the two values of an attribute compare, by the comparisons that read it, else by their letters."""
    if not left or not right:
        return _verdict("missing")
    if left == right:
        return _verdict("agree")
    note = _say_spelling(left, right)
    labels = _labels(attribute, evidence, rules)
    if not labels:
        return _verdict("agree", note) if note else _verdict("conflict")
    tones = [_tone(label) for label in labels]
    if tones[0] == "conflict" or set(tones) == {"conflict"}:
        return _verdict("conflict")
    if set(tones) == {"agree"}:
        return _verdict("agree", note)
    return _verdict("partial", note)


def weigh_checks(verdict: Verdict, texts: tuple[str, str], checks: tuple[str, str]) -> Verdict:
    """Return the verdict on two identifiers with what came of checking them: verified, plausible, wrong, "" for none.

    A number that is a placeholder or fails its check identifies nobody, so that it neither agrees nor differs.
    """
    faults = [_FAULTS[check] for text, check in zip(texts, checks, strict=True) if text and check in _FAULTS]
    if faults:
        note = faults[0] if len(set(faults)) == 1 else " / ".join(faults)
        word = verdict.word if verdict.tone == "missing" else SAYS_NOTHING
        return Verdict("missing", GLYPHS["missing"][0], word, note)
    if all(texts) and set(checks) == {"verified"}:
        return Verdict(verdict.tone, verdict.glyph, verdict.word, verdict.note or "checksums hold")
    return verdict


def mark_differences(left: str, right: str) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """Return both values cut into runs, those words marked that the other side lacks; case is not a difference.

    Values without a common word are left unmarked: then everything differs, and the verdict says so.
    """
    a, b = left.split(), right.split()
    matcher = SequenceMatcher(None, [_plain(word) for word in a], [_plain(word) for word in b], autojunk=False)
    blocks = matcher.get_opcodes()
    if not left or not right or not any(tag == "equal" for tag, *_ in blocks):
        return (Run(left, differs=False),), (Run(right, differs=False),)
    runs: tuple[list[Run], list[Run]] = ([], [])
    for tag, a_from, a_to, b_from, b_to in blocks:
        for side, words in zip(runs, (a[a_from:a_to], b[b_from:b_to]), strict=True):
            if words:
                side.append(Run(" ".join(words), differs=tag != "equal"))
    return tuple(runs[0]), tuple(runs[1])


def _verdict(tone: str, note: str = "") -> Verdict:
    glyph, word = GLYPHS[tone]
    return Verdict(tone, glyph, word, note)


def _labels(attribute: str, evidence: Sequence[Evidence], rules: RuleSet | None) -> list[str]:
    """Return the outcomes of the comparisons whose first part is the attribute's, in the rule set's order."""
    if rules is None:
        return []
    reads = {c.name for c in rules.comparisons if any(part.startswith(f"{attribute}.") for part in c.parts[:1])}
    # A website and an e-mail address are compared by one domain.
    if attribute == "website":
        reads |= {c.name for c in rules.comparisons if c.kind == "domains"}
    return [item.label for item in evidence if item.comparison in reads and item.label != "missing"]


def _tone(label: str) -> str:
    if label.startswith("different"):
        return "conflict"
    return "agree" if label.split(",", maxsplit=1)[0] in ("same", "same box") and "other" not in label else "partial"


def _say_spelling(left: str, right: str) -> str:
    if left.casefold() == right.casefold():
        return "case only"
    if _plain(left) == _plain(right):
        return "spaces and signs only"
    return ""


def _plain(text: str) -> str:
    plain = "".join(character for character in text.casefold() if character.isalnum())
    return plain or text
