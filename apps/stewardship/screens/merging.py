"""Two customers beside each other: verdict by field, what keeps them apart, and what merging them would store."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.cases import selectors as cases
from apps.engine.standardise import standardise_record
from apps.golden import selectors as golden
from apps.legal import selectors as legal
from apps.matching.selectors.pairs import score_parts
from apps.pipeline.deciding import Outcome, merge_customers
from apps.pipeline.explaining import explain_apart
from apps.pipeline.previewing import preview
from apps.rulebook.selectors import ActiveRules, find_active_rules
from apps.stewardship.screens.comparing import Run, Verdict, judge_field, mark_differences
from apps.stewardship.screens.customer import SourceCount, count_sources
from apps.stewardship.screens.words import group_attributes, pin_condition, title_of

# What a preview gives as its reason: it is taken back with the rest of it.
TRIED = "shown before it is decided"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two customers, with the sources that know it."""

    customer: golden.Customer
    members: tuple[golden.Member, ...]
    sources: tuple[SourceCount, ...]
    place: str


@dataclass(frozen=True, slots=True)
class MergeRow:
    """One field of both customers and, in a preview, of the one they become; `comes_from` says whose value it is."""

    title: str
    left: tuple[Run, ...]
    right: tuple[Run, ...]
    verdict: Verdict
    result: str
    comes_from: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What merging would come to: the customer that lives on, the id that ends, and what moves."""

    gid: str
    ended: str
    values: Mapping[str, golden.ValueRow]
    moving: tuple[golden.Member, ...]
    pins: tuple[str, ...]
    extensions: tuple[legal.Extension, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class MergePage:
    """Everything the page of two customers shows; `apart` is why they are two, `case` the question about them."""

    left: Side
    right: Side
    groups: tuple[tuple[str, tuple[MergeRow, ...]], ...]
    differences: int
    apart: str
    more: tuple[str, ...]
    case: cases.CaseRow | None
    merged: Merged | None


def build_merge_page(left: golden.Customer, right: golden.Customer, merged: Merged | None = None) -> MergePage:
    """Return two live customers beside each other. At most eleven queries."""
    sides = _side(left), _side(right)
    active = find_active_rules()
    apart, more = _why_apart(left, right, active)
    groups = _rows(left, right, merged, active)
    rows = [row for _, found in groups for row in found]
    return MergePage(
        left=sides[0],
        right=sides[1],
        groups=groups,
        differences=sum(row.verdict.tone in ("conflict", "partial") for row in rows),
        apart=apart,
        more=more,
        case=_find_case(*sides),
        merged=merged,
    )


def preview_merge(
    left: golden.Customer, right: golden.Customer, *, survivor: str, supersedes: Collection[int], actor: Actor
) -> Merged:
    """Return what merging two customers would come to, by the service that would do it; nothing is stored.

    The older id lives on unless `survivor` names the other. Raises what `merge_customers` raises.
    """
    pins: list[golden.PinRow] = []
    extensions: list[legal.Extension] = []

    def merge() -> Outcome:
        outcome = merge_customers(
            gid=left.gid, others=[right.gid], survivor=survivor or None, reason=TRIED, supersedes=supersedes,
            actor=actor,
        )  # fmt: skip
        # A commit that was retried starts anew.
        heir = _heir(outcome, left, right)
        pins[:], extensions[:] = golden.list_pins(heir), legal.list_company_codes(heir)
        return outcome

    outcome = preview(merge)
    heir = _heir(outcome, left, right)
    ended = right.gid if heir == left.gid else left.gid
    values = next(after.values for after in outcome.customers if after.gid == heir)
    return Merged(
        gid=heir,
        ended=ended,
        values={row.attribute: row for row in values},
        moving=tuple(golden.list_members(ended)),
        pins=tuple(f"{title_of(pin.attribute)} “{pin.value}”, {pin_condition(pin)}" for pin in pins),
        extensions=tuple(extensions),
        outcome=outcome,
    )


def _heir(outcome: Outcome, left: golden.Customer, right: golden.Customer) -> str:
    live = {after.gid for after in outcome.customers}
    return left.gid if left.gid in live else right.gid


def _side(customer: golden.Customer) -> Side:
    members = tuple(golden.list_members(customer.gid))
    place = ", ".join(text for text in (customer.city, customer.country) if text)
    return Side(customer, members, count_sources(members), place)


def _why_apart(
    left: golden.Customer, right: golden.Customer, active: ActiveRules | None
) -> tuple[str, tuple[str, ...]]:
    try:
        reasons = explain_apart(left, right, active=active).apart.reasons
    except HubError as error:
        return error.detail.removesuffix("."), ()
    told = [reason.sentence for reason in reasons]
    return told[0] if told else "Nothing keeps them apart any more; the next run brings them together", tuple(told[1:])


def _find_case(left: Side, right: Side) -> cases.CaseRow | None:
    ours, theirs = ({member.record_id for member in side.members} for side in (left, right))
    for case in cases.list_open_cases_of(sorted(ours)):
        if {case.low_record_id, case.high_record_id} & theirs:
            return case
    return None


def _rows(
    left: golden.Customer, right: golden.Customer, merged: Merged | None, active: ActiveRules | None
) -> tuple[tuple[str, tuple[MergeRow, ...]], ...]:
    a, b = ({value.attribute: value.value for value in side.values} for side in (left, right))
    parts = [standardise_record(side, active.rules.attributes) if active else {} for side in (a, b)]
    evidence = score_parts(parts[0], parts[1], active)[0] if active else []
    after = {name: row.value for name, row in merged.values.items()} if merged else {}
    present = {name for values in (a, b, after) for name, text in values.items() if text}
    return tuple(
        (
            title,
            tuple(
                MergeRow(
                    title_of(name),
                    *mark_differences(a.get(name, ""), b.get(name, "")),
                    judge_field(name, a.get(name, ""), b.get(name, ""), evidence, active.rules if active else None),
                    after.get(name, ""),
                    _comes_from(after.get(name, ""), a.get(name, ""), b.get(name, "")),
                )
                for name in attributes
            ),
        )
        for title, attributes in group_attributes(present)
    )


def _comes_from(result: str, left: str, right: str) -> str:
    """Return "left" or "right" where the result is one side's value alone, "both", or "" where it is neither's."""
    if result == left == right:
        return "both"
    return "left" if result == left else "right" if result == right else ""
