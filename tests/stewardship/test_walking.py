"""Go through the cases of a filter or a selection, one after the other."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from apps.cases.models import Case, Claim
from apps.matching.models import Verdict
from apps.pipeline.models import Proposal
from apps.stewardship.screens.walking import Walk
from tests.factories import make_case, make_customer, make_record, make_standard
from tests.stewardship.conftest import SmallHub, middle


@pytest.fixture(autouse=True)
def _nothing_is_blind(settings: Settings) -> None:
    settings.MDM = {**settings.MDM, "BLIND_PERCENT": 0}


@pytest.fixture
def asked(small_hub: SmallHub) -> list[Case]:
    """Three possible duplicates, most pressing first, beside a case of another kind."""
    Case.objects.filter(pk=small_hub.case.pk).update(kind="reopened")
    made = []
    for number in range(3):
        records = [make_record({"name": f"Firm {number}"}) for _ in range(2)]
        for record in records:
            make_standard(record)
            make_customer(record)
        made.append(make_case(*records, priority=9 - number))
    return made


def case_of(location: str) -> int:
    return int(urlsplit(location).path.strip("/").split("/")[1])


def walk_of(location: str) -> Walk:
    return Walk.read(parse_qs(urlsplit(location).query)["in"][0])


def judge(client: Client, location: str, verdict: str = "different") -> str:
    """Press a verdict on the page as it stands, and return where it leads."""
    page = client.get(location)
    pair = page.context["pair"]
    address = f'action="/review/{pair.case.case_id}/judge/{page.context["walk"].keep}"'
    assert address in page.content.decode(), "the form stays on the walk"
    seen = {
        "low_gid": pair.low.customer.gid,
        "low_version": pair.low.customer.version,
        "high_gid": pair.high.customer.gid,
        "high_version": pair.high.customer.version,
    }
    return str(client.post(address[8:-1], {**seen, "verdict": verdict})["Location"])


def test_a_filter_is_gone_through_case_by_case_and_ends_with_what_came_of_it(
    steward: Client, asked: list[Case]
) -> None:
    queue = steward.get("/review/", {"kind": "pair"})
    assert 'href="/review/next/?in=kind%3Dpair"' in queue.content.decode()
    assert "Judge these 3" in " ".join(queue.content.decode().split())
    place = steward.get("/review/next/?in=kind%3Dpair")["Location"]
    for number, case in enumerate(asked, start=1):
        assert case_of(place) == case.pk
        assert f"<strong>{number} of 3</strong>" in middle(steward.get(place))
        place = judge(steward, place)
    assert urlsplit(place).path == "/review/walk/"
    text = middle(steward.get(place))
    assert "3 cases judged" in text
    assert "None of them is still open" in text
    assert Case.objects.filter(state="open").count() == 1, "what the filter leaves out is left alone"


def test_a_walk_follows_the_order_asked_for(steward: Client, asked: list[Case]) -> None:
    for days, case in enumerate(asked):
        case.opened_at = case.opened_at.replace(year=2020 - days)
        case.save(update_fields=["opened_at"])
    place = steward.get("/review/next/", {"in": "kind=pair&order=oldest"})["Location"]
    found = [case_of(place)]
    while not (place := judge(steward, place)).startswith("/review/walk/"):
        found.append(case_of(place))
    assert found == [case.pk for case in reversed(asked)]


def test_a_walk_skips_without_a_verdict_and_counts_what_is_left(steward: Client, asked: list[Case]) -> None:
    place = steward.get("/review/next/", {"in": "kind=pair"})["Location"]
    keep = walk_of(place).keep
    assert f'href="/review/next/{keep}&amp;after={asked[0].pk}" data-key="s"' in middle(steward.get(place))
    place = steward.get(f"/review/next/{keep}&after={asked[0].pk}")["Location"]
    assert case_of(place) == asked[1].pk
    place = judge(steward, judge(steward, place))
    text = middle(steward.get(place))
    assert "2 cases judged" in text
    assert "You came to 3 of 3. 1 of them is still open." in text
    again = steward.get(f"/review/next/{walk_of(place).again}")["Location"]
    assert (case_of(again), walk_of(again).of) == (asked[0].pk, 1)


def test_only_what_is_selected_is_gone_through(steward: Client, asked: list[Case]) -> None:
    first, _, third = asked
    words = {"in": "", "some": "1", "pick": [str(third.pk), str(first.pk)]}
    place = steward.get("/review/next/", words)["Location"]
    assert (case_of(place), walk_of(place).of) == (first.pk, 2)
    assert "1 of 2</strong> selected" in middle(steward.get(place))
    place = judge(steward, place)
    assert case_of(place) == third.pk
    assert judge(steward, place).startswith("/review/walk/")


def test_all_covers_the_whole_filter_and_not_the_page(steward: Client, small_hub: SmallHub) -> None:
    for _ in range(60):
        make_case(make_record(), make_record(), kind="reopened")
    queue = steward.get("/review/", {"kind": "reopened"})
    shown = [row.pick for row in queue.context["queue"].rows]
    assert len(shown) == 50
    assert "Select all 60" in " ".join(queue.content.decode().split())
    words = {"in": queue.context["queue"].words, "some": "1", "all": "1", "pick": shown}
    assert walk_of(steward.get("/review/next/", words)["Location"]).of == 60


def test_nothing_selected_leads_back_to_the_filter_and_says_so(steward: Client, asked: list[Case]) -> None:
    back = steward.get("/review/next/", {"in": "kind=pair", "some": "1"})
    assert back["Location"] == "/review/?kind=pair"
    assert "Select the rows to judge first." in steward.get(back["Location"]).content.decode()
    none = steward.get("/review/next/", {"in": "kind=growth"})
    assert "None of these is left" in steward.get(none["Location"]).content.decode()


def test_undo_on_a_walk_leads_back_to_the_case_and_its_number(steward: Client, asked: list[Case]) -> None:
    place = judge(steward, steward.get("/review/next/", {"in": "kind=pair"})["Location"])
    text = steward.get(place).content.decode()
    assert f'action="/review/undo/{walk_of(place).keep}"' in text
    made = Verdict.objects.get()
    back = steward.post(f"/review/undo/{walk_of(place).keep}", {"verdict_id": made.pk})["Location"]
    assert (case_of(back), walk_of(back).at) == (asked[0].pk, 1)
    assert case_of(judge(steward, back)) == asked[1].pk


def test_a_case_beside_the_way_leads_back_to_it(steward: Client, small_hub: SmallHub, asked: list[Case]) -> None:
    place = steward.get("/review/next/", {"in": "kind=pair"})["Location"]
    beside = f"/review/{small_hub.case.pk}/{walk_of(place).keep}"
    assert "beside the way" in middle(steward.get(beside))
    back = judge(steward, beside)
    assert (case_of(back), walk_of(back).at) == (asked[0].pk, 1)


def test_a_walk_passes_what_somebody_else_looks_at(
    steward: Client, log_in: Callable[[str], Client], asked: list[Case]
) -> None:
    log_in("senior_steward").get(f"/review/{asked[1].pk}/")
    assert Claim.objects.filter(case_id=asked[1].pk).exists()
    place = steward.get("/review/next/", {"in": "kind=pair"})["Location"]
    assert walk_of(place).of == 2
    assert case_of(judge(steward, place)) == asked[2].pk


def test_a_walk_costs_few_queries(
    steward: Client, asked: list[Case], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    place = steward.get("/review/next/", {"in": "kind=pair"})["Location"]
    walk = walk_of(place)
    with django_assert_max_num_queries(15):
        assert steward.get(place, headers={"X-Ahead": "1", "HX-Request": "true"}).status_code == 200
    with django_assert_max_num_queries(15):
        steward.get(f"/review/next/{walk.keep}&after={asked[0].pk}")
    with django_assert_max_num_queries(15):
        steward.get(f"/review/walk/{walk.keep}")


@pytest.mark.parametrize(
    "words", ["", "at=x&of=-1", "picked=a.b&since=999999999999999", "stands_at=0&order=odd&kind=no"]
)
def test_an_address_that_names_nothing_walks_through_everything(
    steward: Client, small_hub: SmallHub, words: str
) -> None:
    assert case_of(steward.get("/review/next/", {"in": words})["Location"]) == small_hub.case.pk
    assert steward.get("/review/walk/", {"in": words}).status_code == 200
    assert steward.get(f"/review/{small_hub.case.pk}/", {"in": words}).status_code == 200


def test_grouping_all_records_of_a_case_goes_on_with_the_walk(steward: Client, asked: list[Case]) -> None:
    place = steward.get("/review/next/", {"in": "kind=pair"})["Location"]
    keep = walk_of(place).keep
    text = middle(steward.get(f"/review/cluster/{asked[0].pk}/{keep}"))
    assert f'action="/review/cluster/{asked[0].pk}/{keep}"' in text
    assert "<strong>1 of 3</strong>" in text


def test_proposing_goes_on_with_the_walk(steward: Client, asked: list[Case], settings: Settings) -> None:
    settings.MDM = {**settings.MDM, "SECOND_PERSON_RECORDS": 1}
    page = steward.get(steward.get("/review/next/", {"in": "kind=pair"})["Location"])
    pair, keep = page.context["pair"], page.context["walk"].keep
    assert pair.case.case_id == asked[0].pk
    seen = {
        "low_gid": pair.low.customer.gid,
        "low_version": pair.low.customer.version,
        "high_gid": pair.high.customer.gid,
        "high_version": pair.high.customer.version,
    }
    said = {**seen, "verdict": "same", "propose": "1", "reason": "one firm"}
    following = steward.post(f"/review/{asked[0].pk}/judge/{keep}", said)
    assert case_of(following["Location"]) == asked[1].pk
    assert walk_of(following["Location"]).at == 2
    assert "Proposed. Nothing is changed" in steward.get(following["Location"]).content.decode()
    assert Proposal.objects.get().reason == "one firm"
    assert not Claim.objects.filter(pk=asked[0].pk).exists()
