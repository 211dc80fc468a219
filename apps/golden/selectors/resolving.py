"""Which customers an example may be."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.base.errors import Invalid
from apps.engine.records import Evidence
from apps.golden.selectors.customers import CustomerSummary, list_customers_of_records
from apps.matching import selectors as matching
from apps.rulebook.selectors import get_active_rules
from apps.sources import selectors as sources

LONGEST_VALUE = 1_000


class ExampleInvalid(Invalid):
    """An example names an attribute the rule set lacks, or a value that can't be one."""

    code = "resolve.example_invalid"
    title = "The example can't be used"


@dataclass(frozen=True, slots=True)
class CustomerCandidate:
    """A customer an example may be: its best source record, the score in millibits and what speaks for it."""

    customer: CustomerSummary
    score: int
    band: str
    band_words: str
    best: sources.Record
    records_found: int
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """The customers an example may be, strongest first; `note` says why there are none.

    Prior and thresholds are in millibits.
    """

    rules_version: int
    prior: int
    review: int
    link: int
    compared: int
    candidates: tuple[CustomerCandidate, ...]
    note: str


def resolve_example(given: Mapping[str, str], *, limit: int = 5) -> Resolution:
    """Return up to `limit` customers the example may be, by their best source record's score.

    `given` holds raw values by canonical attribute. Raises ExampleInvalid for an unknown attribute, a value longer
    than 1,000 characters or an example without any value. At most five queries and two settings (one more when the
    process meets the rule set version for the first time).
    """
    active = get_active_rules()
    _refuse_unusable(given, {attribute.name for attribute in active.rules.attributes})
    scores = matching.score_example(given, active)
    customers = list_customers_of_records(record.record_id for record in scores.records) if scores.records else {}
    best: dict[str, matching.ScoredRecord] = {}
    found: dict[str, int] = {}
    for record in scores.records:
        if record.record_id in customers:
            gid = customers[record.record_id].gid
            best.setdefault(gid, record)
            found[gid] = found.get(gid, 0) + 1
    chosen = list(best.items())[:limit]
    records = sources.list_records(record.record_id for _, record in chosen)
    return Resolution(
        rules_version=active.version,
        prior=active.rules.prior,
        review=active.rules.thresholds.review,
        link=active.rules.thresholds.link,
        compared=scores.compared,
        candidates=tuple(
            CustomerCandidate(
                customer=customers[record.record_id],
                score=record.score,
                band=record.band,
                band_words=matching.BAND_WORDS[record.band],
                best=records[record.record_id],
                records_found=found[gid],
                evidence=record.evidence,
            )
            for gid, record in chosen
        ),
        note="" if chosen else _say_why_none(scores),
    )


def _say_why_none(scores: matching.ExampleScores) -> str:
    if not scores.has_keys:
        return "The example holds nothing rare enough to look up by. Add a name with a place, or an identifier."
    if not scores.compared:
        return "No record shares a match key with the example."
    return f"{scores.compared} records were compared; none is like the example."


def _refuse_unusable(given: Mapping[str, str], known: set[str]) -> None:
    unknown = sorted(given.keys() - known)
    if unknown:
        raise ExampleInvalid(
            f"The rule set has no attribute {unknown[0][:60]!r}; known: {', '.join(sorted(known))}.",
            unknown=[name[:60] for name in unknown[:20]],
            known=sorted(known),
        )
    for name, value in given.items():
        if len(value) > LONGEST_VALUE:
            raise ExampleInvalid(f"{name} has more than {LONGEST_VALUE:,} characters.", attribute=name)
    if not any(value.strip() for value in given.values()):
        raise ExampleInvalid("The example is empty. Give at least a name or an identifier.")
