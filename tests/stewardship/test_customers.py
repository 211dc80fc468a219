"""Finding customers and reading one."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.base.ids import mint
from apps.cases.models import Case
from apps.golden.models import GoldenRecord, Membership, Pin
from apps.pipeline.fixing import Wish, pin_value
from apps.sources.models import SourceRecord
from tests.factories import make_customer, make_merge, make_record, make_standard, make_verdict
from tests.factories.sources import RECEIVED
from tests.stewardship.conftest import ACME, ACME_KEPT, SmallHub, middle


def test_the_home_page_counts_what_is_there(steward: Client, small_hub: SmallHub) -> None:
    text = middle(steward.get("/"))
    assert "1 open case to review" in text
    assert "Start reviewing" in text
    assert "from 3 source records" in text
    Case.objects.filter(pk=small_hub.case.pk).update(opened_at=timezone.now() - timedelta(days=3))
    assert "oldest 3 d ago" in middle(steward.get("/"))


def test_an_empty_hub_says_what_to_do_first(steward: Client) -> None:
    text = middle(steward.get("/"))
    assert "Load your first source" in text
    assert "Start reviewing" not in text


def test_a_search_says_why_each_customer_was_found(steward: Client, small_hub: SmallHub) -> None:
    text = steward.get("/customers/", {"q": "acme"}).content.decode()
    assert small_hub.acme.gid in text
    assert "its name" in text
    partly = steward.get("/customers/", {"q": "acme zeppelin"}).content.decode()
    assert "1 of 2 words" in partly


def test_an_id_without_a_digit_opens_its_customer(steward: Client, small_hub: SmallHub) -> None:
    plain = next(gid for gid in mint(count=5_000) if not any(map(str.isdigit, gid)))
    GoldenRecord.objects.filter(pk=small_hub.acme.pk).update(gid=plain)
    assert steward.get("/customers/", {"q": plain})["Location"] == f"/customers/{plain}/"


@pytest.mark.parametrize("query", ["88-12", "{gid}"])
def test_a_key_or_id_of_one_customer_opens_it(steward: Client, small_hub: SmallHub, query: str) -> None:
    response = steward.get("/customers/", {"q": query.format(gid=small_hub.acme.gid)})
    assert response.status_code == 302
    assert response["Location"] == f"/customers/{small_hub.acme.gid}/"


def test_a_search_without_a_hit_names_the_query_and_offers_to_clear_it(steward: Client, small_hub: SmallHub) -> None:
    text = steward.get("/customers/", {"q": "zeppelin <b>"}).content.decode()
    assert "No customer matches “zeppelin &lt;b&gt;”" in text
    assert "Clear the search" in text


def test_results_go_on_where_the_page_before_ended_and_repeat_nobody(steward: Client, small_hub: SmallHub) -> None:
    made = {make_customer(make_record({"name": f"Nordwind {n:02} AG"})).gid for n in range(30)}
    first = steward.get("/customers/", {"q": "nordwind"})
    findings = first.context["findings"]
    second = steward.get("/customers/", {"q": "nordwind", "after": findings.next_after}).context["findings"]
    seen = [row.customer.gid for row in (*findings.found, *second.found)]
    assert sorted(seen) == sorted(made)
    assert not second.next_after


def test_a_forged_mark_starts_from_the_top(steward: Client, small_hub: SmallHub) -> None:
    response = steward.get("/customers/", {"q": "praezision", "after": "forged"})
    assert response.status_code == 200


def test_each_value_names_its_record_and_rule_and_keeps_its_case(steward: Client, small_hub: SmallHub) -> None:
    text = steward.get(f"/customers/{small_hub.acme.gid}/").content.decode()
    assert "ACME Präzision GmbH" in text
    assert "0031" in text
    assert "most trusted source" in text
    assert "1 says otherwise" in text


def test_records_stand_side_by_side_with_the_winner_marked(steward: Client, small_hub: SmallHub) -> None:
    grid = steward.get(f"/customers/{small_hub.acme.gid}/sources/").context["grid"]
    assert [column.key for column in grid.columns] == ["0031", "88-12"]
    rows = {row.title: row for _, rows in grid.groups for row in rows}
    assert [cell.wins for cell in rows["Name"].cells] == [True, False]
    assert rows["Name"].disagrees
    assert [cell.value for cell in rows["VAT number"].cells] == ["", "DE136695976"]


def test_more_records_than_fit_are_rows(steward: Client, small_hub: SmallHub) -> None:
    records: list[SourceRecord] = [make_record({"name": "Nordwind AG"}) for _ in range(9)]
    golden = make_customer(*records)
    response = steward.get(f"/customers/{golden.gid}/sources/")
    assert response.context["grid"].is_wide
    assert all(record.key in response.content.decode() for record in records)


def test_why_is_a_sentence_that_names_what_agrees(steward: Client, small_hub: SmallHub) -> None:
    response = steward.get(f"/customers/{small_hub.acme.gid}/why/")
    why = response.context["why"]
    assert why.sentence.startswith("These 2 source records are one customer because their ")
    assert "name" in why.sentence
    assert [[record.key for record in (*step.group, *step.joined)] for step in why.steps] == [["0031", "88-12"]]
    assert "+" in why.steps[0].pair.falls.score_bits
    assert not why.fallen_apart


def add_members(hub: SmallHub, *records: SourceRecord) -> GoldenRecord:
    """Return the first customer of the small hub with more members."""
    extra = make_customer(*records)
    Membership.objects.filter(golden=extra).update(golden=hub.acme)
    return hub.acme


def test_why_tells_the_steps_their_weakest_link_and_a_chosen_pair(steward: Client, small_hub: SmallHub) -> None:
    third = make_record(ACME_KEPT, source="erp", key="88-13")
    make_standard(third)
    golden = add_members(small_hub, third)
    chosen = {"left": str(small_hub.crm_record.pk), "right": str(third.pk)}
    response = steward.get(f"/customers/{golden.gid}/why/", chosen)
    why = response.context["why"]
    first, second = why.steps
    assert {record.key for record in (*first.group, *first.joined)} == {"88-12", "88-13"}
    assert (first.is_weakest, second.is_weakest) == (False, True)
    assert (why.chosen.left.key, why.chosen.right.key) == ("0031", "88-13")
    text = response.content.decode()
    assert "The two records you chose" in text
    assert text.count("weakest link") == 1


@pytest.mark.parametrize("chosen", [{"left": "x", "right": "1"}, {"left": "1"}, {"left": "0", "right": "999999"}])
def test_a_pair_that_is_none_is_not_shown(steward: Client, small_hub: SmallHub, chosen: dict[str, str]) -> None:
    response = steward.get(f"/customers/{small_hub.acme.gid}/why/", chosen)
    assert response.status_code == 200
    assert response.context["why"].chosen is None


def test_records_that_nothing_joins_any_more_are_pointed_out(steward: Client, small_hub: SmallHub) -> None:
    stranger = make_record({"name": "Quokka Xylophones", "country": "AU"})
    make_standard(stranger)
    golden = add_members(small_hub, stranger)
    response = steward.get(f"/customers/{golden.gid}/why/")
    assert response.context["why"].fallen_apart == 2
    assert "Nothing contradicts it" not in response.content.decode()
    assert "would be 2 customers" in response.content.decode()


def test_a_decision_that_joined_two_is_named_with_what_contradicts_it(steward: Client, small_hub: SmallHub) -> None:
    other = make_record({**ACME_KEPT, "vat": "DE811569869"}, source="billing", key="B-9")
    make_standard(other)
    verdict = make_verdict(small_hub.erp_record, other, "same")
    golden = add_members(small_hub, other)
    response = steward.get(f"/customers/{golden.gid}/why/")
    why = response.context["why"]
    assert why.sentence.startswith("These 3 source records are one customer because jane decided so")
    assert why.steps[0].verdict.verdict_id == verdict.pk
    assert any("DE136695976" in warning and "DE811569869" in warning for warning in why.warnings)
    assert f"decision {verdict.pk} by jane" in response.content.decode()


def test_why_not_names_what_keeps_two_customers_apart(steward: Client, small_hub: SmallHub) -> None:
    response = steward.get(f"/customers/{small_hub.acme.gid}/why/", {"not": small_hub.billed.gid})
    told = response.context["why_not"]
    # Which of the two it is, hangs on the shipped weights.
    assert told.sentence.startswith(("They score", "Nothing keeps them apart any more"))
    assert {told.pair.left.key, told.pair.right.key} <= {"0031", "88-12", "A-7"}
    assert "are two customers" in response.content.decode()


@pytest.mark.parametrize("other", ["rubbish", "{gid}"])
def test_why_not_with_a_wrong_id_says_so_and_keeps_it(steward: Client, small_hub: SmallHub, other: str) -> None:
    asked = other.format(gid=small_hub.acme.gid)
    text = steward.get(f"/customers/{small_hub.acme.gid}/why/", {"not": asked}).content.decode()
    assert ("is one customer" in text or "are one customer" in text) == (asked != "rubbish")
    assert ("No other customer matches" in text) == (asked == "rubbish")
    assert f'value="{asked}"' in text


def test_identifiers_carry_their_check_and_extensions_their_terms(steward: Client, small_hub: SmallHub) -> None:
    text = steward.get(f"/customers/{small_hub.acme.gid}/company-codes/").content.decode()
    assert "DE136695976" in text
    assert "checksum holds" in text
    assert "DE01" in text


def test_history_says_who_did_what_and_why(steward: Client, small_hub: SmallHub) -> None:
    rows = steward.get(f"/customers/{small_hub.acme.gid}/history/").context["history"].rows
    assert any(row.what == "Created this customer" and row.who == "hub:factory" for row in rows)
    assert [row.at for row in rows] == sorted((row.at for row in rows), reverse=True)


def test_a_merged_id_leads_to_its_survivor_and_says_so(steward: Client, small_hub: SmallHub) -> None:
    absorbed = make_merge(small_hub.billed, small_hub.acme)
    response = steward.get(f"/customers/{absorbed.gid}/history/", follow=True)
    assert response.redirect_chain == [(f"/customers/{small_hub.acme.gid}/history/", 302)]
    assert f"{absorbed.gid} was merged into this customer" in response.content.decode()
    assert any("Merged with" in row.what for row in response.context["history"].rows)


def test_an_id_in_small_letters_leads_to_its_one_spelling(steward: Client, small_hub: SmallHub) -> None:
    response = steward.get(f"/customers/{small_hub.acme.gid.lower()}/")
    assert response["Location"] == f"/customers/{small_hub.acme.gid}/"


def test_names_are_escaped(steward: Client, small_hub: SmallHub) -> None:
    golden = make_customer(make_record({**ACME, "name": "<script>alert(1)</script>"}))
    text = steward.get(f"/customers/{golden.gid}/").content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_a_fixed_value_says_until_when_and_one_that_rests_says_why(steward: Client, small_hub: SmallHub) -> None:
    acme = small_hub.acme
    members = list(acme.memberships.order_by("record_id").values_list("record_id", flat=True))
    watched = SourceRecord.objects.get(pk=members[0])
    common = {"record_ids": members, "pinned_by": "person:ada", "pinned_at": RECEIVED}
    with acting(Actor.person("ada", None), reason="fixed"):
        holding = Pin.objects.create(
            golden=acme, attribute="name", value="Acme Fixed", reason="letterhead", release="date",
            release_on=date(2999, 1, 31), **common,
        )  # fmt: skip
        Pin.objects.create(
            golden=acme, attribute="name", value="Acme Once", reason="guessed", release="source_changes",
            release_record_id=watched.pk, release_value="what it never said", **common,
        )  # fmt: skip
        entry = {"value": "Acme Fixed", "record": None, "version": None, "rule": "pinned", "pin": holding.pk}
        GoldenRecord.objects.filter(pk=acme.pk).update(values={**acme.values, "name": entry})
    text = middle(steward.get(f"/customers/{acme.gid}/"))
    assert "Protected" in text
    assert "until 2999-01-31" in text
    assert "person:ada: letterhead" in text
    assert f"“Acme Once”, fixed by person:ada, rests: {watched.source.code} {watched.key} says otherwise" in text


def test_the_sentence_names_fields_rule_and_version(steward: Client, small_hub: SmallHub) -> None:
    why = steward.get(f"/customers/{small_hub.acme.gid}/why/").context["why"]
    assert "agree (rules version 1: groups join from" in why.sentence
    assert f"these with {why.steps[0].group_bits} or more)" in why.sentence


def test_every_pair_is_in_the_matrix_and_opens_its_evidence(steward: Client, small_hub: SmallHub) -> None:
    stranger = make_record({"name": "Quokka Xylophones", "country": "AU"})
    make_standard(stranger)
    golden = add_members(small_hub, stranger)
    response = steward.get(f"/customers/{golden.gid}/why/")
    rows = response.context["why"].matrix
    assert [len(row.cells) for row in rows] == [0, 1, 2]
    assert sorted(cell.tone for row in rows for cell in row.cells) == ["agree", "conflict", "conflict"]
    cell = rows[2].cells[0]
    chosen = steward.get(
        f"/customers/{golden.gid}/why/", {"left": cell.other, "right": rows[2].record.record_id}
    ).context["why"].chosen  # fmt: skip
    assert chosen.falls.score_bits == cell.bits


def test_records_that_hang_on_by_a_weak_link_are_proposed_for_a_split(
    log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    stranger = make_record({"name": "Quokka Xylophones", "country": "AU"}, source="billing", key="Q 1&2")
    make_standard(stranger)
    golden = add_members(small_hub, stranger)
    link = f"/customers/{golden.gid}/split/?records=billing%3AQ+1%262"
    assert link in middle(log_in("steward").get(f"/customers/{golden.gid}/why/"))
    assert "/split/" not in middle(log_in("viewer").get(f"/customers/{golden.gid}/why/"))
    ticked = log_in("senior_steward").get(link).context["choices"]
    assert [choice.key for choice in ticked if choice.leaves] == ["Q 1&2"]


def test_another_customer_is_picked_by_a_few_words(steward: Client, small_hub: SmallHub) -> None:
    page = f"/customers/{small_hub.acme.gid}/why/"
    picks = steward.get(page, {"not": "praezision"})
    assert [row.customer.gid for row in picks.context["picks"]] == [small_hub.billed.gid]
    assert f'href="?not={small_hub.billed.gid}"' in picks.content.decode()
    # A key that names one customer is as good as its id.
    assert steward.get(page, {"not": "A-7"}).context["why_not"].other.gid == small_hub.billed.gid
    nobody = middle(steward.get(page, {"not": "zeppelin <b>"}))
    assert "No other customer matches “zeppelin &lt;b&gt;”" in nobody


def test_why_not_names_the_decision_in_the_way_with_who_and_when(steward: Client, small_hub: SmallHub) -> None:
    verdict = make_verdict(small_hub.crm_record, small_hub.billing_record, "different")
    response = steward.get(f"/customers/{small_hub.acme.gid}/why/", {"not": small_hub.billed.gid})
    told = response.context["why_not"].sentence
    assert told.startswith(f"Blocked by decision {verdict.pk}: jane decided on {verdict.decided_at:%Y-%m-%d}")


def test_why_not_says_that_two_were_never_compared(steward: Client, small_hub: SmallHub) -> None:
    stranger = make_record({"name": "Quokka Xylophones", "country": "AU"})
    make_standard(stranger)
    other = make_customer(stranger)
    response = steward.get(f"/customers/{small_hub.acme.gid}/why/", {"not": other.gid})
    told = response.context["why_not"]
    assert "Never compared: no shared key" in (told.sentence, *told.more)


def test_the_report_for_print_has_every_step_open(steward: Client, small_hub: SmallHub) -> None:
    third = make_record(ACME_KEPT, source="erp", key="88-13")
    make_standard(third)
    golden = add_members(small_hub, third)
    page = f"/customers/{golden.gid}/why/"
    assert middle(steward.get(page)).count('<details class="panel pair-why" open>') == 1
    assert middle(steward.get(page, {"print": "1"})).count('<details class="panel pair-why" open>') == 2


def test_the_head_counts_what_is_filled_and_what_is_protected(steward: Client, small_hub: SmallHub) -> None:
    gid = small_hub.acme.gid
    pin_value(gid=gid, wish=Wish("phone", value="+49 40 555 0100"), reason="called", actor=Actor.person("ada", None))
    head = steward.get(f"/customers/{gid}/").context["head"]
    assert head.filled == len(GoldenRecord.objects.get(pk=small_hub.acme.pk).values)
    assert (head.fields >= head.filled, head.protected) == (True, 1)


def test_the_summary_tells_the_latest_events_and_open_cases(steward: Client, small_hub: SmallHub) -> None:
    gid = small_hub.acme.gid
    for number in range(6):
        wish = Wish("phone", value=f"+49 40 555 010{number}")
        pin_value(gid=gid, wish=wish, reason="called", actor=Actor.person("ada", None))
    with CaptureQueriesContext(connection) as queries:
        response = steward.get(f"/customers/{gid}/")
    latest = response.context["latest"]
    assert len(latest) == 5
    assert (latest[0].who, latest[0].fields) == ("person:ada", ("Phone",))
    assert f'href="/review/{small_hub.case.pk}/">Case {small_hub.case.pk}</a>' in response.content.decode()
    assert len(queries) <= 15


def test_records_are_selected_to_be_split_out_by_those_who_may(
    log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    path = f"/customers/{small_hub.acme.gid}/sources/"
    text = log_in("steward").get(path).content.decode()
    assert 'name="records" value="crm:0031"' in text
    assert f'action="/customers/{small_hub.acme.gid}/split/"' in text
    assert 'name="records"' not in log_in("viewer").get(path).content.decode()


def test_each_result_says_its_rule_and_each_record_the_fields_it_wins(steward: Client, small_hub: SmallHub) -> None:
    grid = steward.get(f"/customers/{small_hub.acme.gid}/sources/").context["grid"]
    rows = {row.title: row for _, rows in grid.groups for row in rows}
    assert rows["Name"].rule == "most trusted source"
    assert "Name" in grid.columns[0].wins
    assert grid.columns[1].wins == ()
