"""What a steward fixed stays fixed: through newer source values, merges and their undoing, reloads and a new match."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from apps.base.actors import Actor
from apps.base.errors import NotFound
from apps.cases.models import Case
from apps.golden.models import GoldenRecord, Pin
from apps.golden.pinning import ChecksumWrong, ConditionInvalid, PinNotFound, ValueUnusable, hang_pins
from apps.golden.selectors import list_pins, search_customers
from apps.outbox.models import Event
from apps.pipeline.deciding import judge_case, undo_decision
from apps.pipeline.deciding.versions import CustomerChanged
from apps.pipeline.fixing import SourceKey, Wish, pin_value, release_due_pins, release_pin
from apps.pipeline.rematching import rematch_all
from apps.quality.selectors import list_broken
from apps.rulebook.selectors import get_active_rules
from apps.sources.models import SourceRecord
from tests.pipeline.files import Row, cut_sample, load_rows
from tests.pipeline.reading import read_hub

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
JANE = Actor.person("jane", None)
CITY = {"erp": "ORT01", "billing": "bill_to_city", "crm": "BillingCity"}
LATER = {"billing": {"updated_at": "2030-01-01T00:00:00Z"}, "crm": {"LastModifiedDate": "2030-01-01T00:00:00Z"}}


@pytest.fixture
def rows(tmp_path: Path) -> dict[str, list[Row]]:
    cut = cut_sample(30)
    load_rows(tmp_path / "first", cut)
    return cut


def a_customer(members: int = 2, *, skip: int = 0) -> GoldenRecord:
    """Return a live customer of at least so many records."""
    return GoldenRecord.objects.filter(state="live", member_count__gte=members).order_by("pk")[skip]


def value_of(gid: str, attribute: str) -> tuple[str, str]:
    """Return a customer's value and the rule that chose it; nothing where it has none."""
    entry = GoldenRecord.objects.get(gid=gid).values.get(attribute, {})
    return entry.get("value", ""), entry.get("rule", "")


def pin(gid: str, attribute: str = "city", value: str = "Pinville", **more: object) -> None:
    pin_value(gid=gid, wish=Wish(attribute, value, **more), reason="seen on the letterhead", actor=JANE)  # type: ignore[arg-type]


def test_a_pinned_value_replaces_the_rules_choice_with_version_event_and_history(rows: dict[str, list[Row]]) -> None:
    golden = a_customer()
    fixed = pin_value(gid=golden.gid, wish=Wish("city", "Pinville"), reason="seen on the letterhead", actor=JANE)
    assert fixed.version == golden.version + 1
    now = GoldenRecord.objects.get(pk=golden.pk)
    number = fixed.pins[0].pin_id
    assert now.values["city"] == {"value": "Pinville", "record": None, "version": None, "rule": "pinned", "pin": number}
    assert (now.city, now.version) == ("Pinville", fixed.version)
    event = Event.objects.get(subject=golden.gid, sequence=fixed.version)
    assert (event.type, event.data["values"]["city"], event.data["pinned"]) == (
        "customer.updated", "Pinville", {"city": number},
    )  # fmt: skip
    kept = now.history.order_by("-history_id").first()
    assert (kept.history_actor, kept.history_change_reason) == ("person:jane", "seen on the letterhead")
    assert list_broken() == []


def test_nobody_elses_customer_changes(rows: dict[str, list[Row]]) -> None:
    before, golden = read_hub(), a_customer()
    pin(golden.gid)
    after = read_hub()
    assert after.gid_of == before.gid_of
    assert {gid for gid in after.values if after.values[gid] != before.values[gid]} == {golden.gid}


def test_a_released_value_is_the_rules_again(rows: dict[str, list[Row]]) -> None:
    before, golden = read_hub(), a_customer()
    pin(golden.gid)
    released = release_pin(gid=golden.gid, attribute="city", reason="moved back", actor=JANE)
    assert released.version == golden.version + 2
    assert released.pins == ()
    assert read_hub() == before
    with pytest.raises(PinNotFound):
        release_pin(gid=golden.gid, attribute="city", reason="again", actor=JANE)
    assert list_broken() == []


def test_pinning_again_replaces_and_keeps_the_first_in_history(rows: dict[str, list[Row]]) -> None:
    golden = a_customer()
    pin(golden.gid, value="Pinville")
    pin(golden.gid, value="Pintown")
    pin(golden.gid, attribute="phone", value="+1 212 555 0143")
    assert [(row.attribute, row.value) for row in list_pins(golden.gid)] == [
        ("city", "Pintown"),
        ("phone", "+1 212 555 0143"),
    ]
    assert Pin.objects.filter(attribute="city", released_at__isnull=False).count() == 1
    assert value_of(golden.gid, "city") == ("Pintown", "pinned")
    assert list_broken() == []


