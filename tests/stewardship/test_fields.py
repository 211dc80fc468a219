"""One value: who says what and why one won; fixed and released from its page."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from apps.base.actors import Actor
from apps.golden.models import GoldenRecord, Pin
from apps.golden.selectors import get_customer
from apps.pipeline.fixing import Wish, pin_value
from apps.sources.models import SourceRecord
from apps.stewardship.screens.field import FieldPage
from tests.factories import make_customer, make_record, make_standard
from tests.stewardship.conftest import ACME_KEPT, SmallHub, middle

ANNA = Actor.person("anna", None)
TOMORROW = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()


def path_of(hub: SmallHub, attribute: str = "name", act: str = "") -> str:
    return f"/customers/{hub.acme.gid}/fields/{attribute}/{act}"


def fix(client: Client, hub: SmallHub, attribute: str = "name", **said: object) -> object:
    version = GoldenRecord.objects.get(pk=hub.acme.pk).version
    typed = {"version": version, "until": "released", "reason": "as on the contract"} | said
    return client.post(path_of(hub, attribute, "fix/"), typed)


def value_of(hub: SmallHub, attribute: str = "name") -> str:
    return {v.attribute: v.value for v in get_customer(hub.acme.gid).values}.get(attribute, "")


def test_every_record_s_word_is_listed_with_its_place_and_why_it_lost(steward: Client, small_hub: SmallHub) -> None:
    response = steward.get(path_of(small_hub))
    field: FieldPage = response.context["field"]
    assert [row.value for row in field.rows if row.wins] == [field.returns]
    assert {row.key for row in field.rows} == {"0031", "88-12"}
    assert [row.rank for row in field.rows] == [1, 2]
    lost = next(row for row in field.rows if not row.wins)
    assert lost.verdict in response.content.decode()
    assert lost.verdict


def test_a_field_of_an_address_says_with_which_it_comes(steward: Client, small_hub: SmallHub) -> None:
    assert "City comes with the street from one record" in middle(steward.get(path_of(small_hub, "city")))


@pytest.mark.parametrize("attribute", ["rubbish", "name.full"])
def test_a_field_that_the_rules_do_not_know_is_not_there(steward: Client, small_hub: SmallHub, attribute: str) -> None:
    assert steward.get(path_of(small_hub, attribute)).status_code == 404


def test_a_record_s_value_is_used_and_protected(steward: Client, small_hub: SmallHub) -> None:
    response = fix(steward, small_hub, choice="erp:88-12")
    assert response.status_code == 302  # type: ignore[attr-defined]
    assert value_of(small_hub) == "ACME Praezision GmbH"
    pin = Pin.objects.get(attribute="name")
    assert (pin.release, pin.reason, pin.pinned_by) == ("never", "as on the contract", "person:a-steward")
    page = middle(steward.get(f"/customers/{small_hub.acme.gid}/"))
    assert "Name is now “ACME Praezision GmbH”, protected until somebody releases it." in page
    assert "Protected" in page


def test_a_value_typed_without_a_choice_is_the_choice(steward: Client, small_hub: SmallHub) -> None:
    fix(steward, small_hub, own="Acme Fixed", until="date", on=TOMORROW)
    pin = Pin.objects.get(attribute="name")
    assert (pin.value, str(pin.release_on)) == ("Acme Fixed", TOMORROW)


def test_none_fixes_that_there_is_no_value(steward: Client, small_hub: SmallHub) -> None:
    fix(steward, small_hub, "website", choice="none")
    assert value_of(small_hub, "website") == ""
    assert "Fixed as empty" in middle(steward.get(path_of(small_hub, "website")))


@pytest.mark.parametrize(("watch", "key"), [("", "88-12"), ("crm:0031", "0031")])
def test_a_value_follows_the_record_used_unless_another_is_chosen(
    steward: Client, small_hub: SmallHub, watch: str, key: str
) -> None:
    fix(steward, small_hub, choice="erp:88-12", until="source", watch=watch)
    pin = Pin.objects.get(attribute="name")
    assert pin.release == "source_changes"
    assert SourceRecord.objects.get(pk=pin.release_record_id or 0).key == key


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "Choose a value or type one"),
        ({"choice": "own"}, "Type the value"),
        ({"own": "Acme Fixed", "until": "date"}, "Give the day"),
        ({"own": "Acme Fixed", "until": "source"}, "Choose the record to follow"),
        ({"own": "Acme Fixed", "until": "date", "on": "2001-01-01"}, "The date must lie ahead"),
        ({"own": "Acme Fixed", "reason": ""}, "Say why"),
        ({"choice": "billing:A-7"}, "doesn&#x27;t belong to this customer"),
        ({"choice": "crm:zzz"}, "has no record"),
    ],
)
def test_what_cannot_be_saved_says_why_and_keeps_what_was_typed(
    steward: Client, small_hub: SmallHub, said: dict[str, str], words: str
) -> None:
    response = fix(steward, small_hub, **{"reason": "my own words"} | said)
    text = response.content.decode()  # type: ignore[attr-defined]
    assert response.status_code in (400, 404)  # type: ignore[attr-defined]
    assert words in text
    assert not Pin.objects.exists()
    if said.get("reason") is None:
        assert 'value="my own words"' in text
    if "own" in said:
        assert 'value="Acme Fixed"' in text


def test_who_saw_an_older_version_saves_nothing_and_loses_nothing(steward: Client, small_hub: SmallHub) -> None:
    seen = small_hub.acme.version
    pin_value(gid=small_hub.acme.gid, wish=Wish("phone", value="+49 40 555 0100"), reason="called", actor=ANNA)
    response = fix(steward, small_hub, own="Acme Mine", version=seen, reason="my own words")
    assert response.status_code == 412  # type: ignore[attr-defined]
    text = response.content.decode()  # type: ignore[attr-defined]
    assert 'value="Acme Mine"' in text
    assert 'value="my own words"' in text
    assert value_of(small_hub) != "Acme Mine"


@pytest.mark.parametrize("attribute", ["name", "street", "city", "website", "phone"])
def test_a_release_gives_back_what_the_page_says_returns(steward: Client, small_hub: SmallHub, attribute: str) -> None:
    fix(steward, small_hub, "street", own="Kai 9")
    fix(steward, small_hub, attribute, choice="none")
    said = steward.get(path_of(small_hub, attribute)).context["field"].returns
    version = GoldenRecord.objects.get(pk=small_hub.acme.pk).version
    response = steward.post(path_of(small_hub, attribute, "release/"), {"version": version, "reason": "no longer"})
    assert response.status_code == 302
    assert value_of(small_hub, attribute) == said
    assert f"the rules say {f'“{said}”' if said else 'empty'}." in middle(
        steward.get(f"/customers/{small_hub.acme.gid}/")
    )


def test_a_release_needs_a_reason_and_something_fixed(steward: Client, small_hub: SmallHub) -> None:
    where = path_of(small_hub, "name", "release/")
    assert steward.post(where, {"version": small_hub.acme.version, "reason": " "}).status_code == 400
    response = steward.post(where, {"version": small_hub.acme.version, "reason": "no longer"})
    assert response.status_code == 404
    assert "Nothing is fixed" in response.content.decode()


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("administrator", 403), ("steward", 302), ("senior_steward", 302)]
)
def test_only_stewards_fix_and_see_the_form(
    log_in: Callable[[str], Client], small_hub: SmallHub, role: str, status: int
) -> None:
    client = log_in(role)
    page = client.get(path_of(small_hub))
    assert page.status_code == 200
    assert ("Save and protect" in page.content.decode()) == (status == 302)
    assert fix(client, small_hub, own="Acme Mine").status_code == status  # type: ignore[attr-defined]
    version = GoldenRecord.objects.get(pk=small_hub.acme.pk).version
    typed = {"version": version, "reason": "no longer"}
    assert client.post(path_of(small_hub, "name", "release/"), typed).status_code == status


def test_a_merged_id_leads_to_the_field_of_the_survivor(steward: Client, small_hub: SmallHub) -> None:
    response = steward.get(f"/customers/{small_hub.acme.gid.lower()}/fields/name/")
    assert response["Location"] == path_of(small_hub)


def test_a_field_of_many_records_shows_those_the_rules_prefer(steward: Client, small_hub: SmallHub) -> None:
    records = [make_record({**ACME_KEPT, "name": f"Acme {n:02}"}) for n in range(45)]
    for record in records:
        make_standard(record)
    golden = make_customer(*records)
    field: FieldPage = steward.get(f"/customers/{golden.gid}/fields/name/").context["field"]
    assert (len(field.rows), field.hidden) == (40, 5)
