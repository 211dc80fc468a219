"""Same, different, undo: carried out at once, taken back without residue, and binding for every later load."""

from pathlib import Path

import pytest

from apps.base.actors import Actor
from apps.base.errors import Conflict
from apps.cases.models import Case
from apps.golden.models import GoldenRecord
from apps.matching.models import VerdictPair
from apps.outbox.models import Event
from apps.pipeline.deciding import judge_case, undo_decision
from apps.quality.selectors import list_broken
from apps.sources.models import SourceRecord
from tests.pipeline.files import KEYS, Row, changed, cut_sample, load, load_rows, write_rows
from tests.pipeline.reading import Hub, list_live_gids, read_hub, resolve_gid

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
JANE = Actor.person("jane", None)


@pytest.fixture
def rows(tmp_path: Path) -> dict[str, list[Row]]:
    """A loaded hub with open cases, and the rows it was loaded from."""
    cut = cut_sample(100)
    load_rows(tmp_path / "first", cut)
    return cut


def open_cases() -> list[Case]:
    return list(Case.objects.filter(state="open", kind="pair").order_by("-score", "pk"))


def sides(case: Case) -> tuple[str, str]:
    """Return the governed ids of the two customers a case asks about."""
    low, high = (GoldenRecord.objects.get(memberships__record_id=r) for r in (case.low_record_id, case.high_record_id))
    return low.gid, high.gid


def changed_customers(before: Hub, after: Hub) -> set[str]:
    return {gid for gid in before.customers if before.customers[gid] != after.customers.get(gid)}


def test_same_merges_the_two_customers_and_nobody_else(rows: dict[str, list[Row]]) -> None:
    before, case = read_hub(), open_cases()[0]
    low, high = sides(case)
    judgement = judge_case(case_id=case.pk, verdict="same", actor=JANE)
    after = read_hub()
    assert {judgement.gid, judgement.merged_gid} == {low, high}
    assert after.customers[judgement.gid or ""] == before.customers[low] | before.customers[high]
    assert changed_customers(before, after) == {low, high}
    assert resolve_gid(judgement.merged_gid or "") == ("merged", judgement.gid)
    assert list_broken() == []


@pytest.mark.parametrize("verdict", ["same", "different"])
def test_undo_restores_partition_values_and_live_ids(verdict: str, rows: dict[str, list[Row]]) -> None:
    before, gids, cases = read_hub(), list_live_gids(), {c.pk for c in open_cases()}
    case = open_cases()[0]
    judgement = judge_case(case_id=case.pk, verdict=verdict, actor=JANE)
    undo_decision(verdict_id=judgement.verdict_id, actor=JANE)
    after = read_hub()
    assert after.partition == before.partition
    assert (after.gid_of, after.values) == (before.gid_of, before.values)
    assert list_live_gids() == gids
    assert {c.pk for c in open_cases()} == cases
    assert list_broken() == []


def test_merges_undone_in_the_order_they_were_made_restore_everything(rows: dict[str, list[Row]]) -> None:
    before = read_hub()
    made: list[int] = []
    for case in open_cases():
        if len(made) == 4:
            break
        low, high = sides(case)
        if low != high and Case.objects.get(pk=case.pk).state == "open":
            made.append(judge_case(case_id=case.pk, verdict="same", actor=JANE).verdict_id)
    assert len(made) == 4
    for verdict_id in made:
        undo_decision(verdict_id=verdict_id, actor=JANE)
        assert list_broken() == []
    after = read_hub()
    assert after.content == before.content
    assert set(after.customers) == set(before.customers)


def test_events_of_a_merge_and_its_undo_have_no_gap(rows: dict[str, list[Row]]) -> None:
    case = open_cases()[0]
    pair = sides(case)
    judgement = judge_case(case_id=case.pk, verdict="same", actor=JANE)
    undo_decision(verdict_id=judgement.verdict_id, actor=JANE)
    for gid in pair:
        sequences = list(Event.objects.filter(subject=gid).order_by("id").values_list("sequence", flat=True))
        assert sequences == list(range(1, len(sequences) + 1))
        assert len(sequences) == 3
    merged = Event.objects.get(subject=judgement.merged_gid, type="customer.merged")
    tie = Event.objects.filter(transaction_id=merged.transaction_id).values_list("subject", flat=True)
    assert set(tie) == set(pair)