def test_a_pin_survives_newer_values_a_reload_and_a_new_match(tmp_path: Path, rows: dict[str, list[Row]]) -> None:
    golden = a_customer()
    pin(golden.gid)
    load_rows(tmp_path / "moved", moved(rows))
    assert value_of(golden.gid, "city") == ("Pinville", "pinned")
    rematch_all(rules=get_active_rules().rules, actor=Actor.hub("rematch"))
    assert value_of(golden.gid, "city") == ("Pinville", "pinned")
    assert list_broken() == []


def test_what_was_pinned_is_searched_for_until_it_is_released(tmp_path: Path, rows: dict[str, list[Row]]) -> None:
    golden = a_customer()
    pin(golden.gid, "name", "Zebrafisch Werke")
    pin(golden.gid, "phone", "+1 212 555 0143")
    wanted = ("zebrafisch", "Zebrafish Werke", "+1 212 555 0143")
    assert [search_customers(query)[0].customer.gid for query in wanted] == [golden.gid] * 3
    by_row = GoldenRecord.objects.get(pk=golden.pk)
    load_rows(tmp_path / "moved", moved(rows))
    in_bulk = GoldenRecord.objects.get(pk=golden.pk)
    assert in_bulk.version > by_row.version
    pinned = {"zebrafisch", "werke", "+12125550143", "2125550143"}
    assert pinned <= set(by_row.search_terms) & set(in_bulk.search_terms)
    assert in_bulk.search_terms == sorted(in_bulk.search_terms)
    release_pin(gid=golden.gid, attribute="name", reason="a slip", actor=JANE)
    assert search_customers("zebrafisch") == []


def moved(rows: dict[str, list[Row]]) -> dict[str, list[Row]]:
    return {
        code: [{**row, CITY[code]: "Newtown", **LATER.get(code, {})} for row in given] for code, given in rows.items()
    }


def test_a_pin_lapses_when_its_record_says_something_else_and_holds_when_it_says_the_same_again(
    tmp_path: Path, rows: dict[str, list[Row]]
) -> None:
    record = a_customer().memberships.select_related("record__source").order_by("pk")[0].record
    golden = record.membership.golden
    pin(golden.gid, watching=SourceKey(record.source.code, record.key))
    load_rows(tmp_path / "same", rows)
    assert value_of(golden.gid, "city")[1] == "pinned"
    load_rows(tmp_path / "moved", moved(rows))
    assert value_of(golden.gid, "city")[0].casefold() == "newtown"
    assert [row.state for row in list_pins(golden.gid)] == ["lapsed"]
    assert list_broken() == []
    again = {code: [{**row, **later_still(code)} for row in given] for code, given in rows.items()}
    load_rows(tmp_path / "back", again)
    assert value_of(golden.gid, "city") == ("Pinville", "pinned")
    assert list_broken() == []


def later_still(code: str) -> dict[str, str]:
    return {name: stamp.replace("2030", "2031") for name, stamp in LATER.get(code, {}).items()}


def test_a_pin_ends_on_its_date(rows: dict[str, list[Row]]) -> None:
    before, golden = read_hub(), a_customer()
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    pin(golden.gid, until=tomorrow)
    actor = Actor.hub("release-due-pins")
    assert release_due_pins(actor=actor) == "0 pins released"
    assert value_of(golden.gid, "city")[1] == "pinned"
    assert release_due_pins(actor=actor, today=tomorrow) == "1 pins released"
    assert release_due_pins(actor=actor, today=tomorrow) == "0 pins released"
    assert read_hub() == before
    assert list_broken() == []


def open_case() -> Case:
    return Case.objects.filter(state="open", kind="pair").order_by("-score", "pk")[0]


def gid_of(record_id: int | None) -> str:
    return GoldenRecord.objects.get(memberships__record_id=record_id).gid


