"""A customer whose records don't look alike: asked about, held together, parted, and asked about no more."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from apps.base.actors import Actor
from apps.base.errors import Invalid
from apps.cases.models import Case
from apps.golden.models import Membership
from apps.matching.models import Verdict, VerdictPair
from apps.pipeline.deciding import Choice, judge_case, judge_records, undo_decision
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.receiving import receive_together
from apps.pipeline.runs import QuietJournal
from apps.pipeline.snapshot import list_all
from apps.quality.selectors import list_broken
from apps.rulebook.selectors import get_active_rules
from apps.sources.models import SourceRecord
from apps.sources.pushing import Push
from apps.sources.selectors import list_given
from tests.pipeline.files import cut_sample, load_rows
from tests.pipeline.reading import count_traces, read_details, read_hub
from tests.rolled_back import rolled_back

pytestmark = pytest.mark.slow
JANE = Actor.person("jane", None)


@pytest.fixture(scope="module")
def hub(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Customers of 110 companies, gone when the module ends."""
    with rolled_back(django_db_blocker):
        load_rows(tmp_path_factory.mktemp("files"), cut_sample(110))
        yield


@pytest.fixture
def db(hub: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with rolled_back(django_db_blocker):
        yield


@pytest.fixture
def doubt(db: None) -> Case:
    """The case about the largest customer in question."""
    found = Case.objects.filter(state="open", kind="weak").order_by("-stake", "pk").first()
    assert found is not None
    return found


def home_of(record: int | None) -> int:
    return Membership.objects.get(record_id=record).golden_id


def mates_of(case: Case) -> list[int]:
    home = home_of(case.low_record_id)
    return list(Membership.objects.filter(golden_id=home).order_by("pk").values_list("pk", flat=True))


def open_doubts(case: Case) -> list[Case]:
    """Return the open cases about the customer of a case's first record."""
    mates = mates_of(case)
    return list(Case.objects.filter(state="open", kind="weak", low_record_id__in=mates, high_record_id__in=mates))


def rematch() -> None:
    resolve(QuietJournal(Actor.hub("rematch")), Ask(reason="matched again", dirty=list_all()))


def named(record: int | None) -> tuple[str, str]:
    assert record is not None
    row = SourceRecord.objects.select_related("source").get(pk=record)
    return row.source.code, row.key


def test_each_customer_in_question_is_asked_about_once_by_its_weakest_pair(doubt: Case) -> None:
    most = get_active_rules().rules.thresholds.weak
    assert most is not None
    cases = list(Case.objects.filter(state="open", kind="weak"))
    assert len({home_of(case.low_record_id) for case in cases}) == len(cases)
    for case in cases:
        assert home_of(case.low_record_id) == home_of(case.high_record_id)
        assert case.score is not None
        assert case.score <= most
        assert case.stake == len(mates_of(case))
        assert case.subject_record_id in (case.low_record_id, case.high_record_id)
        assert case.facts == {"reason": "weak"}
    assert not list_broken()


def test_same_silences_it_for_good_and_its_undo_asks_again(doubt: Case) -> None:
    before, details = read_hub(), read_details()
    made = judge_case(case_id=doubt.pk, verdict="same", reason="renamed in May", actor=JANE)
    doubt.refresh_from_db()
    assert (doubt.state, doubt.close_reason) == ("closed", f"decision {made.verdict_id}: same")
    assert made.gid is not None
    assert "stay together" in made.message
    assert list(VerdictPair.objects.values_list("low_id", "high_id", "kind", "is_live")) == [
        (doubt.low_record_id, doubt.high_record_id, "same", True)
    ]
    # The customer may still be asked about by another pair, but not by this one.
    assert all(case.pk != doubt.pk for case in open_doubts(doubt))
    assert len(open_doubts(doubt)) <= 1
    asked = set(Case.objects.filter(state="open").values_list("low_record_id", "high_record_id"))
    rematch()
    assert set(Case.objects.filter(state="open").values_list("low_record_id", "high_record_id")) == asked
    assert read_hub() == before
    assert not list_broken()
    undo_decision(verdict_id=made.verdict_id, actor=JANE)
    doubt.refresh_from_db()
    assert doubt.state == "open"
    assert read_hub() == before
    assert read_details() == details
    assert not list_broken()


def test_the_next_worst_pair_is_asked_about_until_none_is_left(doubt: Case) -> None:
    asked, scores = doubt, list[int]()
    while True:
        scores.append(asked.score or 0)
        judge_case(case_id=asked.pk, verdict="same", actor=JANE)
        following = open_doubts(doubt)
        if not following:
            break
        (asked,) = following
    assert scores == sorted(scores)
    assert not list_broken()


def test_different_parts_the_customer_and_its_undo_restores_it(doubt: Case) -> None:
    before, details = read_hub(), read_details()
    made = judge_case(case_id=doubt.pk, verdict="different", reason="two firms", actor=JANE)
    assert made.message.startswith("Split: ")
    assert home_of(doubt.low_record_id) != home_of(doubt.high_record_id)
    assert not open_doubts(doubt)
    parted = read_hub()
    rematch()
    assert read_hub() == parted
    assert not list_broken()
    undo_decision(verdict_id=made.verdict_id, actor=JANE)
    assert read_hub() == before
    assert read_details() == details
    doubt.refresh_from_db()
    assert doubt.state == "open"
    assert not list_broken()


def test_not_sure_leaves_it_open_and_nothing_else_changes(doubt: Case) -> None:
    before = read_hub(), read_details()
    made = judge_case(case_id=doubt.pk, verdict="not_sure", actor=JANE)
    doubt.refresh_from_db()
    assert (doubt.state, made.message) == ("open", "Left open for somebody else.")
    assert Verdict.objects.get(pk=made.verdict_id).kind == "not_sure"
    assert (read_hub(), read_details()) == before
    with pytest.raises(Invalid):
        judge_case(case_id=doubt.pk, verdict="same", choices=[Choice("city", "Ulm")], actor=JANE)


def test_confirming_a_customer_makes_no_event_and_no_version(doubt: Case) -> None:
    before = count_traces()
    judge_case(case_id=doubt.pk, verdict="same", actor=JANE)
    after = count_traces()
    untouched = ("outbox_event", "delivery_delivery", "golden_move", "golden_historicalgoldenrecord")
    assert {name: after[name] for name in untouched} == {name: before[name] for name in untouched}


def test_a_verdict_on_the_pair_settles_it_without_the_case(doubt: Case) -> None:
    low, high = named(doubt.low_record_id), named(doubt.high_record_id)
    done = judge_records(left=low, right=high, verdict="different", reason="two firms", actor=JANE)
    doubt.refresh_from_db()
    assert doubt.close_reason == f"decision {done.decision}: different"
    assert len(done.customers) == 2
    assert not list_broken()


def test_it_is_moot_when_one_of_the_two_is_gone(doubt: Case) -> None:
    code, key = named(doubt.high_record_id)
    receive_together(pushes=[Push(code, key, is_deleted=True)], actor=Actor("system", "sync"))
    doubt.refresh_from_db()
    assert (doubt.state, doubt.close_reason) == ("closed", "moot: a record is gone")
    assert not list_broken()


def test_it_is_moot_when_the_two_look_alike(doubt: Case) -> None:
    assert doubt.low_record_id is not None
    given = list_given([doubt.low_record_id])[doubt.low_record_id].given
    receive_together(pushes=[Push(*named(doubt.high_record_id), given)], actor=Actor("system", "sync"))
    doubt.refresh_from_db()
    assert doubt.state == "closed"
    assert doubt.close_reason.startswith("moot: ")
    assert "gone" not in doubt.close_reason
    assert not list_broken()
