"""Group the records of several customers at once: one decision, the shape asked for, kept by runs, undone whole."""

import pytest

from apps.base.abilities import AbilityMissing, Role, abilities_of
from apps.base.actors import Actor
from apps.base.errors import Conflict, Invalid
from apps.cases.selectors import get_case
from apps.golden.places import find_places
from apps.matching.models import Verdict, VerdictPair
from apps.matching.verdicts import DecisionContradicted
from apps.pipeline.deciding import (
    CustomerChanged,
    Outcome,
    VersionNeeded,
    judge_case,
    merge_customers,
    regroup_records,
    undo_decision,
)
from apps.pipeline.deciding.weighing import SecondPersonNeeded
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.gathering import gather
from apps.pipeline.previewing import preview
from apps.pipeline.receiving import receive_together
from apps.pipeline.runs import QuietJournal
from apps.pipeline.snapshot import list_all
from apps.quality.selectors import list_broken
from apps.sources.models import SourceRecord
from apps.sources.pushing import Push
from tests.factories import make_active_rules, make_case, make_source

JANE, HUB = Actor.person("jane", None), Actor.hub("test")
TRAEGER = {
    "name": "Träger Maschinenbau GmbH",
    "street": "Hafenstrasse 12",
    "postcode": "89073",
    "city": "Ulm",
    "country": "Germany",
    "phone": "+49 731 3006 1200",
}
STRAY = {"name": "Quercus Lighting SARL", "city": "Lyon", "country": "France", "phone": "+33 4 7200 1234"}
OTHER = {"name": "Larch Foods Ltd", "city": "Leeds", "country": "United Kingdom", "phone": "+44 113 496 0123"}


@pytest.fixture
def records(db: None) -> dict[str, int]:
    """Four records of one company, of which the rules made one customer, and two of others that a person added."""
    make_active_rules()
    for key, told in {"1": TRAEGER, "2": TRAEGER, "3": TRAEGER, "4": TRAEGER, "5": STRAY, "6": OTHER}.items():
        make_source(f"s{key}")
        receive_together(pushes=[Push(source_code=f"s{key}", key=key, attributes=told)], actor=HUB)
    found = dict(SourceRecord.objects.values_list("key", "pk"))
    gids = [places_of(found)[key] for key in ("1", "5", "6")]
    merge_customers(gid=gids[0], others=gids[1:], reason="one group", actor=JANE)
    assert len(set(places_of(found).values())) == 1
    return found


def places_of(records: dict[str, int]) -> dict[str, str]:
    places = find_places(records.values())
    return {key: places[record].gid for key, record in sorted(records.items())}


def together(records: dict[str, int]) -> set[str]:
    """Return the customers as the keys of their records in a row."""
    homes: dict[str, str] = {}
    for key, gid in places_of(records).items():
        homes[gid] = homes.get(gid, "") + key
    return set(homes.values())


def versions_of(records: dict[str, int]) -> dict[str, int]:
    return {place.gid: place.version for place in find_places(records.values()).values()}


def ids(records: dict[str, int], *groups: str) -> list[list[int]]:
    return [[records[key] for key in group] for group in groups]


def rematch() -> None:
    resolve(QuietJournal(HUB), Ask(reason="matched again", dirty=list_all()))


def test_two_strays_leave_in_one_decision_that_outlives_runs_and_is_undone_whole(records: dict[str, int]) -> None:
    merged = Verdict.objects.get()
    before = places_of(records)
    outcome = regroup_records(
        groups=ids(records, "1234", "5", "6"), versions=versions_of(records), supersedes=[merged.pk], actor=JANE
    )
    assert together(records) == {"1234", "5", "6"}
    assert places_of(records)["1"] == before["1"]
    assert len(outcome.customers) == 3
    rematch()
    assert together(records) == {"1234", "5", "6"}
    assert Verdict.objects.count() == 2
    assert outcome.decision is not None
    undone = undo_decision(verdict_id=outcome.decision, actor=JANE)
    assert (undone.differences, places_of(records)) == ((), before)
    assert list_broken() == []


def test_records_go_over_from_one_customer_to_another_and_a_third_joins(records: dict[str, int]) -> None:
    (merged,) = Verdict.objects.all()
    undo_decision(verdict_id=merged.pk, actor=JANE)
    assert together(records) == {"1234", "5", "6"}
    before = places_of(records)
    outcome = regroup_records(groups=ids(records, "123", "456"), versions=versions_of(records), actor=JANE)
    assert together(records) == {"123", "456"}
    assert places_of(records)["1"] == before["1"]
    # Of the two that became one the older lives on.
    assert places_of(records)["4"] == before["5"]
    rematch()
    assert together(records) == {"123", "456"}
    assert outcome.decision is not None
    undo_decision(verdict_id=outcome.decision, actor=JANE)
    assert places_of(records) == before
    assert list_broken() == []


