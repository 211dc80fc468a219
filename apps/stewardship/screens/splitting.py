"""Split a customer: its records to tick, the customers that would come of it, and what moves with them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from apps.base.actors import Actor
from apps.engine.explain import ClusterExplanation
from apps.golden import selectors as golden
from apps.legal import selectors as legal
from apps.pipeline.deciding import After, Outcome, split_customer
from apps.pipeline.explaining import CustomerReport, explain_customer
from apps.pipeline.previewing import preview
from apps.sources import selectors as sources
from apps.stewardship.screens.customer import Head
from apps.stewardship.screens.words import group_attributes, pin_condition, title_of

# What a preview gives as its reason: it is taken back with the rest of it.
TRIED = "shown before it is decided"


@dataclass(frozen=True, slots=True)
class Choice:
    """One source record of the customer, and whether it is ticked to leave."""

    token: str
    source: sources.Source
    key: str
    name: str
    place: str
    leaves: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Which records to part from the others, and why."""

    tokens: tuple[str, ...]
    why: str

    @property
    def query(self) -> str:
        """The part of an address that ticks these records."""
        return urlencode({"records": self.tokens}, doseq=True)


@dataclass(frozen=True, slots=True)
class Result:
    """One customer that would come of a split, with what goes to it."""

    heading: str
    leaves: bool
    after: After
    pins: tuple[str, ...]
    extensions: tuple[legal.Extension, ...]


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One attribute over all customers that would come of a split."""

    title: str
    values: tuple[str, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class SplitPreview:
    """What a split would come to: customers side by side, their values by group, and who is told."""

    results: tuple[Result, ...]
    groups: tuple[tuple[str, tuple[ResultRow, ...]], ...]
    outcome: Outcome


def read_choices(head: Head, chosen: Collection[str]) -> list[Choice]:
    """Return the customer's records, those ticked whose "source:key" is among `chosen`. One query."""
    given = sources.list_given(member.record_id for member in head.members)
    choices = []
    for member in head.members:
        said = given[member.record_id].given if member.record_id in given else {}
        token = f"{member.source.code}:{member.key}"
        place = ", ".join(text for name in ("street", "city", "country") if (text := said.get(name, "")))
        choices.append(Choice(token, member.source, member.key, said.get("name", ""), place, token in chosen))
    return choices


def suggest_split(customer: golden.Customer) -> Suggestion | None:
    """Return the records that the evidence parts from the others, None where nothing speaks against the customer.

    Raises what `explain_customer` raises. At most five queries.
    """
    return suggest_from(explain_customer(customer))


def suggest_from(report: CustomerReport) -> Suggestion | None:
    """Return the records that an explained customer's evidence parts from the others, None where nothing does."""
    found = _find_strays(report.cluster) if report.cluster else None
    if found is None:
        return None
    strays, why = found
    records = [report.records[record] for record in strays]
    return Suggestion(tuple(f"{record.source.code}:{record.key}" for record in records), why)


def preview_split(
    gid: str, tokens: Sequence[str], *, keeps_id: bool, supersedes: Collection[int], actor: Actor
) -> SplitPreview:
    """Return what parting these records from the others would come to; nothing is stored.

    `keeps_id` lets the records that leave take the customer's id along. Raises what `split_customer` raises. The
    queries of a split, and two for each customer that comes of it.
    """
    moved: list[tuple[tuple[golden.PinRow, ...], tuple[legal.Extension, ...]]] = []

    def split() -> Outcome:
        outcome = part(gid, tokens, keeps_id=keeps_id, reason=TRIED, supersedes=supersedes, actor=actor)
        # A commit that was retried starts anew.
        moved[:] = [
            (tuple(golden.list_pins(one.gid)), tuple(legal.list_company_codes(one.gid)))
            for one in outcome.customers
            if one.gid
        ]
        return outcome

    outcome = preview(split)
    leaving = set(tokens)
    results = [
        Result(
            heading=_head(after, leaving),
            leaves=bool(_tokens(after) & leaving),
            after=after,
            pins=tuple(f"{title_of(pin.attribute)} “{pin.value}”, {pin_condition(pin)}" for pin in pins),
            extensions=extensions,
        )
        for after, (pins, extensions) in zip(outcome.customers, moved, strict=True)
    ]
    # Those that stay first; Python's sort keeps the order of all others.
    results.sort(key=lambda result: result.leaves)
    return SplitPreview(tuple(results), _rows([result.after for result in results]), outcome)


def part(
    gid: str,
    tokens: Sequence[str],
    *,
    keeps_id: bool,
    reason: str,
    versions: Mapping[str, int] | None = None,
    supersedes: Collection[int] = (),
    actor: Actor,
) -> Outcome:
    """Split records off a customer; raises what `split_customer` raises."""
    return split_customer(
        gid=gid,
        groups=[tokens],
        heir=0 if keeps_id else None,
        reason=reason,
        versions=versions,
        supersedes=supersedes,
        actor=actor,
    )


def _find_strays(cluster: ClusterExplanation) -> tuple[tuple[int, ...], str] | None:
    if len(cluster.groups) > 1:
        largest = max(cluster.groups, key=len)
        strays = tuple(record for group in cluster.groups if group is not largest for record in group)
        return strays, "By today's rules and decisions these records don't belong with the others."
    weakest = cluster.weakest
    if weakest is None or not (cluster.conflicts or cluster.weak_pairs):
        return None
    strays = min(weakest.joined, weakest.group, key=len)
    if cluster.conflicts:
        return strays, f"{cluster.conflicts[0].sentence}. They hang on the others by the weakest link."
    return strays, "Some pairs look like two customers. These hang on the others by the weakest link."


def _tokens(after: After) -> set[str]:
    return {f"{record.source.code}:{record.key}" for record in after.members}


def _head(after: After, leaving: Collection[str]) -> str:
    held = _tokens(after)
    if not held & set(leaving):
        return "Stays"
    return "Leaves" if held <= set(leaving) else "Joins others"


def _rows(customers: Sequence[After]) -> tuple[tuple[str, tuple[ResultRow, ...]], ...]:
    texts = [{row.attribute: row.value for row in customer.values} for customer in customers]
    names = {name for values in texts for name in values}
    return tuple(
        (title, tuple(_row(name, [values.get(name, "") for values in texts]) for name in attributes))
        for title, attributes in group_attributes(names)
    )


def _row(name: str, values: Sequence[str]) -> ResultRow:
    return ResultRow(title_of(name), tuple(values), differs=len({value.casefold() for value in values}) > 1)
