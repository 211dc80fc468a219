"""Blind double review: two people, neither sees the evidence or the other, and nothing happens until they agree."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.conf import settings
from django.test import Client

from apps.base.abilities import AbilityMissing, Role, abilities_of
from apps.base.actors import Actor
from apps.base.errors import Conflict
from apps.cases.blind import Agreement, count_agreement, find_waiting, is_blind
from apps.cases.models import Case
from apps.cases.selectors import get_case
from apps.cases.services import Facts, close_case, settle_pair_cases
from apps.golden.places import find_places
from apps.matching.models import Verdict
from apps.pipeline.deciding import judge_case, regroup_records, undo_decision
from tests.stewardship.conftest import SmallHub, middle

ANNA, BEN, SUE = (Actor.person(name, None, abilities_of([Role.STEWARD])) for name in ("anna", "ben", "sue"))
SENIOR = Actor.person("sen", None, abilities_of([Role.SENIOR_STEWARD]))


@pytest.fixture(autouse=True)
def _everything_is_blind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.MDM, "BLIND_PERCENT", 100)


def say(hub: SmallHub, verdict: str, actor: Actor, reason: str = "") -> int:
    return judge_case(case_id=hub.case.pk, verdict=verdict, reason=reason, actor=actor).verdict_id


def is_one(hub: SmallHub) -> bool:
    return len({place.gid for place in find_places([hub.crm_record.pk, hub.billing_record.pk]).values()}) == 1


def test_a_first_verdict_waits_and_the_second_that_agrees_is_carried_out_as_one_naming_both(
    small_hub: SmallHub,
) -> None:
    assert say(small_hub, "same", ANNA, "same phone") == 0
    assert not is_one(small_hub)
    assert not Verdict.objects.exists()
    made = say(small_hub, "same", BEN, "same street")
    assert is_one(small_hub)
    verdict = Verdict.objects.get()
    assert (verdict.pk, verdict.decided_by) == (made, "person:ben")
    assert verdict.reason == "anna and ben agreed, each without the other: same phone; same street"
    assert verdict.seen["reviewers"] == ["person:anna", "person:ben"]
    assert count_agreement() == Agreement(1, 1)
    undo_decision(verdict_id=made, actor=BEN)
    assert not is_one(small_hub)
    assert find_waiting(get_case(small_hub.case.pk)) is None


def test_nobody_agrees_with_themselves_but_anybody_changes_their_mind(small_hub: SmallHub) -> None:
    say(small_hub, "same", ANNA)
    say(small_hub, "same", ANNA)
    say(small_hub, "different", ANNA)
    assert not Verdict.objects.exists()
    assert say(small_hub, "different", BEN)
    assert Verdict.objects.get().kind == "different"


def test_who_disagree_leave_it_to_a_senior_who_sees_both_verdicts_and_reasons(
    small_hub: SmallHub, log_in: Callable[[str], Client]
) -> None:
    say(small_hub, "same", ANNA, "same <phone>")
    say(small_hub, "different", BEN, "other street")
    assert not Verdict.objects.exists()
    assert count_agreement() == Agreement(1, 0)
    with pytest.raises(AbilityMissing):
        say(small_hub, "same", SUE)
    address = f"/review/{small_hub.case.pk}/"
    for role in ("steward", "senior_steward"):
        text = middle(log_in(role).get(address, headers={"X-Ahead": "1"}))
        assert "same &lt;phone&gt;" in text
        assert "other street" in text
        assert ('value="different"' in text) == (role == "senior_steward")
    assert say(small_hub, "same", SENIOR)
    assert is_one(small_hub)


def test_a_verdict_about_customers_that_changed_since_counts_no_more(small_hub: SmallHub) -> None:
    say(small_hub, "same", ANNA)
    type(small_hub.acme).objects.filter(pk=small_hub.acme.pk).update(version=small_hub.acme.version + 1)
    assert say(small_hub, "same", BEN) == 0
    waiting = find_waiting(get_case(small_hub.case.pk))
    assert waiting
    assert waiting.by == "person:ben"


@pytest.mark.parametrize("swept", [True, False])
def test_a_case_that_becomes_moot_drops_the_verdict_and_says_so(small_hub: SmallHub, swept: bool) -> None:
    say(small_hub, "same", ANNA)
    if swept:
        facts = Facts(gone=(), customer_of={}, verdict_id=None)
        settle_pair_cases(pairs=(), records=[small_hub.crm_record.pk], facts=facts, run_id=0, actor=ANNA)
    else:
        close_case(case_id=small_hub.case.pk, reason="moot: the records changed", actor=ANNA)
    case = Case.objects.get(pk=small_hub.case.pk)
    assert case.close_reason == "moot: the records changed; a waiting verdict was dropped"
    assert "waiting" not in case.facts


def test_not_sure_decides_nothing_and_a_group_of_many_waits_for_the_blind_case(small_hub: SmallHub) -> None:
    assert say(small_hub, "not_sure", ANNA)
    assert is_blind(get_case(small_hub.case.pk))
    groups = [[small_hub.crm_record.pk, small_hub.erp_record.pk], [small_hub.billing_record.pk]]
    with pytest.raises(Conflict, match="judged blind"):
        regroup_records(groups=groups, actor=SENIOR)


def test_the_pages_hide_score_evidence_and_result_until_both_have_judged(
    steward: Client, log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    address = f"/review/{small_hub.case.pk}/"
    text = middle(steward.get(address))
    assert "Judged blind" in text
    for hidden in ("bits", "joins alone", "what “Same customer” stores", "Compared because"):
        assert hidden not in text
    assert "bits" not in middle(steward.get("/review/"))
    assert steward.get(f"/review/cluster/{small_hub.case.pk}/")["Location"] == address
    response = steward.post(f"{address}judge/", {"verdict": "same"}, follow=True)
    assert "nothing happens until both say the same" in middle(response)
    assert "You said: Same customer" in middle(steward.get(address))
    # Who has judged it isn't led there again; who hasn't doesn't see what the other said.
    assert steward.get("/review/next/")["Location"] == "/review/"
    senior = log_in("senior_steward")
    assert "You said" not in middle(senior.get(address))
    response = senior.post(f"{address}judge/", {"verdict": "same"}, follow=True)
    assert "Merged into" in middle(response)
    assert "a-steward and a-senior_steward agreed" in middle(senior.get(address))
    assert "bits" in middle(senior.get(address))


def test_the_sample_is_about_as_large_as_asked_and_always_the_same(
    small_hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.MDM, "BLIND_PERCENT", 5)
    row = get_case(small_hub.case.pk)
    drawn = [number for number in range(10_000) if is_blind(replace(row, case_id=number))]
    assert 400 <= len(drawn) <= 600
    assert drawn == [number for number in range(10_000) if is_blind(replace(row, case_id=number))]
