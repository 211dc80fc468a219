"""Two customers beside each other, and merging them with the result shown first."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.base.actors import Actor
from apps.golden.models import GoldenRecord, Move
from apps.golden.selectors import get_customer
from apps.matching.models import Verdict
from apps.pipeline.deciding import undo_decision
from apps.pipeline.fixing import Wish, pin_value
from apps.stewardship.screens.merging import MergePage
from tests.factories import make_customer, make_record, make_standard, make_verdict
from tests.stewardship.conftest import SmallHub, middle

ANNA = Actor.person("anna", None)


def path_of(hub: SmallHub, more: str = "") -> str:
    return f"/customers/compare/?a={hub.acme.gid}&b={hub.billed.gid}{more}"


def merge(client: Client, hub: SmallHub, **said: object) -> object:
    sides = {"a": hub.acme.gid, "b": hub.billed.gid}
    versions = {f"{name}_version": GoldenRecord.objects.get(gid=gid).version for name, gid in sides.items()}
    return client.post("/customers/compare/merge/", {**sides, **versions, "reason": "one contract", **said})


def result_of(page: MergePage) -> dict[str, str]:
    assert page.merged
    return {name: row.value for name, row in page.merged.values.items()}


def test_fields_stand_side_by_side_with_verdicts_and_why_they_are_two(steward: Client, small_hub: SmallHub) -> None:
    response = steward.get(path_of(small_hub))
    page: MergePage = response.context["pair"]
    tones = {row.title: row.verdict.tone for _, rows in page.groups for row in rows}
    assert (tones["City"], tones["Website"]) == ("agree", "missing")
    assert tones["Phone"] != "agree"
    assert page.differences == sum(tone in ("conflict", "partial") for tone in tones.values())
    text = middle(response)
    assert "They are two customers." in text
    assert f"Open case {small_hub.case.pk} asks about them" in text
    assert page.merged is None
    assert Move.objects.filter(kind="merged").count() == 0


def test_the_result_shown_is_what_the_merge_stores(steward: Client, small_hub: SmallHub) -> None:
    pin_value(gid=small_hub.billed.gid, wish=Wish("phone", value="+49 40 555 0100"), reason="called", actor=ANNA)
    response = steward.get(path_of(small_hub, "&merge=1"))
    page: MergePage = response.context["pair"]
    assert page.merged
    assert (page.merged.gid, page.merged.ended) == (small_hub.acme.gid, small_hub.billed.gid)
    assert [member.key for member in page.merged.moving] == ["A-7"]
    assert page.merged.pins == ("Phone “+49 40 555 0100”, until somebody releases it",)
    assert [row.company_code for row in page.merged.extensions] == ["DE01"]
    assert not Verdict.objects.filter(kind="same").exists()
    assert get_customer(small_hub.billed.gid).state == "live"

    done = merge(steward, small_hub)
    assert done["Location"] == f"/customers/{small_hub.acme.gid}/"  # type: ignore[index]
    stored = get_customer(small_hub.acme.gid)
    assert {value.attribute: value.value for value in stored.values} == result_of(page)
    assert get_customer(small_hub.billed.gid).survivor == small_hub.acme.gid
    text = middle(steward.get(f"/customers/{small_hub.acme.gid}/"))
    assert "Undo takes it back" in text
    assert 'name="verdict_id"' in text


def test_the_toast_s_undo_parts_them_again(steward: Client, small_hub: SmallHub) -> None:
    merge(steward, small_hub)
    number = Verdict.objects.latest("pk").pk
    undo_decision(verdict_id=number, actor=ANNA)
    assert get_customer(small_hub.billed.gid).state == "live"


def test_the_older_id_lives_on_unless_the_other_is_kept(steward: Client, small_hub: SmallHub) -> None:
    page: MergePage = steward.get(path_of(small_hub, f"&merge=1&survivor={small_hub.billed.gid}")).context["pair"]
    assert page.merged
    assert (page.merged.gid, page.merged.ended) == (small_hub.billed.gid, small_hub.acme.gid)
    merge(steward, small_hub, survivor=small_hub.billed.gid)
    assert get_customer(small_hub.acme.gid).survivor == small_hub.billed.gid


def test_who_saw_an_older_version_merges_nothing_and_keeps_the_reason(steward: Client, small_hub: SmallHub) -> None:
    seen = small_hub.billed.version
    pin_value(gid=small_hub.billed.gid, wish=Wish("phone", value="+49 40 555 0100"), reason="called", actor=ANNA)
    response = merge(steward, small_hub, b_version=seen, reason="my own words")
    assert response.status_code == 412  # type: ignore[attr-defined]
    text = response.content.decode()  # type: ignore[attr-defined]
    assert 'value="my own words"' in text
    assert f'name="b_version" value="{seen + 1}"' in text
    assert get_customer(small_hub.billed.gid).state == "live"


def test_who_comes_second_reads_that_they_are_one_already(steward: Client, small_hub: SmallHub) -> None:
    merge(steward, small_hub)
    response = merge(steward, small_hub, reason="my own words")
    assert response.status_code in (409, 412)  # type: ignore[attr-defined]
    text = response.content.decode()  # type: ignore[attr-defined]
    assert "They are one customer" in text
    assert "my own words" in text
    assert Verdict.objects.filter(kind="same").count() == 1


def test_a_decision_against_it_is_named_and_gives_way_where_ticked(steward: Client, small_hub: SmallHub) -> None:
    verdict = make_verdict(small_hub.erp_record, small_hub.billing_record, "different")
    text = steward.get(path_of(small_hub, "&merge=1")).content.decode()
    assert f"Decision {verdict.pk} by jane gives way" in text
    refused = merge(steward, small_hub)
    assert refused.status_code == 409  # type: ignore[attr-defined]
    ticked = steward.get(path_of(small_hub, f"&merge=1&supersedes={verdict.pk}"))
    assert ticked.context["pair"].merged is not None
    assert merge(steward, small_hub, supersedes=verdict.pk).status_code == 302  # type: ignore[attr-defined]


def test_a_merge_needs_a_reason(steward: Client, small_hub: SmallHub) -> None:
    response = merge(steward, small_hub, reason=" ")
    assert response.status_code == 400  # type: ignore[attr-defined]
    assert "Say why they are one customer" in response.content.decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 400, "Tick two customers"),
        ("?pick={a}", 400, "Tick two customers"),
        ("?a={a}&b={a}", 200, "They are one customer"),
        ("?a={a}&b=rubbish", 404, "Search customers"),
        ("?pick={a}&pick={b}", 200, "They are two customers"),
    ],
)
def test_what_cannot_be_compared_says_so(
    steward: Client, small_hub: SmallHub, query: str, status: int, words: str
) -> None:
    response = steward.get("/customers/compare/" + query.format(a=small_hub.acme.gid, b=small_hub.billed.gid))
    assert response.status_code == status
    assert words in response.content.decode()


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("administrator", 403), ("senior_steward", 302)])
def test_only_stewards_merge_and_see_what_it_would_do(
    log_in: Callable[[str], Client], small_hub: SmallHub, role: str, status: int
) -> None:
    client = log_in(role)
    response = client.get(path_of(small_hub, "&merge=1"))
    assert response.status_code == 200
    assert (response.context["pair"].merged is not None) == (status == 302)
    assert ('action="/customers/compare/merge/"' in response.content.decode()) == (status == 302)
    assert merge(client, small_hub).status_code == status  # type: ignore[attr-defined]


def test_the_preview_takes_as_many_queries_for_many_records_as_for_few(steward: Client, small_hub: SmallHub) -> None:
    records = [make_record({"name": f"Nordwind {n} AG", "city": "Kiel"}) for n in range(8)]
    for record in records:
        make_standard(record)
    few, many = make_customer(records[0]), make_customer(*records[1:])
    steward.get(path_of(small_hub, "&merge=1"))
    counted = []
    for path in (path_of(small_hub, "&merge=1"), f"/customers/compare/?a={few.gid}&b={many.gid}&merge=1"):
        with CaptureQueriesContext(connection) as queries:
            assert steward.get(path).status_code == 200
        counted.append(len(queries))
    # It runs the merge itself and takes it back: what that asks hangs on what it does, not on how many records.
    assert max(counted) <= 120, counted
