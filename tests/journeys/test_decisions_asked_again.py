"""A "different" whose ground has moved is asked about again, bars until a person decides, and a merge may clash."""

from pathlib import Path

import pytest

from apps.base.actors import Actor
from apps.cases.models import Case
from apps.golden.models import GoldenRecord
from apps.matching.models import VerdictPair
from apps.pipeline.deciding import judge_case, merge_customers, undo_decision
from apps.quality.selectors import list_broken
from tests.pipeline.files import Row, load_rows

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
JANE = Actor.person("jane", None)
LEIS = ("5493001KJTIIGC8Y1R12", "529900T8BM49AURSDO55")


def account(number: int, name: str, city: str, day: int, **more: str) -> Row:
    stamp = f"2030-01-{day:02d}T00:00:00.000+0000"
    place = {"BillingCity": city, "BillingState": "DE", "BillingCountry": "United States"}
    return {"Id": f"00{number}", "Name": name, "LastModifiedDate": stamp, **place, **more}


def take_in(folder: Path, *accounts: Row) -> None:
    load_rows(folder / accounts[0]["LastModifiedDate"][:10], {"crm": list(accounts)})


@pytest.fixture
def case(db: None, tmp_path: Path) -> Case:
    """Two accounts that were judged different by their case."""
    fillers = [account(n, f"{w} Works Inc", f"{w} Hill", 1) for n, w in enumerate(WORDS, start=3)]
    first = account(1, "Vantablack Tessellation Inc", "DOVER", 1)
    take_in(tmp_path, first, account(2, "Vantablack Tessellations Holding Inc", "LEWES", 1), *fillers)
    low, high = record_of("001"), record_of("002")
    found = Case.objects.filter(low_record_id=low, high_record_id=high).first()
    return found or Case.objects.create(
        low_record_id=low, high_record_id=high, question="Same?", opened_at="2030-01-01T00:00:00Z"
    )


WORDS = ("Quillwort", "Marigold", "Sedge", "Bracken", "Lupin", "Teasel", "Yarrow", "Sorrel", "Vetch", "Burdock")


def record_of(key: str) -> int:
    from apps.sources.models import SourceRecord

    return SourceRecord.objects.get(key=key).pk


def customer_of(key: str) -> GoldenRecord:
    return GoldenRecord.objects.get(memberships__record__key=key)


def asked_again() -> list[Case]:
    return list(Case.objects.filter(kind="reopened", state="open"))


def test_a_changed_name_opens_a_case_that_says_so_and_bars_until_decided(case: Case, tmp_path: Path) -> None:
    decided = judge_case(case_id=case.pk, verdict="different", actor=JANE)
    alike = account(2, "Vantablack Tessellation Inc", "DOVER", 2)
    take_in(tmp_path, alike)
    again = asked_again()
    assert [(one.low_record_id, one.high_record_id) for one in again] == [(case.low_record_id, case.high_record_id)]
    facts = again[0].facts
    assert facts["decision"] == decided.verdict_id
    assert {change["what"] for change in facts["changes"]} == {"name", "city"}
    assert customer_of("001") != customer_of("002")
    assert list_broken() == []

    merged = judge_case(case_id=again[0].pk, verdict="same", actor=JANE)
    assert customer_of("001") == customer_of("002")
    assert VerdictPair.objects.get(verdict_id=decided.verdict_id).superseded_by_id == merged.verdict_id
    assert list_broken() == []
    undo_decision(verdict_id=merged.verdict_id, actor=JANE)
    assert customer_of("001") != customer_of("002")
    assert [one.pk for one in asked_again()] == [again[0].pk]


def test_a_different_said_again_is_asked_about_only_when_more_changes(case: Case, tmp_path: Path) -> None:
    judge_case(case_id=case.pk, verdict="different", actor=JANE)
    take_in(tmp_path, account(2, "Vantablack Tessellation Inc", "LEWES", 2))
    renewed = judge_case(case_id=asked_again()[0].pk, verdict="different", actor=JANE)
    assert asked_again() == []
    take_in(tmp_path, account(2, "Vantablack Tessellation Inc", "LEWES", 3, Website="vantablack-tess.com"))
    assert asked_again() == []
    take_in(tmp_path, account(2, "Vantablack Tessellation Inc", "SMYRNA", 4))
    assert [one.facts["decision"] for one in asked_again()] == [renewed.verdict_id]


def test_a_change_taken_back_closes_the_case_and_so_does_undoing_the_decision(case: Case, tmp_path: Path) -> None:
    decided = judge_case(case_id=case.pk, verdict="different", actor=JANE)
    take_in(tmp_path, account(2, "Vantablack Tessellation Inc", "LEWES", 2))
    assert len(asked_again()) == 1
    take_in(tmp_path, account(2, "Vantablack Tessellations Holding Inc", "LEWES", 3))
    assert asked_again() == []
    take_in(tmp_path, account(2, "Vantablack Tessellation Inc", "LEWES", 4))
    assert len(asked_again()) == 1
    undo_decision(verdict_id=decided.verdict_id, actor=JANE)
    assert asked_again() == []


def test_a_merge_that_cites_the_decision_answers_the_question_and_its_undo_asks_again(
    case: Case, tmp_path: Path
) -> None:
    decided = judge_case(case_id=case.pk, verdict="different", actor=JANE)
    take_in(tmp_path, account(2, "Vantablack Tessellation Inc", "LEWES", 2))
    first, second = customer_of("001").gid, customer_of("002").gid
    merged = merge_customers(gid=first, others=[second], reason="renamed", supersedes=[decided.verdict_id], actor=JANE)
    assert asked_again() == []
    undo_decision(verdict_id=merged.decision or 0, actor=JANE)
    assert [one.facts["decision"] for one in asked_again()] == [decided.verdict_id]
    assert list_broken() == []


def test_a_load_that_changes_nothing_decided_opens_nothing(case: Case, tmp_path: Path) -> None:
    judge_case(case_id=case.pk, verdict="different", actor=JANE)
    take_in(tmp_path, account(3, "Quillwort Mills Inc", "Quillwort Hill", 2))
    assert asked_again() == []
    assert list_broken() == []


def test_a_merge_against_two_numbers_opens_one_conflict_that_ends_with_it(case: Case) -> None:
    _give_leis()
    done = merge_customers(
        gid=customer_of("001").gid, others=[customer_of("002").gid], reason="one company", actor=JANE
    )
    conflict = Case.objects.get(kind="conflict", state="open")
    assert done.cases == (conflict.pk,)
    assert (conflict.low_record_id, conflict.high_record_id) == (record_of("001"), record_of("002"))
    undo_decision(verdict_id=done.decision or 0, actor=JANE)
    conflict.refresh_from_db()
    assert conflict.state == "closed"
    again = merge_customers(
        gid=customer_of("001").gid, others=[customer_of("002").gid], reason="one company", actor=JANE
    )
    judge_case(case_id=again.cases[0], verdict="same", reason="the second number lapsed", actor=JANE)
    assert not Case.objects.filter(kind="conflict", state="open").exists()
    # The numbers were written past the engine, so the links don't know of them.
    assert {finding.number for finding in list_broken()} <= {12}


def _give_leis() -> None:
    """Let both records carry a checked number, as a source with a column for it would have."""
    from apps.matching.models import StandardRecord

    for key, lei in zip(("001", "002"), LEIS, strict=True):
        standard = StandardRecord.objects.get(pk=record_of(key))
        standard.parts |= {"lei.number": lei, "lei.issuer": "GLEIF", "lei.check": "verified"}
        standard.save()
