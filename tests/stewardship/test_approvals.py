"""Decisions that take a second person: proposed on the pages, shown as change sets, decided by somebody else."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.base.abilities import AbilityMissing
from apps.base.actors import Actor, acting
from apps.cases.models import Claim
from apps.golden.models import Pin
from apps.golden.selectors import get_customer, list_members
from apps.matching.models import Verdict
from apps.pipeline.deciding import CustomerChanged, judge_case, undo_decision
from apps.pipeline.deciding.weighing import SecondPersonNeeded
from apps.pipeline.fixing import Wish, pin_value
from apps.pipeline.models import Proposal
from apps.pipeline.proposals import (
    Act,
    OwnProposal,
    ProposalClosed,
    ProposalMoved,
    approve_proposal,
    propose,
    refuse_proposal,
)
from apps.rulebook.models import Approval, DryRun, RuleSetVersion
from apps.rulebook.selectors import find_active_version
from apps.stewardship.roles import actor_for
from tests.stewardship.conftest import SmallHub, middle

LogIn = Callable[[str], Client]
HUB = Actor.hub("test")


@pytest.fixture(autouse=True)
def _two_records_take_a_second_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.MDM, "SECOND_PERSON_RECORDS", 1)


@pytest.fixture
def senior(log_in: LogIn) -> Client:
    return log_in("senior_steward")


def actor(role: str) -> Actor:
    return actor_for(User.objects.get(username=f"a-{role}"))


def versions_of(hub: SmallHub) -> dict[str, int]:
    return {gid: get_customer(gid).version for gid in (hub.acme.gid, hub.billed.gid)}


def merge_form(hub: SmallHub, **more: str) -> dict[str, object]:
    a, b = versions_of(hub).items()
    return {"a": a[0], "a_version": a[1], "b": b[0], "b_version": b[1], "reason": "one contract", **more}


def propose_merge(client: Client, hub: SmallHub) -> Proposal:
    response = client.post("/customers/compare/merge/", merge_form(hub, propose="1"))
    proposal = Proposal.objects.latest("pk")
    assert response["Location"] == f"/approvals/{proposal.pk}/"
    return proposal


def decide(client: Client, proposal: Proposal, act: str, **said: object) -> int:
    answer = client.post(f"/approvals/{proposal.pk}/{act}/", {"revision": proposal.revision, **said})
    proposal.refresh_from_db()
    return answer.status_code


def test_the_button_says_what_pressing_it_does(steward: Client, senior: Client, small_hub: SmallHub) -> None:
    compare = f"/customers/compare/?a={small_hub.acme.gid}&b={small_hub.billed.gid}&merge=1"
    split = f"/customers/{small_hub.acme.gid}/split/?look=1&records=erp:88-12"
    case = f"/review/{small_hub.case.pk}/"
    for path, words in ((compare, "Propose merge"), (split, "Propose split"), (case, "Propose merge")):
        assert f"{words}</button>" in middle(steward.get(path)), path
        assert "Takes a second person." in middle(steward.get(path)), path
        assert f"{words}</button>" not in middle(senior.get(path)), path


def test_a_senior_is_asked_for_the_reason_and_loses_nothing(senior: Client, small_hub: SmallHub) -> None:
    path, form = f"/review/{small_hub.case.pk}/judge/", {"verdict": "same", "choose-phone": "right"}
    asked = senior.post(path, form)
    text = middle(asked)
    assert (asked.status_code, asked.context["trouble"].code) == (400, "decision.reason_needed")
    assert "Say why you decide so." in text
    assert (
        'placeholder="Reason (needed)" autocomplete="off" data-key="c" required aria-describedby="why-two" autofocus'
        in text
    )
    assert not Verdict.objects.exists()
    assert senior.post(path, {**form, "reason": "one contract"}).status_code == 302
    assert Verdict.objects.get().reason == "one contract"


def test_a_proposal_changes_nothing_until_it_is_approved(steward: Client, senior: Client, small_hub: SmallHub) -> None:
    proposal = propose_merge(steward, small_hub)
    assert not Verdict.objects.exists()
    assert get_customer(small_hub.billed.gid).state == "live"
    shown = middle(senior.get(f"/approvals/{proposal.pk}/"))
    assert "What changes" in shown
    assert "one contract" in shown
    assert "It is about 3 source records" in shown
    assert shown.count(">Before<") == 2
    assert decide(senior, proposal, "approve", reason="checked") == 302
    assert (proposal.state, proposal.decided_by) == ("approved", "person:a-senior_steward")
    made = Verdict.objects.get(pk=proposal.verdict_id or 0)
    assert made.decided_by == "person:a-senior_steward"
    assert "one contract (proposed by a-steward, approved: checked)" in made.reason
    assert get_customer(small_hub.billed.gid).survivor == small_hub.acme.gid
    stored = get_customer(small_hub.acme.gid)
    assert {one.attribute: one.value for one in stored.values} == proposal.change["after"][0]["values"]
    assert len(list_members(stored.gid)) == len(proposal.change["after"][0]["members"]) == 3


def test_what_was_approved_is_undone_as_any_decision(steward: Client, senior: Client, small_hub: SmallHub) -> None:
    proposal = propose_merge(steward, small_hub)
    decide(senior, proposal, "approve")
    undo_decision(verdict_id=proposal.verdict_id or 0, actor=actor("senior_steward"))
    assert get_customer(small_hub.billed.gid).state == "live"


def test_nobody_decides_their_own_whatever_their_role(log_in: LogIn, senior: Client, small_hub: SmallHub) -> None:
    proposal = propose_merge(senior, small_hub)
    shown = middle(senior.get(f"/approvals/{proposal.pk}/"))
    assert "Approve</button>" not in shown
    assert "Withdraw</button>" in shown
    assert decide(senior, proposal, "approve") == 403
    assert decide(senior, proposal, "refuse", reason="no") == 403
    with pytest.raises(OwnProposal):
        approve_proposal(proposal_id=proposal.pk, revision=1, actor=actor("senior_steward"))
    assert not Verdict.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(state="approved", decided_by=proposal.proposed_by)
    assert decide(senior, proposal, "withdraw") == 302
    assert proposal.state == "withdrawn"


@pytest.mark.parametrize("role", ["viewer", "steward", "administrator"])
def test_only_a_senior_steward_approves(role: str, log_in: LogIn, small_hub: SmallHub) -> None:
    number = propose(
        act=Act("merge", {"gid": small_hub.acme.gid, "others": [small_hub.billed.gid]}),
        versions=versions_of(small_hub),
        reason="one contract",
        actor=Actor.person("berta", None),
    )
    client = log_in(role)
    shown = middle(client.get(f"/approvals/{number}/"))
    assert "Approve</button>" not in shown
    for act in ("approve", "refuse", "withdraw", "refresh"):
        assert decide(client, Proposal.objects.get(pk=number), act, reason="x") == 403
    with pytest.raises(AbilityMissing):
        refuse_proposal(proposal_id=number, reason="no", actor=actor(role))
    assert Proposal.objects.get(pk=number).state == "open"


def test_a_refusal_says_why_and_the_same_may_be_asked_again(
    steward: Client, senior: Client, small_hub: SmallHub
) -> None:
    proposal = propose_merge(steward, small_hub)
    assert decide(senior, proposal, "refuse", reason="") == 400
    assert decide(senior, proposal, "refuse", reason="two branches") == 302
    assert (proposal.state, proposal.decided_why) == ("refused", "two branches")
    assert "Refused by a-senior_steward" in middle(steward.get("/approvals/"))
    with pytest.raises(ProposalClosed):
        approve_proposal(proposal_id=proposal.pk, revision=1, actor=actor("senior_steward"))
    assert propose_merge(steward, small_hub).pk != proposal.pk


def test_the_same_is_proposed_once_at_a_time(steward: Client, small_hub: SmallHub) -> None:
    assert propose_merge(steward, small_hub).pk == propose_merge(steward, small_hub).pk
    assert Proposal.objects.count() == 1


def test_a_stale_proposal_says_so_and_is_looked_at_anew(steward: Client, senior: Client, small_hub: SmallHub) -> None:
    proposal = propose_merge(steward, small_hub)
    pin_value(gid=small_hub.billed.gid, wish=Wish("phone", "+49 40 555 0100"), reason="called", actor=HUB)
    page = f"/approvals/{proposal.pk}/"
    shown = middle(senior.get(page))
    assert "Changed since it was proposed" in shown
    assert "Approve</button>" not in shown
    assert decide(senior, proposal, "approve") == 412
    with pytest.raises(CustomerChanged):
        approve_proposal(proposal_id=proposal.pk, revision=1, actor=actor("senior_steward"))
    assert decide(senior, proposal, "refresh") == 302
    assert proposal.revision == 2
    assert "+49 40 555 0100" in middle(senior.get(page))
    with pytest.raises(ProposalMoved):
        approve_proposal(proposal_id=proposal.pk, revision=1, actor=actor("senior_steward"))
    assert decide(senior, proposal, "approve") == 302


def test_a_split_a_pair_and_a_value_are_proposed_and_carried_out(
    steward: Client, senior: Client, small_hub: SmallHub
) -> None:
    acme, billed, case = small_hub.acme.gid, small_hub.billed.gid, small_hub.case.pk
    version = get_customer(acme).version
    steward.post(
        f"/customers/{acme}/split/",
        {"propose": "1", "records": "erp:88-12", "heir": "staying", "version": version, "reason": "two sites"},
    )
    split = Proposal.objects.get(act="split")
    assert [one["gid"] for one in split.change["after"]].count("") == 1
    seen = {"low_gid": acme, "low_version": version, "high_gid": billed, "high_version": get_customer(billed).version}
    steward.post(f"/review/{case}/judge/", {"propose": "1", "verdict": "same", "reason": "one VAT", **seen})
    pair = Proposal.objects.get(act="judge")
    steward.post(
        f"/customers/{acme}/fields/vat/fix/",
        {"propose": "1", "version": version, "own": "DE811569869", "until": "released", "reason": "register"},
    )
    fix = Proposal.objects.get(act="fix")
    assert [weight["kind"] for weight in fix.weights] == ["numbers"]
    assert decide(senior, split, "approve") == 302
    assert len(list_members(acme)) == 1
    assert decide(senior, pair, "refresh") == 302
    assert decide(senior, pair, "approve") == 302
    small_hub.case.refresh_from_db()
    assert small_hub.case.state == "closed"
    assert get_customer(billed).survivor == acme
    assert decide(senior, fix, "refresh") == 302
    assert decide(senior, fix, "approve") == 302
    assert Pin.objects.get().value == "DE811569869"


def test_pressing_merge_where_it_became_weighty_says_so_and_keeps_what_was_typed(
    steward: Client, small_hub: SmallHub
) -> None:
    answer = steward.post(f"/review/{small_hub.case.pk}/judge/", {"verdict": "same", "reason": "typed before"})
    assert answer.status_code == 403
    assert "Propose merge</button>" in middle(answer)
    assert "typed before" in middle(answer)
    with pytest.raises(SecondPersonNeeded):
        judge_case(case_id=small_hub.case.pk, verdict="same", actor=actor("steward"))


def test_groups_are_proposed_where_storing_them_takes_two(steward: Client, senior: Client, small_hub: SmallHub) -> None:
    page = f"/review/cluster/{small_hub.case.pk}/"
    records = (small_hub.crm_record, small_hub.erp_record, small_hub.billing_record)
    said = {f"r{record.pk}": "1" for record in records}
    said |= {"versions": ",".join(f"{gid}:{version}" for gid, version in versions_of(small_hub).items())}
    refused = steward.post(page, {**said, "act": "commit", "reason": "one company"})
    assert refused.status_code == 403
    assert "Propose the groups</button>" in middle(refused)
    assert not Verdict.objects.exists()
    steward.post(page, {**said, "act": "propose", "reason": "one company"})
    proposal = Proposal.objects.get(act="regroup")
    assert decide(senior, proposal, "approve") == 302
    assert get_customer(small_hub.billed.gid).survivor == small_hub.acme.gid


def test_the_groups_say_that_they_are_proposed_before_anything_is_pressed(
    steward: Client, small_hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f"/review/cluster/{small_hub.case.pk}/"
    records = (small_hub.crm_record, small_hub.erp_record, small_hub.billing_record)
    said = {f"r{record.pk}": "1" for record in records}
    shown = middle(steward.get(page, said))
    assert 'value="propose"' in shown
    assert "It is about 3 source records" in shown
    assert 'value="commit"' not in shown
    monkeypatch.setitem(settings.MDM, "SECOND_PERSON_RECORDS", 20)
    assert 'value="commit"' in middle(steward.get(page, said))


def test_who_decides_alone_reads_beforehand_that_and_why_a_reason_is_needed(
    senior: Client, steward: Client, small_hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = (f"/review/{small_hub.case.pk}/", f"/review/cluster/{small_hub.case.pk}/")
    for page in pages:
        text = middle(senior.get(page))
        assert "needs a reason.</strong> It is about 3 source records" in text
        assert 'placeholder="Reason (needed)"' in text
        assert " required" in text
    monkeypatch.setitem(settings.MDM, "SECOND_PERSON_RECORDS", 20)
    for page in pages:
        text = middle(senior.get(page))
        assert "needs a reason" not in text
        assert 'placeholder="Reason (optional)"' in text
        assert " required" not in text


def test_the_pages_weigh_what_the_service_weighs_protected_values_among_it(
    senior: Client, steward: Client, small_hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.MDM, "SECOND_PERSON_RECORDS", 20)
    for at, customer in enumerate((small_hub.acme, small_hub.billed)):
        pin_value(gid=customer.gid, wish=Wish("phone", f"+49 40 555 010{at}"), reason="called", actor=HUB)
    records = (small_hub.crm_record, small_hub.erp_record, small_hub.billing_record)
    one = {f"r{record.pk}": "1" for record in records}
    lost = "A value that somebody protected would be lost (phone)."
    with pytest.raises(SecondPersonNeeded, match="somebody protected would be lost"):
        judge_case(case_id=small_hub.case.pk, verdict="same", actor=actor("steward"))
    for client, says in ((senior, "needs a reason."), (steward, "Takes a second person.")):
        Claim.objects.all().delete()
        for address, form in ((f"/review/{small_hub.case.pk}/", {}), (f"/review/cluster/{small_hub.case.pk}/", one)):
            with CaptureQueriesContext(connection) as queries:
                text = middle(client.get(address, form))
            assert lost in text
            assert says in text
            assert len(queries) <= 15, (address, "\n".join(query["sql"][:80] for query in queries))


def test_rules_that_change_much_wait_on_the_same_page(senior: Client, small_hub: SmallHub) -> None:
    with acting(HUB, reason="test"):
        version = RuleSetVersion.objects.create(number=7, document={}, author="person:rolf", digest="x")
        report = {"share": 0.4, "affected": 2, "customers": 5}
        marks = {"in_force": find_active_version()}
        run = DryRun.objects.create(version=version, state="done", report=report, marks=marks, asked_by="person:rolf")
    text = middle(senior.get("/approvals/"))
    assert 'href="/rules/7/"' in text
    assert "would change 2 of 5 customers; tried by rolf" in text
    with acting(HUB, reason="test"):
        Approval.objects.create(dry_run=run, approved_by="person:sen", reason="fine")
    assert 'href="/rules/7/"' not in middle(senior.get("/approvals/"))
    with acting(HUB, reason="test"):
        DryRun.objects.create(version=version, state="done", report=report | {"share": 0.0}, marks=marks)
    assert 'href="/rules/7/"' not in middle(senior.get("/approvals/"))


def test_a_viewer_proposes_nothing(log_in: LogIn, small_hub: SmallHub) -> None:
    viewer = log_in("viewer")
    assert viewer.post("/customers/compare/merge/", merge_form(small_hub, propose="1")).status_code == 403
    with pytest.raises(AbilityMissing):
        propose(act=Act("merge", {"gid": "x", "others": ["y"]}), versions={}, reason="why", actor=actor("viewer"))


def test_the_menu_and_home_count_what_waits_for_the_reader(
    steward: Client, senior: Client, small_hub: SmallHub
) -> None:
    propose_merge(steward, small_hub)
    assert "Approvals waiting on you" in middle(senior.get("/"))
    assert 'title="proposals waiting for you">1<' in senior.get("/").content.decode()
    assert "Approvals waiting on you" not in middle(steward.get("/"))


def test_the_pages_take_few_queries_and_few_bytes(steward: Client, senior: Client, small_hub: SmallHub) -> None:
    proposal = propose_merge(steward, small_hub)
    for path in ("/approvals/", f"/approvals/{proposal.pk}/"):
        with CaptureQueriesContext(connection) as queries:
            response = senior.get(path)
        assert response.status_code == 200
        assert len(queries) <= 15, path
        assert len(response.content) <= 60_000
