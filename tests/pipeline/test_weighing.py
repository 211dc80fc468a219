"""Services refuse who lacks an ability, and ask for a second person where a decision weighs too much for one."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from apps.base.abilities import ABILITIES, AbilityMissing, Role
from apps.base.actors import Actor
from apps.golden.models import GoldenRecord
from apps.matching.models import Verdict
from apps.pipeline.deciding import (
    DecisionNotYours,
    judge_case,
    judge_records,
    merge_customers,
    split_customer,
    transfer_record,
    undo_decision,
    unmerge_customer,
)
from apps.pipeline.deciding.weighing import ReasonNeeded, SecondPersonNeeded
from apps.pipeline.fixing import Wish, pin_value, release_pin
from apps.pipeline.previewing import preview
from apps.rulebook.selectors import get_active_rules
from apps.rulebook.services import ask_dry_run, save_draft
from apps.sources.models import SourceRecord
from tests.factories import make_active_rules, make_case, make_customer, make_link, make_record, make_standard

pytestmark = pytest.mark.django_db
VIEWER, STEWARD, SENIOR, ADMINISTRATOR = (Actor.person(role.value, None, ABILITIES[role]) for role in Role)
ACME = {"name": "ACME Präzision GmbH", "city": "Hamburg", "country": "Germany"}
VATS = ("DE136695976", "DE811569869")


def records(count: int = 2, **more: str) -> list[SourceRecord]:
    made = []
    for at in range(count):
        made.append(make_record({**ACME, **more}, source=f"s{SourceRecord.objects.count()}", key=str(at)))
        make_standard(made[-1])
        if at:
            make_link(made[0], made[-1])
    return made


@pytest.fixture
def two(db: None) -> tuple[GoldenRecord, GoldenRecord]:
    make_active_rules()
    return make_customer(*records(1)), make_customer(*records(1))


def merge(two: tuple[GoldenRecord, GoldenRecord], actor: Actor) -> object:
    return merge_customers(gid=two[0].gid, others=[two[1].gid], reason="one company", actor=actor)


def weights_of(refused: pytest.ExceptionInfo[SecondPersonNeeded]) -> list[str]:
    return [weight["kind"] for weight in refused.value.facts["weights"]]


CALLS: dict[str, Callable[[Actor], object]] = {
    "judge": lambda actor: judge_case(case_id=1, verdict="different", actor=actor),
    "judge records": lambda actor: judge_records(
        left=("s0", "0"), right=("s1", "0"), verdict="different", reason="why", actor=actor
    ),
    "merge": lambda actor: merge_customers(gid="x", others=["y"], reason="why", actor=actor),
    "split": lambda actor: split_customer(gid="x", groups=[["s0:0"]], reason="why", actor=actor),
    "unmerge": lambda actor: unmerge_customer(gid="x", absorbed="y", reason="why", actor=actor),
    "transfer": lambda actor: transfer_record(source="s0", key="0", to="new", reason="why", actor=actor),
    "undo": lambda actor: undo_decision(verdict_id=1, actor=actor),
    "fix": lambda actor: pin_value(gid="x", wish=Wish("name", "Acme"), reason="why", actor=actor),
    "release": lambda actor: release_pin(gid="x", attribute="name", reason="why", actor=actor),
    "dry run": lambda actor: ask_dry_run(number=1, actor=actor),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("actor", [VIEWER, Actor("system", "crm")], ids=["viewer", "system"])
def test_a_service_refuses_who_lacks_the_ability_whoever_calls_it(call: str, actor: Actor) -> None:
    with pytest.raises(AbilityMissing):
        CALLS[call](actor)


@pytest.mark.parametrize("call", sorted(CALLS.keys() - {"dry run"}))
def test_an_administrator_of_the_rules_decides_about_no_customer(call: str) -> None:
    with pytest.raises(AbilityMissing, match="takes the role steward or senior steward"):
        CALLS[call](ADMINISTRATOR)


def test_a_viewer_drafts_no_rules_and_a_steward_does(db: None) -> None:
    make_active_rules()
    rules = get_active_rules().rules
    with pytest.raises(AbilityMissing):
        save_draft(rules=rules, note="mine", actor=VIEWER)
    assert save_draft(rules=rules, note="mine", actor=STEWARD).author == "person:steward"


def test_a_light_merge_is_a_steward_s_own(two: tuple[GoldenRecord, GoldenRecord]) -> None:
    merge(two, STEWARD)
    assert Verdict.objects.get().decided_by == "person:steward"


def test_more_records_than_the_limit_take_a_second_person(
    two: tuple[GoldenRecord, GoldenRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.MDM, "SECOND_PERSON_RECORDS", 1)
    with pytest.raises(SecondPersonNeeded, match="one steward decides about 1") as refused:
        merge(two, STEWARD)
    assert weights_of(refused) == ["records"]
    assert not Verdict.objects.exists()
    merge(two, SENIOR)


def test_a_split_of_a_big_customer_takes_a_second_person(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    make_active_rules()
    customer = make_customer(*records(3))
    monkeypatch.setitem(settings.MDM, "SECOND_PERSON_RECORDS", 2)
    asks: list[Callable[[], object]] = [
        lambda: split_customer(gid=customer.gid, groups=[["s0:0"]], reason="why", actor=STEWARD),
        lambda: transfer_record(source="s0", key="0", to="new", reason="why", actor=STEWARD),
        lambda: judge_records(left=("s0", "0"), right=("s1", "1"), verdict="different", reason="why", actor=STEWARD),
    ]
    for ask in asks:
        with pytest.raises(SecondPersonNeeded):
            ask()
    monkeypatch.setitem(settings.MDM, "SECOND_PERSON_RECORDS", 3)
    assert len(split_customer(gid=customer.gid, groups=[["s0:0"]], reason="why", actor=STEWARD).customers) == 2


def test_differing_legal_numbers_take_a_second_person_on_the_case_page_too(db: None) -> None:
    make_active_rules()
    (low,), (high,) = (records(1, vat=vat) for vat in VATS)
    two = make_customer(low), make_customer(high)
    with pytest.raises(SecondPersonNeeded) as refused:
        merge(two, STEWARD)
    assert weights_of(refused) == ["numbers"]
    case = make_case(low, high)
    with pytest.raises(SecondPersonNeeded):
        judge_case(case_id=case.pk, verdict="same", actor=STEWARD)
    judge_case(case_id=case.pk, verdict="different", actor=STEWARD)


def test_who_decides_alone_says_why(db: None) -> None:
    make_active_rules()
    senior = Actor.person("s", User.objects.create(username="s").pk, ABILITIES[Role.SENIOR_STEWARD])
    low, high = (records(1, vat=vat)[0] for vat in VATS)
    make_customer(low), make_customer(high)
    case = make_case(low, high)
    for reason in ("", "  "):
        with pytest.raises(ReasonNeeded) as refused:
            judge_case(case_id=case.pk, verdict="same", reason=reason, actor=senior)
        assert [weight["kind"] for weight in refused.value.facts["weights"]] == ["numbers"]
    assert not Verdict.objects.exists()
    assert judge_case(case_id=case.pk, verdict="same", reason="one tax group", actor=senior).gid
    light = [records(1)[0] for _ in range(2)]
    for record in light:
        make_customer(record)
    assert judge_case(case_id=make_case(*light).pk, verdict="same", actor=senior).gid


def test_two_countries_take_a_second_person(db: None) -> None:
    make_active_rules()
    two = make_customer(*records(1)), make_customer(*records(1, country="FR"))
    with pytest.raises(SecondPersonNeeded, match="They are in DE and FR") as refused:
        merge(two, STEWARD)
    assert weights_of(refused) == ["countries"]


def test_a_protected_value_that_would_be_lost_takes_a_second_person(two: tuple[GoldenRecord, GoldenRecord]) -> None:
    for at, golden in enumerate(two):
        pin_value(gid=golden.gid, wish=Wish("phone", f"+49 40 555 010{at}"), reason="called", actor=STEWARD)
    with pytest.raises(SecondPersonNeeded, match="phone") as refused:
        merge(two, STEWARD)
    assert weights_of(refused) == ["protected"]


def test_a_legal_number_and_somebody_else_s_value_are_fixed_with_a_second_person(
    two: tuple[GoldenRecord, GoldenRecord],
) -> None:
    gid, other = two[0].gid, Actor.person("berta", None, ABILITIES[Role.STEWARD])
    with pytest.raises(SecondPersonNeeded) as refused:
        pin_value(gid=gid, wish=Wish("vat", VATS[0]), reason="from the register", actor=STEWARD)
    assert weights_of(refused) == ["numbers"]
    for phone in ("+49 40 555 0100", "+49 40 555 0101"):
        pin_value(gid=gid, wish=Wish("phone", phone), reason="called", actor=STEWARD)
    with pytest.raises(SecondPersonNeeded, match="steward protected"):
        pin_value(gid=gid, wish=Wish("phone", "+49 40 555 0199"), reason="called", actor=other)
    with pytest.raises(SecondPersonNeeded):
        release_pin(gid=gid, attribute="phone", reason="outdated", actor=other)
    release_pin(gid=gid, attribute="phone", reason="outdated", actor=SENIOR)


def test_a_preview_needs_nobody_s_leave(two: tuple[GoldenRecord, GoldenRecord]) -> None:
    shown = preview(lambda: merge_customers(gid=two[0].gid, others=[two[1].gid], reason="why", actor=VIEWER))
    assert shown.is_preview
    assert not Verdict.objects.exists()


def test_only_a_senior_steward_undoes_what_somebody_else_decided(two: tuple[GoldenRecord, GoldenRecord]) -> None:
    merge(two, SENIOR)
    made = Verdict.objects.get()
    with pytest.raises(DecisionNotYours):
        undo_decision(verdict_id=made.pk, actor=STEWARD)
    undo_decision(verdict_id=made.pk, actor=Actor.person("chris", None, ABILITIES[Role.SENIOR_STEWARD]))
