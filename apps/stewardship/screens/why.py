"""Why a customer's source records are one, and why those of another customer are not among them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from apps.engine.records import Evidence
from apps.golden import selectors as golden
from apps.matching import selectors as matching
from apps.matching.selectors.pairs import say_why_not, score_parts, shared_key_texts
from apps.rulebook.selectors import ActiveRules, get_active_rules
from apps.sources import selectors as sources
from apps.stewardship.screens.customer import Head
from apps.stewardship.screens.waterfall import Waterfall, build_waterfall
from apps.stewardship.screens.words import title_of

MOST_PAIRS = 12
MOST_OF_OTHER = 12
_SPEAKS_AGAINST = -1_000


@dataclass(frozen=True, slots=True)
class PairWhy:
    """One pair that holds the customer together, with its evidence and a person's word where there is one."""

    left: golden.Member
    right: golden.Member
    falls: Waterfall
    verdict: matching.VerdictRow | None


@dataclass(frozen=True, slots=True)
class Why:
    """The sentence, the pairs that hold the customer together (strongest first), and the verdicts that stand."""

    sentence: str
    against: str
    pairs: tuple[PairWhy, ...]
    hidden_pairs: int
    verdicts: tuple[matching.VerdictRow, ...]
    rules_version: int


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What keeps two customers apart, told by their two records that are most alike."""

    other: golden.Customer
    sentence: str
    left: sources.Record
    right: sources.Record
    falls: Waterfall
    shared_keys: tuple[str, ...]


def build_why(head: Head) -> Why:
    """Return why these source records are one customer. At most four queries."""
    members = {member.record_id: member for member in head.members}
    active = get_active_rules()
    if len(members) < 2:
        return Why("One source record alone: nothing was joined.", "", (), 0, (), active.version)
    verdicts = [row for row in matching.list_live_verdicts(members) if row.low in members and row.high in members]
    same = {(row.low, row.high): row for row in verdicts if row.kind == "same"}
    tree = _span([*same, *((link.low, link.high) for link in matching.list_links(members))], members)
    parts = matching.get_parts(members)
    scored = {pair: score_parts(parts[pair[0]], parts[pair[1]], active) for pair in tree if set(pair) <= parts.keys()}
    pairs = [
        PairWhy(members[low], members[high], _falls(evidence, score, active), same.get((low, high)))
        for (low, high), (evidence, score) in scored.items()
    ]
    plain = {comparison.name for comparison in active.rules.comparisons}
    sentence, against = _say(scored, same.values(), len(members), plain)
    return Why(
        sentence, against, tuple(pairs[:MOST_PAIRS]), max(len(pairs) - MOST_PAIRS, 0), tuple(verdicts), active.version
    )


def build_why_not(head: Head, other: golden.Customer) -> WhyNot | None:
    """Return what keeps two customers apart; None where one has no standardised record. At most five queries."""
    ours = [member.record_id for member in head.members][:MOST_OF_OTHER]
    theirs = golden.list_member_ids(other.gid)[:MOST_OF_OTHER]
    active = get_active_rules()
    parts = matching.get_parts([*ours, *theirs])
    scored = [
        (score_parts(parts[a], parts[b], active), a, b) for a, b in product(ours, theirs) if {a, b} <= parts.keys()
    ]
    if not scored:
        return None
    (evidence, score), left, right = max(scored, key=lambda row: (row[0][1], -row[1], -row[2]))
    shared, common = shared_key_texts(parts[left], parts[right], active.rules, active.statistics)
    verdicts = [row for row in matching.list_live_verdicts(ours) if {row.low, row.high} & set(theirs)]
    verdict = next((row for row in verdicts if row.kind == "different"), verdicts[0] if verdicts else None)
    sentence = say_why_not(matching.band_of(score, active.rules), shared, common, verdict)
    records = sources.list_records([left, right])
    return WhyNot(
        other=other,
        sentence=sentence or "Nothing keeps them apart any more; the next run brings them together.",
        left=records[left],
        right=records[right],
        falls=_falls(evidence, score, active),
        shared_keys=shared[:6],
    )


def _falls(evidence: list[Evidence], score: int, active: ActiveRules) -> Waterfall:
    return build_waterfall(evidence, rules=active.rules, score=score)


def _span(pairs: Iterable[tuple[int, int]], members: Iterable[int]) -> list[tuple[int, int]]:
    """Return the first pairs that connect the members; a strongest spanning forest where the strongest come first."""
    root = {member: member for member in members}

    def find(member: int) -> int:
        while root[member] != member:
            root[member] = root[root[member]]
            member = root[member]
        return member

    tree = []
    for low, high in pairs:
        a, b = find(low), find(high)
        if a != b:
            root[b] = a
            tree.append((low, high))
    return tree


def _say(
    scored: Mapping[tuple[int, int], tuple[list[Evidence], int]],
    same: Iterable[matching.VerdictRow],
    size: int,
    plain: set[str],
) -> tuple[str, str]:
    """Return what joins the records in one sentence, and what speaks against it in another.

    Only the comparisons named in `plain` are told: a joint of two of them says nothing of its own.
    """
    weights: Counter[str] = Counter()
    against: dict[str, int] = {}
    for evidence, _ in scored.values():
        for item in (item for item in evidence if item.comparison in plain):
            if item.millibits > 0:
                weights[item.comparison] += item.millibits
            elif item.millibits <= _SPEAKS_AGAINST:
                against[item.comparison] = min(item.millibits, against.get(item.comparison, 0))
    people = sorted({row.decided_by.partition(":")[2] or row.decided_by for row in same if not row.by_policy})
    speaks = _join([_lower(title_of(name)) for name, _ in weights.most_common(3)])
    opening = f"These {size} source records are one customer"
    if people:
        sentence = f"{opening} because {_join(people)} decided so" + (
            f"; {speaks} speak for it too." if speaks else "."
        )
    elif speaks:
        sentence = f"{opening} because their {speaks} agree."
    else:
        sentence = f"{opening}; no link between them is kept any more."
    if not against:
        return sentence, "Nothing contradicts it."
    worst = [_lower(title_of(name)) for name in sorted(against, key=lambda name: against[name])[:3]]
    return sentence, f"Against it speaks: {_join(worst)}."


def _lower(title: str) -> str:
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
