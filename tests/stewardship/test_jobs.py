"""The jobs pages: what goes on, what ended how, and what it read."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.base.actors import Actor
from apps.base.ids import uuid7
from apps.pipeline.models import Run, RunStage
from apps.pipeline.runs import journal
from tests.factories import make_batch, make_fault
from tests.stewardship.conftest import middle

pytestmark = pytest.mark.django_db
SYNC = Actor.hub("pull-sources")
PULLED = {"rows": 724, "new": 0, "changed_rows": 0, "unchanged": 724}


def load(**counts: int) -> int:
    """Carry out a load that counted something; return its run."""
    with journal(kind="load", arguments={"files": [["crm", "crm.csv"]]}, actor=Actor.hub("demo")) as log:
        with log.stage("intake", total=3) as stage:
            stage.advance(3)
        log.count(**counts)
    return log.run_id


def going(seconds_ago: float = 0, **stage: object) -> Run:
    """Return a run under way that gave its last sign of life so many seconds ago."""
    run = Run.objects.create(kind="rematch", arguments={"version": 2}, actor="person:ana", correlation_id=uuid7())
    RunStage.objects.create(run=run, position=0, name="read", done=5, total=5, finished_at=timezone.now())
    RunStage.objects.create(run=run, position=1, name="score", **stage)
    Run.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=seconds_ago))
    return run


def test_what_goes_on_stands_above_with_how_far_it_is_and_renews_itself(steward: Client) -> None:
    run = going(done=2_500, total=10_000)
    page = middle(steward.get("/jobs/"))
    assert "Match by other rules" in page
    assert 'value="25"' in page
    assert "2\u202f500 of 10\u202f000" in page
    assert 'hx-trigger="every 2s"' in page
    assert 'hx-trigger="every 2s"' in middle(steward.get(f"/jobs/{run.pk}/"))


def test_what_gave_no_sign_of_life_says_so_and_no_page_waits_for_it(steward: Client) -> None:
    run = going(seconds_ago=600, done=1)
    for address in ("/jobs/", f"/jobs/{run.pk}/"):
        page = middle(steward.get(address))
        assert "No sign of life" in page
        assert "A worker takes it up again" in page
        assert "hx-trigger" not in page


def test_a_load_that_stopped_says_why_and_how_it_goes_on(steward: Client) -> None:
    with pytest.raises(RuntimeError), journal(kind="load", arguments={"files": [["crm", "a.csv"]]}, actor=SYNC):
        raise RuntimeError("the disk is full")
    page = middle(steward.get("/jobs/"))
    assert "Stopped" in page
    assert "the disk is full" in page
    assert "it goes on where it stopped" in page


def test_pulls_that_brought_nothing_are_left_out_and_others_say_what_they_brought(steward: Client) -> None:
    quiet = Run.objects.create(kind="pull", state="done", counts=PULLED, actor=str(SYNC), correlation_id=uuid7())
    telling = Run.objects.create(
        kind="pull", state="done", counts=PULLED | {"new": 3}, actor=str(SYNC), correlation_id=uuid7()
    )
    page = middle(steward.get("/jobs/"))
    assert f"/jobs/{telling.pk}/" in page
    assert "3 new records" in page
    assert f"/jobs/{quiet.pk}/" not in page


def test_pages_go_on_where_the_one_before_ended_also_past_thousands_of_quiet_pulls(
    steward: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.pipeline.selectors.LOOKED_THROUGH", 40)
    monkeypatch.setattr("apps.stewardship.screens.jobs.PAGE", 3)
    runs = []
    for number in range(100):
        counts = PULLED | ({"new": 1} if number % 20 == 0 else {})
        runs.append(Run(kind="pull", state="done", counts=counts, actor=str(SYNC), correlation_id=uuid7()))
    telling = {run.pk for run in Run.objects.bulk_create(runs) if run.counts["new"]}
    seen: list[int] = []
    before = ""
    for _ in range(10):
        jobs = steward.get("/jobs/", {"before": before}).context["jobs"]
        seen += [job.run.run_id for job in jobs.over]
        if jobs.following is None:
            break
        before = str(jobs.following)
    assert seen == sorted(telling, reverse=True)


def test_a_job_shows_its_stages_its_files_and_the_rows_it_set_aside(
    steward: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = load(rows=3, new=2, faults=1)
    make_fault(make_batch(run_id=run, rows_read=3, rows_new=2, rows_quarantined=1))
    with django_assert_max_num_queries(15):
        page = middle(steward.get(f"/jobs/{run}/"))
    for words in ("Intake", "crm.csv", "2 new records", "The key is empty.", "Landed"):
        assert words in page
    assert steward.get("/jobs/999999/").status_code == 404


def test_the_list_takes_as_many_queries_for_many_as_for_few(
    steward: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        load(rows=number + 1, new=number + 1)
        Run.objects.all().update(arguments={})
    with django_assert_max_num_queries(15):
        page = middle(steward.get("/jobs/"))
    assert page.count("Load ") >= 30


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40])
def test_an_address_that_says_nothing_shows_the_newest(steward: Client, before: str) -> None:
    run = load(new=1)
    assert f"/jobs/{run}/" in middle(steward.get("/jobs/", {"before": before}))
