"""A person's keys: kept for them alone, and never two things on one key."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.test import Client

from apps.stewardship.models import Preference
from apps.stewardship.preferences import Keys, get_keys, save_keys
from tests.stewardship.conftest import SmallHub

PATH = "/me/preferences/"
OWN = {"on": "on", "same": "Y", "different": "n", "related": "r", "not_sure": "u"}


def test_keys_are_kept_for_one_person_and_shown_on_the_buttons(
    log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    steward, senior = log_in("steward"), log_in("senior_steward")
    assert steward.post(PATH, OWN).status_code == 302
    case = f"/review/{small_hub.case.pk}/"
    assert 'value="same" data-key="y"' in steward.get(case).content.decode()
    senior.post(f"{case}take-over/")
    assert 'value="same" data-key="m"' in senior.get(case).content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [({"same": "n"}, "is the key of Same customer already"), ({"same": "z"}, "does something else already"),
     ({"same": ""}, "required"), ({"same": "yy"}, "at most 1 character")],
)  # fmt: skip
def test_a_key_that_is_taken_is_refused_and_what_was_typed_is_kept(
    steward: Client, change: dict[str, str], words: str
) -> None:
    response = steward.post(PATH, {**OWN, "related": "q", **change})
    assert response.status_code == 400
    assert words in response.content.decode()
    assert 'name="related" value="q"' in response.content.decode()
    assert not Preference.objects.exists()


def test_the_switch_turns_single_keys_off_and_on_and_leads_back(steward: Client) -> None:
    there = {"Referer": "http://testserver/customers/?q=acme"}
    response = steward.post(f"{PATH}switch/", headers=there)
    assert response["Location"] == "/customers/?q=acme"
    assert 'data-keys="off"' in steward.get(PATH).content.decode()
    steward.post(f"{PATH}switch/")
    assert 'data-keys="on"' in steward.get(PATH).content.decode()


def test_the_switch_leads_nowhere_else(steward: Client) -> None:
    response = steward.post(f"{PATH}switch/", headers={"Referer": "http://elsewhere.example/x"})
    assert response["Location"] == PATH


def test_who_changed_nothing_has_the_usual_keys_and_no_row(db: None) -> None:
    assert get_keys(User.objects.create(username="anna")) == Keys()
    assert not Preference.objects.exists()


def test_the_database_refuses_one_key_for_two_verdicts(db: None) -> None:
    with pytest.raises(IntegrityError, match="each_verdict_has_a_key_of_its_own"):
        save_keys(user=User.objects.create(username="anna"), keys=Keys(same="n"))
