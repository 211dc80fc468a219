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


def test_who_looks_at_a_case_is_asked_for_it_and_the_answer_comes_back(
    steward: Client, log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    address = f"/review/{small_hub.case.pk}/"
    steward.get(address)
    senior = log_in("senior_steward")
    assert "Ask for it" in middle(senior.get(address))
    assert senior.post(f"{address}ask/", {"back": address})["Location"] == address
    asked = middle(senior.get(address))
    assert "You asked for it" in asked
    assert 'data-state="asked"' in asked
    told = steward.post(f"{address}claim/", {"back": address}).content.decode()
    assert "a-senior_steward asks for this case" in told
    # Kept: the asker reads so, and nothing changed hands.
    steward.post(f"{address}answer/", {"back": address})
    assert "asks for this case" not in middle(steward.get(address))
    assert "a-steward keeps it." in senior.post(f"{address}claim/?was=theirs").content.decode()
    assert Claim.objects.get(pk=small_hub.case.pk).person == "person:a-steward"
    # Asked once more, and given.
    senior.post(f"{address}ask/", {"back": address})
    steward.post(f"{address}answer/", {"back": address, "gives": "1"})
    assert "This case is yours now" in senior.post(f"{address}claim/?was=theirs", {"back": address}).content.decode()
    assert 'value="same"' in middle(senior.get(address))
    assert "a-senior_steward looks at this case" in middle(steward.get(address))
    claim = Claim.objects.get(pk=small_hub.case.pk)
    assert (claim.person, claim.asked_by, claim.is_kept) == ("person:a-senior_steward", "", False)


def test_nobody_gives_away_what_somebody_else_looks_at_or_nobody_asks_for(
    steward: Client, log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    address = f"/review/{small_hub.case.pk}/"
    steward.get(address)
    senior = log_in("senior_steward")
    for client in (steward, senior):
        client.post(f"{address}answer/", {"gives": "1"})
        assert Claim.objects.get(pk=small_hub.case.pk).person == "person:a-steward"
    senior.post(f"{address}ask/")
    senior.post(f"{address}answer/", {"gives": "1"})
    assert Claim.objects.get(pk=small_hub.case.pk).person == "person:a-steward"
