"""The queue, and judging: same, different, not sure, undo, conflicts and roles."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.base.actors import Actor
from apps.cases.models import Case
from apps.golden.models import GoldenRecord, Membership
from apps.matching.models import Verdict
from apps.pipeline.deciding import judge_case
from tests.factories import make_case, make_record, make_verdict
from tests.stewardship.conftest import SmallHub, middle


def answer(client: Client, hub: SmallHub, verdict: str, **typed: object) -> object:
    """Press a button of the pair page as it stands, with what it hides."""
    pair = client.get(f"/review/{hub.case.pk}/").context["pair"]
    seen = {
        "low_gid": pair.low.customer.gid,
        "low_version": pair.low.customer.version,
        "high_gid": pair.high.customer.gid,
        "high_version": pair.high.customer.version,
    }
    return client.post(f"/review/{hub.case.pk}/judge/", {**seen, "verdict": verdict, **typed})


def state_of(golden: GoldenRecord) -> str:
    golden.refresh_from_db()
    return golden.state


def test_the_queue_names_both_sides_and_what_speaks_against(steward: Client, small_hub: SmallHub) -> None:
    response = steward.get("/review/")
    row = response.context["queue"].rows[0]
    assert (row.subject.key, row.candidate.key) == ("0031", "A-7")
    assert "phone" in row.against.lower()
    assert "Acme Praezision" in response.content.decode()


def test_the_queue_goes_on_where_the_page_before_ended(steward: Client, small_hub: SmallHub) -> None:
    for _ in range(60):
        make_case(make_record(), make_record())
    first = steward.get("/review/").context["queue"]
    second = steward.get(f"/review/{first.following}").context["queue"]
    ids = [row.case.case_id for row in (*first.rows, *second.rows)]
    assert len(ids) == len(set(ids)) == 61
    assert ids[0] == small_hub.case.pk
    assert not second.following


def test_the_queue_is_narrowed_to_a_kind(steward: Client, small_hub: SmallHub) -> None:
    make_case(kind=Case.Kind.DROP_GUARD, question="Half of the file is gone. Is that right?")
    queue = steward.get("/review/", {"kind": "drop_guard"}).context["queue"]
    assert [row.case.kind for row in queue.rows] == ["drop_guard"]
    assert queue.total == 2


def test_each_way_to_narrow_says_how_many_it_leaves_and_leaves_them(
    steward: Client, small_hub: SmallHub, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for source in ("crm", "erp", "erp"):
        make_case(make_record(source=source), make_record(source="erp"))
    make_case(kind=Case.Kind.GROWTH, question="Sixty records. One customer?")
    with django_assert_max_num_queries(15):
        facets = steward.get("/review/").context["queue"].facets
    assert {"Kind", "Source systems"} <= {facet.title for facet in facets}
    for facet in facets:
        for choice in facet.choices:
            narrowed = steward.get(f"/review/{choice.address}").context["queue"]
            assert narrowed.matching == len(narrowed.rows) == choice.count, choice.words
            assert narrowed.total == 5
    systems = next(facet for facet in facets if facet.title == "Source systems")
    within = next(choice for choice in systems.choices if choice.words.startswith("Within"))
    assert within.count == 2
    nowhere = steward.get("/review/", {"systems": "nobody.nothing", "band": "odd", "age": "odd", "after": "x"})
    assert not nowhere.context["queue"].rows
    assert "No case left here" in nowhere.content.decode()


def test_an_order_is_one_of_the_whole_queue_not_of_the_page(steward: Client, small_hub: SmallHub) -> None:
    made = [make_case(make_record(), make_record(), priority=number) for number in range(60)]
    Case.objects.filter(pk=made[0].pk).update(opened_at=made[0].opened_at - timedelta(days=400))
    first = steward.get("/review/", {"order": "oldest"}).context["queue"]
    assert first.rows[0].case.case_id == made[0].pk, "least pressing, on the second page by priority"
    second = steward.get(f"/review/{first.following}").context["queue"]
    assert len({row.case.case_id for row in (*first.rows, *second.rows)}) == 61


def test_a_case_about_no_pair_shows_its_question(steward: Client, small_hub: SmallHub) -> None:
    case = make_case(kind=Case.Kind.DROP_GUARD, question="Half of the file is gone. Is that right?")
    text = middle(steward.get(f"/review/{case.pk}/"))
    assert "Half of the file is gone" in text
    assert "Same customer" not in text


def test_the_pair_page_aligns_fields_with_a_glyph_and_a_word(steward: Client, small_hub: SmallHub) -> None:
    pair = steward.get(f"/review/{small_hub.case.pk}/").context["pair"]
    words = {row.title: row.verdict.word for _, rows in pair.groups for row in rows}
    assert words["City"] == "Same"
    assert words["Phone"] == "Different"
    assert words["Website"] == "One side empty"
    tones = [max(row.verdict.tone == "conflict" for row in rows) for _, rows in pair.groups]
    assert tones == sorted(tones, reverse=True), "groups with a conflict come first"


def test_the_pair_page_s_bars_add_up_to_the_score(steward: Client, small_hub: SmallHub) -> None:
    falls = steward.get(f"/review/{small_hub.case.pk}/").context["pair"].falls
    assert falls.bars[-1].end == falls.total_x
    assert all(bar.x >= 0 and bar.x + bar.width <= falls.width for bar in falls.bars)


def test_same_merges_closes_the_case_and_undo_restores_both(steward: Client, small_hub: SmallHub) -> None:
    assert answer(steward, small_hub, "same").status_code == 302  # type: ignore[attr-defined]
    assert sorted([state_of(small_hub.acme), state_of(small_hub.billed)]) == ["live", "merged"]
    small_hub.case.refresh_from_db()
    assert small_hub.case.state == "closed"
    verdict = Verdict.objects.get()
    assert verdict.decided_by == "person:a-steward"
    response = steward.post("/review/undo/", {"verdict_id": verdict.pk})
    assert response["Location"] == f"/review/{small_hub.case.pk}/"
    assert [state_of(small_hub.acme), state_of(small_hub.billed)] == ["live", "live"]
    small_hub.case.refresh_from_db()
    assert small_hub.case.state == "open"


def test_different_keeps_apart_and_opens_the_next_case(steward: Client, small_hub: SmallHub) -> None:
    other = make_case(make_record(), make_record())
    response = answer(steward, small_hub, "different", reason="two sites")
    assert response["Location"] == f"/review/{other.pk}/"  # type: ignore[index]
    assert Verdict.objects.get().reason == "two sites"
    assert [state_of(small_hub.acme), state_of(small_hub.billed)] == ["live", "live"]


def test_not_sure_leaves_the_case_open(steward: Client, small_hub: SmallHub) -> None:
    answer(steward, small_hub, "not_sure")
    small_hub.case.refresh_from_db()
    assert small_hub.case.state == "open"


def test_after_the_last_case_the_queue_says_so(steward: Client, small_hub: SmallHub) -> None:
    response = answer(steward, small_hub, "different")
    assert response["Location"] == "/review/"  # type: ignore[index]
    text = steward.get("/review/").content.decode()
    assert "That was the last open case." in text
    assert "Nothing waits for you" in text


def test_a_case_settled_meanwhile_says_by_whom_and_keeps_the_reason(steward: Client, small_hub: SmallHub) -> None:
    judge_case(case_id=small_hub.case.pk, verdict="different", actor=Actor.person("berta", None))
    response = steward.post(f"/review/{small_hub.case.pk}/judge/", {"verdict": "same", "reason": "one VAT number"})
    assert response.status_code == 409
    text = response.content.decode()
    assert "berta" in text
    assert response.context["typed"].reason == "one VAT number"
    assert Verdict.objects.count() == 1


def test_a_customer_changed_meanwhile_is_a_conflict_with_the_page_renewed(steward: Client, small_hub: SmallHub) -> None:
    GoldenRecord.objects.filter(pk=small_hub.acme.pk).update(version=7)
    stale = {"low_gid": small_hub.acme.gid, "low_version": 1, "high_gid": small_hub.billed.gid, "high_version": 1}
    response = steward.post(
        f"/review/{small_hub.case.pk}/judge/", {**stale, "verdict": "same", "reason": "typed before"}
    )
    text = response.content.decode()
    assert response.status_code == 409
    assert 'name="low_version" value="7"' in text
    assert 'value="typed before"' in text
    assert not Verdict.objects.exists()


def test_pressing_twice_makes_one_decision(steward: Client, small_hub: SmallHub) -> None:
    answer(steward, small_hub, "different")
    again = steward.post(f"/review/{small_hub.case.pk}/judge/", {"verdict": "different"})
    assert again.status_code == 409
    assert Verdict.objects.count() == 1


@pytest.mark.parametrize("role", ["viewer", "administrator"])
def test_who_may_not_judge_sees_no_button_and_is_refused(
    log_in: Callable[[str], Client], small_hub: SmallHub, role: str
) -> None:
    client = log_in(role)
    text = client.get(f"/review/{small_hub.case.pk}/").content.decode()
    assert 'name="verdict"' not in text
    response = client.post(f"/review/{small_hub.case.pk}/judge/", {"verdict": "same"})
    assert response.status_code == 403
    assert "steward or senior steward" in response.content.decode()
    assert not Verdict.objects.exists()


def test_a_steward_does_not_undo_what_somebody_else_decided_a_senior_does(
    steward: Client, log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    made = judge_case(case_id=small_hub.case.pk, verdict="different", actor=Actor.person("berta", None))
    assert steward.post("/review/undo/", {"verdict_id": made.verdict_id}).status_code == 403
    assert log_in("senior_steward").post("/review/undo/", {"verdict_id": made.verdict_id}).status_code == 302


def test_a_form_without_a_verdict_decides_nothing(steward: Client, small_hub: SmallHub) -> None:
    assert steward.post(f"/review/{small_hub.case.pk}/judge/", {"verdict": "perhaps"}).status_code == 400
    assert not Verdict.objects.exists()


def test_the_home_page_offers_to_undo_the_latest_decision(steward: Client, small_hub: SmallHub) -> None:
    answer(steward, small_hub, "different")
    response = steward.get("/")
    assert [row.words for row in response.context["decisions"]] == ["Different"]
    assert "Your latest decisions" in response.content.decode()


def test_not_sure_is_nothing_to_take_back(steward: Client, small_hub: SmallHub) -> None:
    answer(steward, small_hub, "not_sure")
    verdict = Verdict.objects.get()
    assert steward.get(f"/review/{small_hub.case.pk}/").context["latest"] is None
    assert steward.post("/review/undo/", {"verdict_id": verdict.pk}).status_code == 403


def test_a_case_about_records_of_one_customer_says_that_they_are_one(steward: Client, small_hub: SmallHub) -> None:
    case = make_case(small_hub.crm_record, small_hub.erp_record)
    text = middle(steward.get(f"/review/{case.pk}/"))
    assert "belong to one customer already" in text
    assert 'name="verdict"' not in text


def test_who_only_looks_walks_from_case_to_case(log_in: Callable[[str], Client], small_hub: SmallHub) -> None:
    other = make_case(make_record(), make_record())
    viewer = log_in("viewer")
    assert viewer.get("/review/next/")["Location"] == f"/review/{small_hub.case.pk}/"
    assert viewer.get("/review/next/", {"after": small_hub.case.pk})["Location"] == f"/review/{other.pk}/"
    assert viewer.get("/review/next/", {"after": other.pk})["Location"] == f"/review/{small_hub.case.pk}/"


def test_a_decision_that_others_contradict_is_refused_with_their_chain(steward: Client, small_hub: SmallHub) -> None:
    make_verdict(small_hub.crm_record, small_hub.billing_record, "different", decided_by="person:berta")
    response = answer(steward, small_hub, "same", reason="one VAT number")
    assert response.status_code == 409  # type: ignore[attr-defined]
    text = response.content.decode()  # type: ignore[attr-defined]
    assert '<ol class="chain">' in text
    assert "is different from" in text
    assert "berta" in text
    assert response.context["typed"].reason == "one VAT number"  # type: ignore[attr-defined]
    assert Verdict.objects.count() == 1


def test_the_candidates_of_a_record_are_one_line_and_judged_one_after_the_other(
    steward: Client, small_hub: SmallHub
) -> None:
    asked = small_hub.billing_record
    Case.objects.filter(pk=small_hub.case.pk).update(subject_record_id=asked.pk)
    second = make_case(asked, make_record({"name": "Acme Pumps"}, key="0099"), priority=1, subject=asked)
    between = make_case(make_record(), make_record(), priority=3)
    first, after = steward.get("/review/").context["queue"].rows
    assert (first.case.case_id, first.subject.key, first.candidate.key) == (small_hub.case.pk, "A-7", "0031")
    assert (first.candidates, after.case.case_id) == (2, between.pk)
    page = steward.get(f"/review/{small_hub.case.pk}/")
    pair = page.context["pair"]
    assert (pair.left.given.key, pair.right.given.key) == ("A-7", "0031")
    assert [(c.case_id, c.is_shown) for c in pair.candidates] == [(small_hub.case.pk, True), (second.pk, False)]
    assert f'href="/review/{second.pk}/"' in middle(page)
    assert not pair.others
    response = answer(steward, small_hub, "different")
    assert response["Location"] == f"/review/{second.pk}/"  # type: ignore[index]
    # The record is done: the queue goes on from where it stood, not from its last candidate.
    assert steward.get("/review/next/", {"after": second.pk})["Location"] == f"/review/{between.pk}/"


@pytest.fixture
def doubted(small_hub: SmallHub) -> Case:
    """A case that asks whether the customer of two records is two."""
    case = make_case(small_hub.crm_record, small_hub.erp_record, kind="weak")
    Case.objects.filter(pk=case.pk).update(score=-6_000, facts={"reason": "weak"})
    return Case.objects.get(pk=case.pk)


def test_a_customer_in_question_reads_right_on_its_page_and_in_the_queue(steward: Client, doubted: Case) -> None:
    page = steward.get(f"/review/{doubted.pk}/").content.decode()
    assert "These two are in one customer and don't look alike." in page
    assert "Same customer: keep together</button>" in page
    assert "Different: split</button>" in page
    assert "In one customer, and not alike" in page
    assert "answered itself" not in page
    assert 'class="result"' not in page
    queue = steward.get("/review/", {"kind": "weak"}).content.decode()
    assert "In one customer; may be two" in queue
    assert "May be two customers" in steward.get("/").content.decode()


def test_a_customer_in_question_is_split_from_its_page(steward: Client, small_hub: SmallHub, doubted: Case) -> None:
    hub = replace(small_hub, case=doubted)
    page = answer(steward, hub, "different", reason="two firms")
    assert page.status_code == 302  # type: ignore[attr-defined]
    doubted.refresh_from_db()
    assert doubted.close_reason.endswith(": different")
    homes = Membership.objects.filter(record_id__in=(doubted.low_record_id, doubted.high_record_id))
    assert len({home.golden_id for home in homes}) == 2


def test_a_customer_of_quite_another_name_than_the_record_asked_about_is_named(
    steward: Client, small_hub: SmallHub
) -> None:
    path = f"/review/{small_hub.case.pk}/"
    assert "one of its" not in middle(steward.get(path))
    GoldenRecord.objects.filter(pk=small_hub.acme.pk).update(name="Nordlicht Handels AG")
    text = middle(steward.get(path))
    assert "is in <strong>Nordlicht Handels AG</strong> today, one of its 2 records." in text
    assert text.count("one of its") == 1
