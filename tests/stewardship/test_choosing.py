"""Values chosen while judging: what is shown is what is stored, and undoing takes them along."""

from typing import Any

import pytest

from apps.base.actors import Actor
from apps.base.errors import Invalid
from apps.golden.models import GoldenRecord, Pin
from apps.golden.pinning import ChecksumWrong
from apps.golden.selectors import list_pins
from apps.pipeline.deciding import Choice, foresee_values, judge_case, merge_customers, read_joined, undo_decision
from apps.pipeline.fixing import Wish, pin_value
from apps.pipeline.previewing import preview
from apps.rulebook.selectors import get_active_rules
from tests.stewardship.conftest import SmallHub

ANNA = Actor.person("anna", None)


def records(hub: SmallHub) -> list[int]:
    return [record.pk for record in (hub.crm_record, hub.erp_record, hub.billing_record)]


def stored(golden: GoldenRecord) -> dict[str, Any]:
    golden.refresh_from_db()
    return {name: (entry["value"], entry["record"], entry["rule"]) for name, entry in golden.values.items()}


def texts(golden: GoldenRecord) -> dict[str, str]:
    return {name: value for name, (value, _, _) in stored(golden).items() if value}


def shown(hub: SmallHub, *choices: Choice) -> dict[str, Any]:
    values = foresee_values(read_joined(records(hub)), get_active_rules().rules, choices)
    return {name: (value.value, value.record, value.rule.value) for name, value in values.items()}


def test_what_is_foreseen_is_what_the_merge_stores_field_by_field(small_hub: SmallHub) -> None:
    foreseen = shown(small_hub)
    judge_case(case_id=small_hub.case.pk, verdict="same", actor=ANNA)
    assert stored(small_hub.acme) == foreseen
    assert len(foreseen) > 5


def test_what_is_foreseen_is_what_the_preview_of_the_merge_says(small_hub: SmallHub) -> None:
    pin_value(gid=small_hub.billed.gid, wish=Wish("city", value="Bremen"), reason="moved", actor=ANNA)
    outcome = preview(
        lambda: merge_customers(gid=small_hub.acme.gid, others=[small_hub.billed.gid], reason="x", actor=ANNA)
    )
    foreseen = foresee_values(read_joined(records(small_hub)), get_active_rules().rules)
    said = {row.attribute: (row.value, row.rule) for row in outcome.customers[0].values}
    assert {name: (value.value, value.rule.value) for name, value in foreseen.items()} == said
    assert said["city"] == ("Bremen", "pinned")


def test_chosen_values_are_stored_with_the_merge_and_hold_as_long_as_was_said(small_hub: SmallHub) -> None:
    chosen = [
        Choice("phone", "+49 40 3006 1299", small_hub.billing_record.pk),
        Choice("street", "Kaiserstrasse 1"),
    ]
    foreseen = shown(small_hub, *chosen)
    before = small_hub.acme.version
    judge_case(case_id=small_hub.case.pk, verdict="same", choices=chosen, actor=ANNA)
    assert stored(small_hub.acme) == foreseen
    assert foreseen["phone"] == ("+49 40 3006 1299", None, "pinned")
    pins = {pin.attribute: (pin.release, pin.release_key, pin.pinned_by) for pin in list_pins(small_hub.acme.gid)}
    assert pins == {"phone": ("source_changes", "A-7", str(ANNA)), "street": ("never", "", str(ANNA))}
    assert small_hub.acme.version == before + 1, "one change, told once"


def test_undoing_the_merge_releases_what_was_chosen_and_what_it_overruled_holds_again(small_hub: SmallHub) -> None:
    pin_value(gid=small_hub.acme.gid, wish=Wish("phone", value="+49 40 1111 2222"), reason="called", actor=ANNA)
    # The factory's values say nothing of rules; blank ones are not stored.
    before = texts(small_hub.acme), texts(small_hub.billed)
    decided = judge_case(
        case_id=small_hub.case.pk, verdict="same", choices=[Choice("phone", "+49 40 3006 1299")], actor=ANNA
    )
    assert stored(small_hub.acme)["phone"][0] == "+49 40 3006 1299"
    undo_decision(verdict_id=decided.verdict_id, actor=ANNA)
    assert (texts(small_hub.acme), texts(small_hub.billed)) == before
    assert [(pin.attribute, pin.value, pin.state) for pin in list_pins(small_hub.acme.gid)] == [
        ("phone", "+49 40 1111 2222", "holds")
    ]


def test_what_somebody_fixed_after_the_merge_outlives_its_undoing(small_hub: SmallHub) -> None:
    decided = judge_case(
        case_id=small_hub.case.pk, verdict="same", choices=[Choice("phone", "+49 40 3006 1299")], actor=ANNA
    )
    later = Actor.person("berta", None)
    pin_value(gid=small_hub.acme.gid, wish=Wish("phone", value="+49 40 9999 0000"), reason="new", actor=later)
    undo_decision(verdict_id=decided.verdict_id, actor=ANNA)
    assert stored(small_hub.acme)["phone"][0] == "+49 40 9999 0000"
    assert Pin.objects.filter(released_at__isnull=True).count() == 1


@pytest.mark.parametrize(
    ("verdict", "choice", "error"),
    [
        ("different", Choice("phone", "+49 40 1"), Invalid),
        ("same", Choice("vat", "DE136695977"), ChecksumWrong),
        ("same", Choice("phone", "+49 40 3006 1299", 999_999), Invalid),
    ],
)
def test_what_cannot_be_chosen_is_refused_and_nothing_is_decided(
    small_hub: SmallHub, verdict: str, choice: Choice, error: type[Exception]
) -> None:
    with pytest.raises(error):
        judge_case(case_id=small_hub.case.pk, verdict=verdict, choices=[choice], actor=ANNA)
    small_hub.case.refresh_from_db()
    assert small_hub.case.state == "open"
    assert not Pin.objects.exists()
