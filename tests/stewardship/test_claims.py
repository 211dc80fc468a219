"""Who looks at a case is seen by others, skipped by Start, and gives way on purpose."""

from collections.abc import Callable

from django.test import Client

from apps.cases.models import Claim
from tests.stewardship.conftest import SmallHub, middle


def test_others_see_who_looks_at_a_case_read_it_and_take_it_over(
    steward: Client, log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    address = f"/review/{small_hub.case.pk}/"
    assert "looks at this case" not in middle(steward.get(address))
    senior = log_in("senior_steward")
    for page in (address, f"/review/cluster/{small_hub.case.pk}/"):
        text = middle(senior.get(page))
        assert "a-steward looks at this case" in text
        assert 'name="verdict"' not in text
        assert "Store the groups" not in text
    response = senior.post(f"{address}take-over/", {"back": f"/review/cluster/{small_hub.case.pk}/"})
    assert response["Location"] == f"/review/cluster/{small_hub.case.pk}/"
    assert 'value="same"' in middle(senior.get(address))
    assert "a-senior_steward looks at this case" in steward.post(f"{address}claim/").content.decode()


def test_the_way_back_stays_in_the_review(steward: Client, small_hub: SmallHub) -> None:
    address = f"/review/{small_hub.case.pk}/"
    response = steward.post(f"{address}take-over/", {"back": "https://elsewhere.example/review/"})
    assert response["Location"] == address


def test_start_passes_what_somebody_looks_at_and_the_queue_says_who(
    steward: Client, log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    steward.get(f"/review/{small_hub.case.pk}/")
    assert steward.get("/review/next/")["Location"] == f"/review/{small_hub.case.pk}/"
    senior = log_in("senior_steward")
    assert senior.get("/review/next/")["Location"] == "/review/"
    assert "a-steward looks at it" in middle(senior.get("/review/"))
    assert senior.get("/review/?claim=taken").context["queue"].rows
    assert not senior.get("/review/?claim=free").context["queue"].rows
    assert steward.get("/review/?claim=mine").context["queue"].rows


def test_a_verdict_lets_go_and_neither_viewers_nor_pages_fetched_ahead_claim(
    steward: Client, log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    address = f"/review/{small_hub.case.pk}/"
    log_in("viewer").get(address)
    steward.get(address, headers={"X-Ahead": "1"})
    assert not Claim.objects.exists()
    steward.get(address)
    assert Claim.objects.count() == 1
    steward.post(f"{address}judge/", {"verdict": "not_sure"})
    assert not Claim.objects.filter(pk=small_hub.case.pk, person="person:a-steward").exists()