def test_nothing_is_said_of_what_no_group_names(records: dict[str, int]) -> None:
    undo_decision(verdict_id=Verdict.objects.get().pk, actor=JANE)
    regroup_records(groups=ids(records, "1234", "5"), actor=JANE)
    said = VerdictPair.objects.filter(verdict__undone_at=None)
    assert records["6"] not in {record for pair in said for record in (pair.low_id, pair.high_id)}


def test_every_question_between_the_groups_is_answered_and_the_case_named(records: dict[str, int]) -> None:
    undo_decision(verdict_id=Verdict.objects.get().pk, actor=JANE)
    by_pk = SourceRecord.objects.in_bulk()
    asked, other = (
        make_case(by_pk[records["1"]], by_pk[records[key]], subject=by_pk[records["1"]]) for key in ("5", "6")
    )
    gathering = gather(get_case(asked.pk))
    assert gathering
    assert [len(place.member_ids) for place in gathering.places] == [4, 1, 1]
    assert gathering.subject == records["1"]
    assert gathering.suggestion
    assert {len(group) for group in gathering.suggestion.groups} == {4, 1}
    outcome = regroup_records(groups=ids(records, "12345", "6"), case_id=asked.pk, actor=JANE)
    assert together(records) == {"12345", "6"}
    for case in (asked, other):
        case.refresh_from_db()
    assert (asked.state, other.state) == ("closed", "closed")
    assert asked.close_reason == f"decision {outcome.decision}: same"
    with pytest.raises(Conflict, match="was closed by person:jane"):
        regroup_records(groups=ids(records, "12345", "6"), case_id=asked.pk, actor=JANE)


def test_a_preview_stores_nothing_and_foretells_what_is_stored(records: dict[str, int]) -> None:
    merged = Verdict.objects.get()

    def decide() -> Outcome:
        return regroup_records(groups=ids(records, "12", "34", "56"), supersedes=[merged.pk], actor=JANE)

    def told(outcome: Outcome) -> list[list[tuple[str, str]]]:
        return sorted(sorted((row.attribute, row.value) for row in one.values) for one in outcome.customers)

    shown = preview(decide)
    assert together(records) == {"123456"}
    stored = decide()
    assert together(records) == {"12", "34", "56"}
    assert told(shown) == told(stored)


def test_who_saw_other_versions_or_names_none_changes_nothing(records: dict[str, int]) -> None:
    old = {gid: version - 1 for gid, version in versions_of(records).items()}
    with pytest.raises(CustomerChanged):
        regroup_records(groups=ids(records, "1234", "5", "6"), versions=old, actor=JANE)
    with pytest.raises(VersionNeeded):
        regroup_records(groups=ids(records, "1234", "5", "6"), versions={}, actor=JANE)
    assert together(records) == {"123456"}


def test_a_decision_in_the_way_is_told_unless_it_is_cited(records: dict[str, int]) -> None:
    with pytest.raises(DecisionContradicted):
        regroup_records(groups=ids(records, "1234", "5", "6"), actor=JANE)


def test_related_customers_stay_related_when_they_are_grouped_apart(records: dict[str, int]) -> None:
    undo_decision(verdict_id=Verdict.objects.get().pk, actor=JANE)
    by_pk = SourceRecord.objects.in_bulk()
    case = make_case(by_pk[records["1"]], by_pk[records["5"]])
    judge_case(case_id=case.pk, verdict="related", actor=JANE)
    regroup_records(groups=ids(records, "1234", "5", "6"), actor=JANE)
    kinds = VerdictPair.objects.filter(verdict__undone_at=None, high_id=records["5"]).values_list("kind", flat=True)
    assert set(kinds) == {"related"}


@pytest.mark.parametrize("groups", [[], [[]], [[1]], [[1, 2], [2, 3]]])
def test_groups_that_say_nothing_or_two_things_are_refused(groups: list[list[int]]) -> None:
    with pytest.raises(Invalid):
        regroup_records(groups=groups, actor=JANE)


def test_groups_that_change_nothing_are_refused(records: dict[str, int]) -> None:
    with pytest.raises(Invalid, match="nothing is decided"):
        regroup_records(groups=ids(records, "123456"), actor=JANE)


def test_a_record_without_a_customer_is_named(records: dict[str, int]) -> None:
    receive_together(pushes=[Push("s6", "6", is_deleted=True)], actor=HUB)
    with pytest.raises(Invalid, match="s6 6 belongs to no customer now"):
        regroup_records(groups=ids(records, "1234", "56"), actor=JANE)


def test_a_steward_may_not_join_customers_of_two_countries_alone_but_may_keep_them_apart(
    records: dict[str, int],
) -> None:
    undo_decision(verdict_id=Verdict.objects.get().pk, actor=JANE)
    steward = Actor.person("sam", None, abilities_of([Role.STEWARD]))
    with pytest.raises(SecondPersonNeeded, match="FR"):
        regroup_records(groups=ids(records, "12345", "6"), actor=steward)
    regroup_records(groups=ids(records, "1234", "5", "6"), actor=steward)
    with pytest.raises(AbilityMissing):
        regroup_records(groups=ids(records, "1234", "5", "6"), actor=Actor.person("vic", None, abilities_of([])))
