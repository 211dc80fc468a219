"""Which customers an example may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from apps.base.errors import HubError, Invalid
from apps.engine.records import Evidence
from apps.golden.selectors.customers import CustomerSummary, list_customers_of_records
from apps.matching import selectors as matching
from apps.rulebook.selectors import ActiveRules, get_active_rules
from apps.sources import selectors as sources

LONGEST_VALUE = 1_000
TOGETHER = 25
"""Examples looked up together."""


class ExampleInvalid(Invalid):
    """An example names an attribute the rule set lacks, or a value that can't be one."""

    code = "resolve.example_invalid"
    title = "The example can't be used"


class OutOfTime(HubError):
    """The time for a batch of examples was over before this one's turn."""

    code = "resolve.out_of_time"
    status = 503
    title = "Not reached in time"


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
    than 1,000 characters or an example without any value. At most five queries (one more when the process
    meets the rule set version for the first time).
    """
    active = get_active_rules()
    _refuse_unusable(given, {attribute.name for attribute in active.rules.attributes})
    return _resolve([given], active, limit=limit, with_evidence=True)[0]


def resolve_examples(
    examples: Sequence[Mapping[str, str]], *, limit: int = 5, with_evidence: bool = False, seconds: float = 20.0
) -> list[Resolution | HubError]:
    """Return for each example, in their order, what `resolve_example` does, or the error that stands against it.

    Evidence is empty unless asked for. After `seconds` the examples that are left answer OutOfTime. Four queries for
    each 25 examples, and one.
    """
    active = get_active_rules()
    known = {attribute.name for attribute in active.rules.attributes}
    answers: list[Resolution | HubError] = [OutOfTime(f"{seconds:g} seconds were over.")] * len(examples)
    usable = []
    for place, given in enumerate(examples):
        try:
            _refuse_unusable(given, known)
        except ExampleInvalid as error:
            answers[place] = error
        else:
            usable.append(place)
    until = monotonic() + seconds
    for chunk in (usable[at : at + TOGETHER] for at in range(0, len(usable), TOGETHER)):
        if monotonic() > until:
            break
        found = _resolve([examples[place] for place in chunk], active, limit=limit, with_evidence=with_evidence)
        for place, resolution in zip(chunk, found, strict=True):
            answers[place] = resolution
    return answers


def _resolve(
    examples: Sequence[Mapping[str, str]], active: ActiveRules, *, limit: int, with_evidence: bool
) -> list[Resolution]:
    scored = matching.score_examples(examples, active)
    ids = {record.record_id for scores in scored for record in scores.records}
    customers = list_customers_of_records(ids) if ids else {}
    chosen = [_best(scores, customers, limit) for scores in scored]
    records = sources.list_records({best.record.record_id for bests in chosen for best in bests})
    return [
        Resolution(
            rules_version=active.version,
            prior=active.rules.prior,
            review=active.rules.thresholds.review,
            link=active.rules.thresholds.link,
            compared=scores.compared,
            candidates=tuple(
                CustomerCandidate(
                    customer=best.customer,
                    score=best.record.score,
                    band=best.record.band,
                    band_words=matching.BAND_WORDS[best.record.band],
                    best=records[best.record.record_id],
                    records_found=best.found,
                    evidence=matching.weigh_example(scores, best.record, active) if with_evidence else (),
                )
                for best in bests
            ),
            note="" if bests else _say_why_none(scores),
        )
        for scores, bests in zip(scored, chosen, strict=True)
    ]


@dataclass(slots=True)
class _Best:
    """A customer's record that scored highest, and how many of its records were found."""

    customer: CustomerSummary
    record: matching.ScoredRecord
    found: int = 0


def _best(scores: matching.ExampleScores, customers: Mapping[int, CustomerSummary], limit: int) -> list[_Best]:
    """Return the first `limit` customers by their best record; the records come strongest first."""
    best: dict[str, _Best] = {}
    for record in scores.records:
        if customer := customers.get(record.record_id):
            best.setdefault(customer.gid, _Best(customer, record)).found += 1
    return list(best.values())[:limit]


def _say_why_none(scores: matching.ExampleScores) -> str:
    if not scores.has_keys:
        return "The example holds nothing rare enough to look up by. Add a name with a place, or an identifier."
    if not scores.compared:
        return "No record shares a match key with the example."
    return f"{scores.compared} records were compared; none is like the example."


def _refuse_unusable(given: Mapping[str, str], known: set[str]) -> None:
    """Raise ExampleInvalid for an example that can't be scored; `known` names the rule set's attributes."""
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
