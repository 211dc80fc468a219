"""What happened to a customer: narrowed, compared, as of a moment, drawn, and undone from the row."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.base.actors import Actor, acting
from apps.golden import selectors as golden
from apps.matching.models import Verdict
from apps.sources.models import RecordVersion, SourceRecord
from apps.stewardship.screens.lanes import build_lanes
from tests.stewardship.conftest import SmallHub, middle

LEAVES = "erp:88-12"


def history(hub: SmallHub) -> str:
    return f"/customers/{hub.acme.gid}/history/"


def change_name(hub: SmallHub, value: str, *, by: str, reason: str) -> None:
    entry = {"value": value, "record": hub.crm_record.pk, "version": 1, "rule": "only_value"}
    with acting(Actor.person(by, None), reason=reason):
        hub.acme.refresh_from_db()
        hub.acme.values = {**hub.acme.values, "name": entry}
        hub.acme.version += 1
        hub.acme.save()


@pytest.fixture
def changed(small_hub: SmallHub) -> SmallHub:
    """A customer whose name two people changed, one after the other."""
    change_name(small_hub, "Acme One", by="ada", reason="as on the letterhead")
    change_name(small_hub, "Acme Two", by="bob", reason="merged companies")
    return small_hub


def split(client: Client, hub: SmallHub) -> int:
    version = golden.get_customer(hub.acme.gid).version
    sent = {"version": version, "records": LEAVES, "reason": "two branches"}
    assert client.post(f"/customers/{hub.acme.gid}/split/", sent).status_code == 302
    return Verdict.objects.latest("pk").pk


def test_a_row_says_who_when_before_after_why_and_by_which_rules(steward: Client, changed: SmallHub) -> None:
    row = steward.get(history(changed), {"field": "name"}).context["history"].rows[0]
    assert (row.who, row.reason, row.rules_version) == ("person:bob", "merged companies", 1)
    assert [(one.sign, one.title, one.before, one.after) for one in row.changes] == [
        ("~", "Name", "Acme One", "Acme Two")
    ]
    text = middle(steward.get(history(changed), {"field": "name"}))
    assert "rules version 1" in text
    assert "Reason: merged companies" in text


def test_a_field_and_a_person_narrow_what_is_shown(steward: Client, changed: SmallHub) -> None:
    shown = steward.get(history(changed), {"field": "name", "actor": "person:ada"}).context["history"]
    assert [(row.who, [one.attribute for one in row.changes]) for row in shown.rows] == [("person:ada", ["name"])]
    assert {"person:ada", "person:bob", "hub:factory"} <= set(shown.actors)
    nothing = middle(steward.get(history(changed), {"field": "lei"}))
    assert "Nothing in the history is about that" in nothing


def test_two_ticks_compare_two_points_whichever_comes_first(steward: Client, changed: SmallHub) -> None:
    points = [row.moment for row in steward.get(history(changed)).context["history"].rows if row.is_point]
    newest, oldest = points[0], points[-1]
    response = steward.get(history(changed), {"tick": [newest, oldest]}, follow=True)
    assert "?from=" in response.redirect_chain[0][0]
    compared = response.context["compared"]
    assert [state.version for state in compared.states] == [1, 3]
    named = {row.title: (row.sign, row.before, row.after) for row in compared.rows}
    assert named["Name"] == ("~", "ACME Präzision GmbH", "Acme Two")
    assert named["City"][0] == ""
    turned = steward.get(history(changed), {"from": newest, "to": oldest}).context["compared"]
    assert turned == compared


def test_one_tick_alone_and_rubbish_compare_nothing(steward: Client, changed: SmallHub) -> None:
    assert "Tick two points" in middle(steward.get(history(changed), {"tick": "2026-01-01T00:00:00Z"}))
    response = steward.get(history(changed), {"from": "x", "to": "2026-01-01"})
    assert response.status_code == 200
    assert "compared" not in response.context


def test_the_customer_as_of_a_moment_is_to_read_only(steward: Client, changed: SmallHub) -> None:
    page = f"/customers/{changed.acme.gid}/"
    points = [row for row in steward.get(history(changed)).context["history"].rows if row.is_point]
    text = middle(steward.get(page, {"at": points[1].moment}))
    assert "Acme One" in text
    assert "Version 2" in text
    assert "To read only" in text
    assert "/fields/" not in text
    before = points[-1].at - timedelta(days=1)
    assert "was not there yet" in middle(steward.get(page, {"at": before.isoformat()}))


def test_as_of_a_moment_each_value_names_its_source_and_the_records_say_what_they_said(
    steward: Client, small_hub: SmallHub, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    gid = small_hub.acme.gid
    together = timezone.now().isoformat()
    split(steward, small_hub)
    apart = steward.get(f"/customers/{gid}/sources/").context["grid"]
    assert len(apart.columns) == 1
    with django_assert_max_num_queries(15):
        response = steward.get(f"/customers/{gid}/sources/", {"at": together})
    grid = response.context["grid"]
    assert [column.token for column in grid.columns] == ["crm:0031", "erp:88-12"]
    wins = {row.attribute: [cell.wins for cell in row.cells] for _, rows in grid.groups for row in rows}
    assert wins["name"].count(True) == 1
    text = middle(response)
    assert "To read only" in text
    assert "Split out" not in text
    assert 'type="checkbox"' not in text
    with django_assert_max_num_queries(15):
        summary = middle(steward.get(f"/customers/{gid}/", {"at": together}))
    assert "0031" in summary
    assert f"/customers/{gid}/sources/?at={quote(together)}" in summary
    nothing = middle(steward.get(f"/customers/{gid}/sources/", {"at": "2001-01-01"}))
    assert "was not there yet" in nothing


def test_as_of_a_moment_a_record_says_what_it_said_then(steward: Client, small_hub: SmallHub) -> None:
    gid = small_hub.acme.gid
    then = timezone.now().isoformat()
    record = SourceRecord.objects.get(key="0031")
    with acting(Actor.hub("test"), reason="changed"):
        first = RecordVersion.objects.get(record=record)
        RecordVersion.objects.create(
            record=record,
            number=2,
            batch_id=first.batch_id,
            raw={},
            given={"name": "Acme Later"},
            digest="2",
            received_at=timezone.now(),
        )
        SourceRecord.objects.filter(pk=record.pk).update(applied_number=2, latest_number=2)
    assert "Acme Later" in middle(steward.get(f"/customers/{gid}/sources/"))
    assert "Acme Later" not in middle(steward.get(f"/customers/{gid}/sources/", {"at": then}))


def test_a_split_is_undone_from_its_row_by_who_may(log_in: Callable[[str], Client], small_hub: SmallHub) -> None:
    steward = log_in("steward")
    verdict = split(steward, small_hub)
    rows = steward.get(history(small_hub)).context["history"].rows
    assert [(row.what.split(" (")[0], row.decision, row.reason) for row in rows if row.decision] == [
        ("Split from ACME Praezision GmbH", verdict, "two branches")
    ]
    button = f'name="verdict_id" value="{verdict}"'
    assert button in middle(steward.get(history(small_hub)))
    assert button in middle(log_in("senior_steward").get(history(small_hub)))
    assert button not in middle(log_in("viewer").get(history(small_hub)))
    steward.post("/review/undo/", {"verdict_id": verdict})
    assert button not in middle(steward.get(history(small_hub)))


def test_lanes_join_and_leave_the_customer_s_line(steward: Client, small_hub: SmallHub) -> None:
    split(steward, small_hub)
    lanes = steward.get(history(small_hub)).context["history"].lanes
    crm, erp = sorted(lanes.lanes, key=lambda lane: lane.name)
    assert (crm.name, erp.name) == ("crm 0031", "erp 88-12")
    assert crm.path.count("L") == 1
    assert erp.path.count("L") == 2
    assert erp.path.endswith(f"{erp.y}H{lanes.end}")
    assert build_lanes([]) is None


def test_the_fullest_page_takes_few_queries(steward: Client, small_hub: SmallHub) -> None:
    split(steward, small_hub)
    steward.get(history(small_hub))
    for query in ({}, {"from": "2026-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"}):
        with CaptureQueriesContext(connection) as queries:
            response = steward.get(history(small_hub), query)
        assert len(queries) <= 15, (query, len(queries))
        assert ("compared" in response.context) == bool(query)


def fix_name(client: Client, hub: SmallHub, value: str, reason: str) -> None:
    sent = {"version": golden.get_customer(hub.acme.gid).version, "choice": "own", "own": value, "reason": reason}
    answer = client.post(f"/customers/{hub.acme.gid}/fields/name/fix/", {**sent, "until": "released"})
    assert answer.status_code == 302


def name_of(hub: SmallHub) -> tuple[str, int | None]:
    return next((v.value, v.pin_id) for v in golden.get_customer(hub.acme.gid).values if v.attribute == "name")


def test_a_fixed_value_is_let_go_from_its_row_while_it_holds(
    log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    steward, viewer = log_in("steward"), log_in("viewer")
    fix_name(steward, small_hub, "Acme as registered", "register")
    fix_name(steward, small_hub, "Acme of Hamburg", "letterhead")
    page = steward.get(history(small_hub))
    rows = [row for row in page.context["history"].rows if row.what.startswith("Fixed")]
    assert [(row.what, row.reason, row.to_release) for row in rows] == [
        ("Fixed Name", "letterhead", (("name", "Name"),)),
        ("Fixed Name", "register", ()),
    ]
    target = f"/customers/{small_hub.acme.gid}/fields/name/release/"
    assert middle(page).count(f'action="{target}"') == 1
    assert target not in middle(viewer.get(history(small_hub)))
    version = golden.get_customer(small_hub.acme.gid).version
    answer = steward.post(target, {"version": version, "reason": "undone", "back": "history"})
    assert answer.headers["Location"] == history(small_hub)
    assert name_of(small_hub)[1] is None
    assert target not in middle(steward.get(history(small_hub)))


def test_fixing_the_very_value_of_the_rules_is_told_too(steward: Client, small_hub: SmallHub) -> None:
    fix_name(steward, small_hub, name_of(small_hub)[0], "checked")
    row = steward.get(history(small_hub)).context["history"].rows[0]
    assert (row.what, row.changes[0].sign, row.to_release) == ("Fixed Name", "", (("name", "Name"),))
    assert "as before" in middle(steward.get(history(small_hub)))


def test_undoing_from_the_history_comes_back_to_it(steward: Client, small_hub: SmallHub) -> None:
    verdict = split(steward, small_hub)
    assert f'name="customer" value="{small_hub.acme.gid}"' in middle(steward.get(history(small_hub)))
    answer = steward.post("/review/undo/", {"verdict_id": verdict, "customer": small_hub.acme.gid})
    assert answer.headers["Location"] == history(small_hub)
