"""Splitting a customer: what is shown is what is stored, and nobody splits what they haven't seen."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from apps.golden import selectors as golden
from apps.golden.models import GoldenRecord, Membership
from apps.matching.models import Verdict
from apps.stewardship.screens.splitting import SplitPreview
from tests.factories import make_customer, make_record, make_standard, make_verdict
from tests.stewardship.conftest import ACME_KEPT, SmallHub, middle

LEAVES = "erp:88-12"
MOST_QUERIES_OF_A_PREVIEW = 130


def split_page(hub: SmallHub) -> str:
    return f"/customers/{hub.acme.gid}/split/"


def stored(gid: str) -> tuple[set[str], dict[str, str]]:
    customer = golden.get_customer(gid)
    keys = {f"{member.source.code}:{member.key}" for member in golden.list_members(gid)}
    return keys, {value.attribute: value.value for value in customer.values}


def foretold(shown: SplitPreview) -> list[tuple[set[str], dict[str, str]]]:
    return [
        (
            {f"{record.source.code}:{record.key}" for record in result.after.members},
            {row.attribute: row.value for row in result.after.values},
        )
        for result in shown.results
    ]


def post(client: Client, hub: SmallHub, **fields: str) -> None:
    version = golden.get_customer(hub.acme.gid).version
    sent = {"version": version, "records": LEAVES, "reason": "two branches", **fields}
    assert client.post(split_page(hub), sent).status_code == 302


@pytest.mark.parametrize("heir", ["staying", "leaving"])
def test_what_is_stored_is_what_was_shown(steward: Client, small_hub: SmallHub, heir: str) -> None:
    shown = steward.get(split_page(small_hub), {"records": LEAVES, "heir": heir, "look": "1"}).context["shown"]
    assert [result.heading for result in shown.results] == ["Stays", "Leaves"]
    assert [result.after.gid for result in shown.results].index(small_hub.acme.gid) == (heir == "leaving")
    post(steward, small_hub, heir=heir)
    made = Verdict.objects.get()
    assert (made.kind, made.reason, made.decided_by) == ("different", "two branches", "person:a-steward")
    new = golden.find_customer_of_record(
        (small_hub.crm_record if heir == "leaving" else small_hub.erp_record).pk  # the one that lost the id
    )
    assert new
    assert new.gid != small_hub.acme.gid
    after = [stored(small_hub.acme.gid), stored(new.gid)]
    assert foretold(shown) == (after[::-1] if heir == "leaving" else after)


def test_looking_stores_nothing(steward: Client, small_hub: SmallHub) -> None:
    before = stored(small_hub.acme.gid)
    text = middle(steward.get(split_page(small_hub), {"records": LEAVES, "look": "1"}))
    assert "a new id" in text
    assert "Not merged back" in text
    assert stored(small_hub.acme.gid) == before
    assert not Verdict.objects.exists()


def test_company_codes_and_records_are_shown_where_they_go(steward: Client, small_hub: SmallHub) -> None:
    shown = steward.get(split_page(small_hub), {"records": LEAVES, "look": "1"}).context["shown"]
    stays, leaves = shown.results
    assert [row.company_code for row in leaves.extensions] == ["DE01"]
    assert stays.extensions == ()


def test_a_split_without_a_reason_or_a_record_keeps_what_was_ticked(steward: Client, small_hub: SmallHub) -> None:
    response = steward.post(split_page(small_hub), {"version": 1, "records": LEAVES, "reason": " "})
    assert response.status_code == 400
    assert [choice.leaves for choice in response.context["choices"]] == [False, True]
    assert "Say why" in middle(response)
    response = steward.post(split_page(small_hub), {"version": 1, "chosen": "1", "reason": "two branches"})
    assert response.status_code == 400
    assert 'value="two branches"' in middle(response)


def test_who_saw_another_version_saves_nothing_and_keeps_what_was_typed(steward: Client, small_hub: SmallHub) -> None:
    version = golden.get_customer(small_hub.acme.gid).version
    fields = {"version": version - 1, "records": LEAVES, "reason": "two <branches>", "heir": "leaving"}
    response = steward.post(split_page(small_hub), fields)
    assert response.status_code == 412
    text = middle(response)
    assert "Not saved" in text
    assert 'value="two &lt;branches&gt;"' in text
    assert f'name="version" value="{version}"' in text
    assert 'name="heir" value="leaving"' in text
    assert not Verdict.objects.exists()


def test_a_decision_in_the_way_is_named_and_gives_way_where_it_is_ticked(steward: Client, small_hub: SmallHub) -> None:
    same = make_verdict(small_hub.crm_record, small_hub.erp_record, "same")
    response = steward.post(
        split_page(small_hub), {"version": small_hub.acme.version, "records": LEAVES, "reason": "x"}
    )
    assert response.status_code == 409
    text = middle(response)
    assert f"Decision {same.pk} by jane" in text
    assert 'name="reason" value="x"' in text
    shown = steward.get(split_page(small_hub), {"records": LEAVES, "supersedes": str(same.pk), "look": "1"})
    assert len(shown.context["shown"].results) == 2
    post(steward, small_hub, supersedes=str(same.pk))
    assert stored(small_hub.acme.gid)[0] == {"crm:0031"}


def test_why_a_split_is_refused_is_said_once(steward: Client, small_hub: SmallHub) -> None:
    make_verdict(small_hub.crm_record, small_hub.erp_record, "same")
    ticked = {"chosen": "1", "records": LEAVES}
    whole = steward.get(split_page(small_hub), ticked)
    detail = whole.context["trouble"].detail
    said = str(escape(detail[:1].upper() + detail[1:]))
    part = steward.get(split_page(small_hub), ticked, headers={"HX-Request": "true", "HX-Target": "after"})
    below = part.content.decode().partition('id="after"')[2]
    assert (whole.content.decode().count(said), below.count(said)) == (1, 1)


def test_every_record_ticked_leaves_nobody_behind(steward: Client, small_hub: SmallHub) -> None:
    response = steward.get(split_page(small_hub), {"records": [LEAVES, "crm:0031"]})
    assert "Leave at least one" in middle(response)
    assert response.context["shown"] is None


def test_a_record_of_somebody_else_is_refused(steward: Client, small_hub: SmallHub) -> None:
    response = steward.get(split_page(small_hub), {"records": "billing:A-7", "look": "1"})
    assert "does not belong to" in middle(response)


def test_a_customer_of_one_record_offers_no_split(steward: Client, small_hub: SmallHub) -> None:
    assert "can't be split" in middle(steward.get(f"/customers/{small_hub.billed.gid}/split/"))
    assert "/split/" not in middle(steward.get(f"/customers/{small_hub.billed.gid}/"))
    assert split_page(small_hub) in middle(steward.get(f"/customers/{small_hub.acme.gid}/"))


def with_stranger(hub: SmallHub) -> GoldenRecord:
    stranger = make_record(
        {**ACME_KEPT, "name": "Quokka Xylophones", "vat": "DE811569869"}, source="billing", key="Q-1"
    )
    make_standard(stranger)
    Membership.objects.filter(golden=make_customer(stranger)).update(golden=hub.acme)
    return hub.acme


def test_what_the_evidence_parts_is_ticked_already_and_said_why(steward: Client, small_hub: SmallHub) -> None:
    with_stranger(small_hub)
    response = steward.get(split_page(small_hub))
    assert response.context["suggestion"].tokens == ("billing:Q-1",)
    ticked = [choice.token for choice in response.context["choices"] if choice.leaves]
    assert ticked == ["billing:Q-1"]
    assert "Suggested." in middle(response)
    # What would come of it is fetched by the page, which so stands there at once.
    assert response.context["comes_later"]
    assert response.context["shown"] is None
    assert steward.get(split_page(small_hub), {"records": ticked, "look": "1"}).context["shown"]
    # Who took the ticks away meant it.
    cleared = steward.get(split_page(small_hub), {"chosen": "1"})
    assert not any(choice.leaves for choice in cleared.context["choices"])


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("administrator", 403), ("senior_steward", 200)])
def test_only_stewards_split(log_in: Callable[[str], Client], small_hub: SmallHub, role: str, status: int) -> None:
    client = log_in(role)
    assert ("/split/" in middle(client.get(f"/customers/{small_hub.acme.gid}/"))) == (status == 200)
    assert client.get(split_page(small_hub)).status_code == status
    sent = {"version": golden.get_customer(small_hub.acme.gid).version, "records": LEAVES, "reason": "two branches"}
    assert client.post(split_page(small_hub), sent, follow=True).status_code == status
    assert Verdict.objects.exists() == (status == 200)


def test_the_result_can_be_undone_from_the_page_that_follows(steward: Client, small_hub: SmallHub) -> None:
    # Only the records: the factory chose the values without the rules.
    before = stored(small_hub.acme.gid)[0]
    response = steward.post(
        split_page(small_hub),
        {"version": golden.get_customer(small_hub.acme.gid).version, "records": LEAVES, "reason": "two branches"},
        follow=True,
    )
    assert response.redirect_chain == [(f"/customers/{small_hub.acme.gid}/", 302)]
    verdict = Verdict.objects.get()
    assert f'name="verdict_id" value="{verdict.pk}"' in response.content.decode()
    undone = steward.post("/review/undo/", {"verdict_id": verdict.pk})
    assert undone.headers["Location"] == f"/customers/{small_hub.acme.gid}/"
    assert stored(small_hub.acme.gid)[0] == before


def test_ticking_takes_few_queries_and_a_preview_a_bounded_number(steward: Client, small_hub: SmallHub) -> None:
    counts = []
    for query in ({"chosen": "1"}, {"records": LEAVES}, {"records": LEAVES, "look": "1"}):
        steward.get(split_page(small_hub), query)
        with CaptureQueriesContext(connection) as queries:
            response = steward.get(split_page(small_hub), query)
        assert len(response.content) < 60_000
        counts.append(len(queries))
    assert max(counts[:2]) <= 15, counts
    assert counts[2] <= MOST_QUERIES_OF_A_PREVIEW, counts