def test_a_decision_taken_twice_back_is_refused(rows: dict[str, list[Row]]) -> None:
    judgement = judge_case(case_id=open_cases()[0].pk, verdict="different", actor=JANE)
    undo_decision(verdict_id=judgement.verdict_id, actor=JANE)
    with pytest.raises(Conflict, match="undone already"):
        undo_decision(verdict_id=judgement.verdict_id, actor=JANE)


def test_what_a_person_keeps_apart_no_later_load_merges(tmp_path: Path, rows: dict[str, list[Row]]) -> None:
    case = open_cases()[0]
    judge_case(case_id=case.pk, verdict="different", actor=JANE)
    # Every source now gives one name, number and address to both sides.
    load_rows(tmp_path / "alike", _alike(rows, case))
    pairs = VerdictPair.objects.filter(is_live=True).values_list("low_id", "high_id")
    assert pairs
    for low, high in pairs:
        assert _customer_of(low) != _customer_of(high)
    asked = Case.objects.filter(state="open", low_record_id=case.low_record_id, high_record_id=case.high_record_id)
    # Nobody asks the old question; that what was known has changed is a new one.
    assert [one.kind for one in asked] == ["reopened"]
    assert list_broken() == []


def test_without_the_decision_the_same_load_would_have_merged_them(tmp_path: Path, rows: dict[str, list[Row]]) -> None:
    case = open_cases()[0]
    load_rows(tmp_path / "alike", _alike(rows, case))
    assert _customer_of(case.low_record_id) == _customer_of(case.high_record_id)


def test_what_a_person_put_together_stays_so_whatever_the_sources_say(
    tmp_path: Path, rows: dict[str, list[Row]]
) -> None:
    case = open_cases()[0]
    judgement = judge_case(case_id=case.pk, verdict="same", actor=JANE)
    strange = changed(rows["crm"], lambda _: {"Name": "Utterly Other Name", "LastModifiedDate": LATER}, every=1)
    load(write_rows(tmp_path / "strange", "crm", strange))
    assert _customer_of(case.low_record_id) == _customer_of(case.high_record_id)
    assert judgement.gid in list_live_gids()
    assert list_broken() == []


LATER = "2030-01-01T00:00:00.000+0000"
ALIKE = {
    "erp": {"NAME1": "Vantablack Tessellation Inc.", "STRAS": "12 QUARRY ROAD", "ORT01": "DOVER", "REGIO": "DE",
            "PSTLZ": "19901", "LAND1": "United States", "TELF1": "302-555-0171", "STCD1": "", "INC_STATE": "US-DE"},
    "billing": {"account_name": "Vantablack Tessellation Inc.", "bill_to_line": "12 QUARRY ROAD",
                "bill_to_city": "DOVER", "bill_to_state": "DE", "bill_to_postal_code": "19901",
                "bill_to_country": "United States", "updated_at": "2030-01-01T00:00:00Z"},
    "crm": {"Name": "Vantablack Tessellation Inc.", "BillingCity": "DOVER", "BillingState": "DE",
            "BillingPostalCode": "19901", "BillingCountry": "United States", "Website": "vantablack-tess.com",
            "LastModifiedDate": LATER},
}  # fmt: skip


def _alike(rows: dict[str, list[Row]], case: Case) -> dict[str, list[Row]]:
    """Return the rows with those of the case's two records made one company, word for word."""
    names = set(
        SourceRecord.objects.filter(pk__in=[case.low_record_id, case.high_record_id]).values_list("source__code", "key")
    )
    return {
        code: [{**row, **ALIKE[code]} if (code, row[KEYS[code]]) in names else row for row in given]
        for code, given in rows.items()
    }


def _customer_of(record_id: int | None) -> str:
    return GoldenRecord.objects.get(memberships__record_id=record_id).gid