def test_pins_go_through_a_merge_and_back_with_its_undoing(rows: dict[str, list[Row]]) -> None:
    case = open_case()
    low, high = gid_of(case.low_record_id), gid_of(case.high_record_id)
    pin(low, "city", "Lowtown")
    pin(high, "city", "Hightown")
    pin(high, "phone", "+1 212 555 0143")
    before = read_hub()
    judgement = judge_case(case_id=case.pk, verdict="same", actor=JANE)
    survivor = judgement.gid or ""
    states = [(row.attribute, row.state) for row in list_pins(survivor)]
    assert states == [("city", "holds"), ("city", "overruled"), ("phone", "holds")]
    assert value_of(survivor, "phone") == ("+1 212 555 0143", "pinned")
    assert list_broken() == []
    undo_decision(verdict_id=judgement.verdict_id, actor=JANE)
    assert read_hub() == before
    assert value_of(low, "city") == ("Lowtown", "pinned")
    assert list_broken() == []


def test_of_two_pins_the_one_of_more_records_holds_whichever_was_made_first(rows: dict[str, list[Row]]) -> None:
    case = open_case()
    sides = sorted((gid_of(case.low_record_id), gid_of(case.high_record_id)), key=count_members)
    for gid in reversed(sides):
        pin(gid, "sector", f"sector of {count_members(gid)}")
    most = count_members(sides[-1])
    judgement = judge_case(case_id=case.pk, verdict="same", actor=JANE)
    if count_members(judgement.gid or "") != 2 * most:
        assert value_of(judgement.gid or "", "sector") == (f"sector of {most}", "pinned")
    assert sorted(row.state for row in list_pins(judgement.gid or "")) == ["holds", "overruled"]
    assert list_broken() == []


def count_members(gid: str) -> int:
    return GoldenRecord.objects.get(gid=gid).member_count


def test_a_pin_outlives_the_records_it_was_made_on(tmp_path: Path, rows: dict[str, list[Row]]) -> None:
    gone = SourceRecord.objects.filter(source__code="erp", membership__golden__member_count__gte=2).order_by("pk")[0]
    golden = gone.membership.golden
    pin(golden.gid)
    # As if the ERP's record had been all there was when the value was fixed.
    hang_pins(rows=[(list_pins(golden.gid)[0].pin_id, [gone.pk])])
    load_rows(tmp_path / "fewer", {**rows, "erp": [row for row in rows["erp"] if row["KUNNR"] != gone.key]})
    gone.refresh_from_db()
    assert gone.state == "deleted"
    assert value_of(golden.gid, "city") == ("Pinville", "pinned")
    members = list(golden.memberships.order_by("pk").values_list("record_id", flat=True))
    assert Pin.objects.get(released_at__isnull=True).record_ids == members
    assert list_broken() == []


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        (Wish("name", "N/A"), ValueUnusable),
        (Wish("vat", "DE811907981"), ChecksumWrong),
        (Wish("lei", "5493001KJTIIGC8Y1R13"), ChecksumWrong),
        (Wish("city"), ValueUnusable),
        (Wish("city", "Ulm", until=date(2020, 1, 1)), ConditionInvalid),
    ],
)
def test_what_means_nothing_is_refused_and_changes_nothing(
    wish: Wish, error: type[Exception], rows: dict[str, list[Row]]
) -> None:
    before, golden = read_hub(), a_customer()
    with pytest.raises(error):
        pin_value(gid=golden.gid, wish=wish, reason="tried", actor=JANE)
    assert read_hub() == before
    assert not Pin.objects.exists()


def test_a_pin_on_another_version_or_no_customer_is_refused(rows: dict[str, list[Row]]) -> None:
    golden = a_customer()
    stale: Callable[..., object] = lambda: pin_value(  # noqa: E731
        gid=golden.gid, wish=Wish("city", "x"), reason="late", expected_version=golden.version + 1, actor=JANE
    )
    with pytest.raises(CustomerChanged):
        stale()
    with pytest.raises(NotFound):
        pin_value(gid="GC-000000000000-0", wish=Wish("city", "x"), reason="nobody", actor=JANE)


def test_a_country_and_a_name_that_are_pinned_show_in_what_is_looked_up(rows: dict[str, list[Row]]) -> None:
    golden = a_customer()
    pin(golden.gid, "country", "Germany")
    pin(golden.gid, "name", "Träger Maschinenbau GmbH")
    now = GoldenRecord.objects.get(pk=golden.pk)
    assert (now.country, now.name) == ("DE", "Träger Maschinenbau GmbH")
    assert list_broken() == []


def test_an_empty_pin_fixes_that_there_is_no_value(rows: dict[str, list[Row]]) -> None:
    golden = a_customer()
    pin(golden.gid, "phone", "")
    assert value_of(golden.gid, "phone") == ("", "pinned")
    assert list_broken() == []
