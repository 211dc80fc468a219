"""Pins over REST: fix a value, see it, let it go; nobody decides on what they haven't seen."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django import DjangoDbBlocker

from apps.base.ids import mint
from apps.golden.models import GoldenRecord, Pin
from apps.outbox.models import Event
from apps.quality.selectors import list_broken
from tests.api.conftest import Answer, ApiClient
from tests.pipeline.files import cut_sample, load_rows
from tests.rolled_back import rolled_back

pytestmark = pytest.mark.slow
WHY = "seen on the letterhead"


@pytest.fixture(scope="module")
def hub(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """A loaded hub, gone when the module's tests end."""
    with rolled_back(django_db_blocker):
        load_rows(tmp_path_factory.mktemp("files"), cut_sample(25))
        yield


@pytest.fixture
def db(hub: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Access to that hub in place of an empty one; what a test changes is taken back."""
    with rolled_back(django_db_blocker):
        yield


@pytest.fixture
def jane(db: None) -> ApiClient:
    return ApiClient("steward")


@pytest.fixture
def golden(db: None) -> GoldenRecord:
    return GoldenRecord.objects.filter(state="live", member_count__gte=2).order_by("pk")[0]


def path_of(golden: GoldenRecord, *more: str) -> str:
    return "/".join([f"/api/v1/customers/{golden.gid}", *more])


def tag(jane: ApiClient, golden: GoldenRecord) -> str:
    return str(jane.get(path_of(golden))["ETag"])


def pin(jane: ApiClient, golden: GoldenRecord, **fields: object) -> Answer:
    body = {"attribute": "city", "value": "Pinville", "reason": WHY} | fields
    shown = {name: value for name, value in body.items() if value is not None}
    return jane.send("POST", path_of(golden, "pins"), shown, If_Match=tag(jane, golden))


def test_a_pin_is_answered_listed_and_shown_with_the_customer(jane: ApiClient, golden: GoldenRecord) -> None:
    answer = pin(jane, golden)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["gid"], body["version"]) == (golden.gid, golden.version + 1)
    [row] = body["items"]
    assert (row["attribute"], row["value"], row["state"], row["release"], row["reason"]) == (
        "city", "Pinville", "holds", "never", WHY,
    )  # fmt: skip
    assert row["pinned_by"].startswith("system:steward")
    listed = jane.get(path_of(golden, "pins"))
    assert listed.json() == body
    assert listed["ETag"] == answer["ETag"] == tag(jane, golden)
    shown = {value["attribute"]: value for value in jane.get(path_of(golden)).json()["values"]}
    assert (shown["city"]["value"], shown["city"]["rule"], shown["city"]["pin"]) == ("Pinville", "pinned", row["pin"])
    assert all(value["pin"] is None for name, value in shown.items() if name != "city")
    assert Event.objects.get(subject=golden.gid, sequence=body["version"]).data["pinned"] == {"city": row["pin"]}
    assert list_broken() == []


def test_a_release_gives_the_value_back_to_the_rules(jane: ApiClient, golden: GoldenRecord) -> None:
    before = jane.get(path_of(golden)).json()["values"]
    pin(jane, golden)
    answer = jane.send("DELETE", path_of(golden, "pins", "city") + "?reason=moved", If_Match=tag(jane, golden))
    assert (answer.status_code, answer.json()["items"]) == (200, [])
    assert jane.get(path_of(golden)).json()["values"] == before
    again = jane.send("DELETE", path_of(golden, "pins", "city") + "?reason=moved", If_Match=tag(jane, golden))
    assert (again.status_code, again.json()["code"]) == (404, "pin.not_found")


def test_a_value_is_taken_from_a_member_and_watches_it(jane: ApiClient, golden: GoldenRecord) -> None:
    member = jane.get(path_of(golden)).json()["members"][0]
    named = {"source": member["source"], "key": member["key"]}
    answer = pin(jane, golden, attribute="name", value=None, taken_from=named, watching=named)
    [row] = answer.json()["items"]
    assert (row["release"], row["watching"], row["until"]) == ("source_changes", named, None)
    assert row["value"]


def test_a_pin_may_end_on_a_day(jane: ApiClient, golden: GoldenRecord) -> None:
    [row] = pin(jane, golden, until="2999-01-31").json()["items"]
    assert (row["release"], row["until"], row["watching"]) == ("date", "2999-01-31", None)


def test_a_change_without_a_version_or_on_another_one_is_refused(jane: ApiClient, golden: GoldenRecord) -> None:
    body = {"attribute": "city", "value": "Pinville", "reason": WHY}
    seen = tag(jane, golden)
    other = seen.replace(f".{golden.version}", f".{golden.version + 1}")
    asked: list[tuple[dict[str, str], int, str]] = [
        ({}, 428, "customer.version_needed"),
        ({"If_Match": f'W/"{mint()[0]}.1"'}, 428, "customer.version_needed"),
        ({"If_Match": "*"}, 400, "request.parameter_invalid"),
        ({"If_Match": "nonsense"}, 400, "request.parameter_invalid"),
        ({"If_Match": other}, 412, "customer.changed"),
    ]
    for headers, status, code in asked:
        for method, path in (("POST", "pins"), ("DELETE", "pins/city?reason=x")):
            answer = jane.send(method, path_of(golden, path), body if method == "POST" else None, **headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Pin.objects.exists()
    assert pin(jane, golden).status_code == 200
    late = jane.send("POST", path_of(golden, "pins"), body, If_Match=seen)
    assert (late.status_code, late.json()["facts"]["versions"]) == (412, {golden.gid: golden.version + 1})


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"attribute": "shoe_size"}, "pin.attribute_unknown"),
        ({"attribute": "name", "value": "N/A"}, "pin.value_unusable"),
        ({"attribute": "vat", "value": "DE811907981"}, "pin.checksum_wrong"),
        ({"value": None}, "pin.value_unusable"),
        ({"until": "2001-01-01"}, "pin.condition_invalid"),
        ({"until": "soon"}, "pin.field_invalid"),
        ({"reason": " "}, "pin.field_invalid"),
        ({"reason": "x" * 501}, "hub.invalid"),
        ({"colour": "red"}, "pin.field_invalid"),
        ({"value": 7}, "pin.field_invalid"),
        ({"watching": {"source": "crm"}}, "pin.field_invalid"),
    ],
)
def test_what_cannot_be_fixed_is_a_typed_problem(
    fields: dict[str, object], code: str, jane: ApiClient, golden: GoldenRecord
) -> None:
    answer = pin(jane, golden, **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert not Pin.objects.exists()


def test_a_record_of_another_customer_can_be_neither_watched_nor_copied(jane: ApiClient, golden: GoldenRecord) -> None:
    other = GoldenRecord.objects.filter(state="live").exclude(pk=golden.pk).order_by("pk")[0]
    record = other.memberships.select_related("record__source").order_by("pk")[0].record
    named = {"source": record.source.code, "key": record.key}
    for fields in ({"watching": named}, {"value": None, "taken_from": named}):
        assert pin(jane, golden, **fields).json()["code"] == "pin.condition_invalid"
    assert pin(jane, golden, watching={"source": "crm", "key": "nobody"}).status_code == 404


def test_the_same_request_again_with_its_key_pins_once(jane: ApiClient, golden: GoldenRecord) -> None:
    headers = {"If_Match": tag(jane, golden), "Idempotency_Key": "one-pin"}
    body = {"attribute": "city", "value": "Pinville", "reason": WHY}
    first, second = (jane.send("POST", path_of(golden, "pins"), body, **headers) for _ in range(2))
    assert first.json() == second.json()
    assert Pin.objects.count() == 1


def test_only_stewards_pin_and_everybody_reads(
    golden: GoldenRecord, as_role: Callable[[str | None], ApiClient]
) -> None:
    for role in ("viewer", "integration"):
        assert pin(as_role(role), golden).status_code == 403
        assert as_role(role).get(path_of(golden, "pins")).status_code == 200
