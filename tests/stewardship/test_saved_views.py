"""Views of the queue that people keep, and share."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.base.actors import Actor
from apps.base.errors import Invalid
from apps.stewardship.models import SavedView
from apps.stewardship.saved_views import MOST_VIEWS, save_view
from tests.stewardship.conftest import SmallHub

SAVE = "/review/views/"


def names(client: Client, address: str = "/review/") -> list[str]:
    return [view.name for view in client.get(address).context["queue"].views]


def test_a_view_is_kept_for_one_person_and_leads_to_its_filter(
    steward: Client, log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    page = steward.get("/review/?kind=pair&order=oldest").content.decode()
    assert 'name="words" value="kind=pair&amp;order=oldest"' in page
    assert 'name="shared"' not in page
    saved = steward.post(SAVE, {"words": "kind=pair&order=oldest", "name": "Old pairs"})
    assert saved["Location"] == "/review/?kind=pair&order=oldest"
    shown = steward.get(saved["Location"])
    assert [view.name for view in shown.context["queue"].views if view.is_chosen] == ["Old pairs"]
    assert 'href="?kind=pair&amp;order=oldest" aria-current="true">Old pairs' in shown.content.decode()
    assert "Old pairs" not in names(log_in("viewer"))


def test_a_view_is_renamed_and_deleted_with_its_history_kept(steward: Client, small_hub: SmallHub) -> None:
    for name in ("Old pairs", "Oldest pairs"):
        steward.post(SAVE, {"words": "kind=pair&order=oldest", "name": name})
    row = SavedView.objects.get()
    assert row.name == "Oldest pairs"
    assert "Rename or delete" in steward.get("/review/?kind=pair&order=oldest").content.decode()
    steward.post(SAVE, {"words": "kind=pair&order=oldest", "delete": row.pk})
    assert not SavedView.objects.exists()
    kept = SavedView.history.order_by("history_id").values_list("history_type", "history_actor")
    assert list(kept) == [("+", "person:a-steward"), ("~", "person:a-steward"), ("-", "person:a-steward")]


def test_only_a_senior_shares_a_view_and_only_its_owner_deletes_it(
    steward: Client, log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    shared = {"words": "kind=pair", "name": "Ours", "shared": "on"}
    assert steward.post(SAVE, shared).status_code == 403
    assert log_in("senior_steward").post(SAVE, shared).status_code == 302
    assert "Ours" in names(steward)
    row = SavedView.objects.get()
    assert steward.post(SAVE, {"delete": row.pk}).status_code == 404
    assert "Rename or delete" not in steward.get("/review/?kind=pair").content.decode()
    assert SavedView.objects.count() == 1


@pytest.mark.parametrize("typed", [{"name": ""}, {"name": "x" * 61}, {"name": "x", "words": "y" * 301}])
def test_a_view_without_a_fitting_name_is_refused(steward: Client, typed: dict[str, str]) -> None:
    assert steward.post(SAVE, {"words": "kind=pair", **typed}).status_code == 400
    assert not SavedView.objects.exists()


def test_a_view_keeps_only_words_that_the_queue_knows(steward: Client) -> None:
    steward.post(SAVE, {"words": "kind=odd&order=oldest&after=5~7&next=//elsewhere.example", "name": "x"})
    assert SavedView.objects.get().words == "order=oldest"


def test_a_person_keeps_a_bounded_number_of_views(db: None) -> None:
    anna = Actor.person("anna", None)
    for number in range(MOST_VIEWS):
        save_view(name="x", words=f"age={number}", is_shared=False, may_share=False, actor=anna)
    with pytest.raises(Invalid, match="at most 30"):
        save_view(name="x", words="age=more", is_shared=False, may_share=False, actor=anna)
    save_view(name="renamed", words="age=3", is_shared=False, may_share=False, actor=anna)


def test_the_views_that_come_with_the_hub_all_open(steward: Client, small_hub: SmallHub) -> None:
    views = steward.get("/review/").context["queue"].views
    assert [view.name for view in views if view.is_chosen] == ["Most pressing"]
    for view in views:
        shown = steward.get(f"/review/{view.address}").context["queue"]
        assert [one.name for one in shown.views if one.is_chosen] == [view.name]
