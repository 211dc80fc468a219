"""Who may publish what, a re-match that is interrupted, and the way back."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection, transaction

from apps.base.actors import Actor
from apps.cases.models import Case
from apps.matching.models import Link, StandardRecord
from apps.pipeline.deciding import merge_customers
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.receiving import receive_together
from apps.pipeline.runs import QuietJournal
from apps.pipeline.snapshot import list_all, list_outdated
from apps.pipeline.whatif import (
    AlreadyInForce,
    ApprovalNeeded,
    NoDryRun,
    NoWayBack,
    StaleDryRun,
    approve_version,
    carry_out_due,
    carry_out_rematch,
    find_way_back,
    look_at,
    publish_version,
    try_version,
)
from apps.quality.selectors import list_broken
from apps.rulebook.models import Approval, Publication, RuleSetVersion
from apps.rulebook.selectors import find_active_version, get_active_rules
from apps.rulebook.services import NotADraft, OwnApproval, ReasonMissing, ask_dry_run, freeze
from apps.sources.models import RecordVersion
from apps.sources.pushing import Push
from mdmhub import env
from tests.factories import make_source
from tests.pipeline.reading import Hub, read_hub
from tests.pipeline.whatif.hub import ANNA, BEN, JANE, draft, publish, set_up

REMATCH = Actor.hub("rematch")


def push(name: str, key: str = "new-1", city: str = "Ulm") -> None:
    with transaction.atomic():
        receive_together(pushes=[Push("crm", key, {"name": name, "city": city})], actor=Actor("system", "sync"))


def asked() -> set[tuple[int | None, int | None]]:
    return set(Case.objects.filter(state="open", kind="pair").values_list("low_record_id", "high_record_id"))


def match_all_again() -> None:
    resolve(QuietJournal(REMATCH), Ask(reason="matched again", dirty=list_all()))


@pytest.mark.django_db
def test_a_version_is_published_after_a_dry_run_and_above_the_limit_with_a_second_person(tmp_path: Path) -> None:
    set_up(tmp_path, companies=30)
    number = draft("strict")
    with pytest.raises(NoDryRun):
        publish_version(number=number, reason="better", actor=ANNA)
    standing_after = try_version(number=number, actor=ANNA)
    assert standing_after.report["share"] > settings.MDM["RULES_CHANGE_SHARE"]
    with pytest.raises(ApprovalNeeded) as refused:
        publish_version(number=number, reason="better", actor=ANNA)
    assert (refused.value.status, refused.value.code) == (403, "rules.approval_needed")
    for own in (ANNA, REMATCH):
        with pytest.raises(OwnApproval):
            approve_version(number=number, reason="looks right", actor=own)
    with pytest.raises(ReasonMissing):
        approve_version(number=number, reason=" ", actor=BEN)
    approve_version(number=number, reason="looks right", actor=BEN)
    with pytest.raises(ApprovalNeeded):
        # Who approves doesn't publish.
        publish_version(number=number, reason="better", actor=BEN)
    assert find_active_version() == 1
    publish_version(number=number, reason="better", actor=ANNA)
    assert find_active_version() == number
    with pytest.raises(AlreadyInForce):
        publish_version(number=number, reason="better", actor=ANNA)
    assert Approval.history.get().history_actor == "person:ben"
    assert Publication.history.filter(version__number=number).latest().history_actor == "person:anna"


@pytest.mark.django_db
def test_one_person_publishes_what_changes_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(tmp_path, companies=30)
    number = draft("shipped")
    monkeypatch.setitem(settings.MDM, "RULES_CHANGE_SHARE", 0.5)
    try_version(number=number, actor=ANNA)
    assert look_at(number).is_free
    publish_version(number=number, reason="fresh statistics", actor=ANNA)
    carry_out_rematch(actor=REMATCH)
    assert list_outdated(number) == []
    assert get_active_rules().is_settled
    assert list_broken() == []


@pytest.mark.django_db
def test_a_dry_run_is_stale_when_records_moved_on_or_another_version_came_into_force(tmp_path: Path) -> None:
    set_up(tmp_path, companies=30)
    first, second = draft("strict"), draft("loose")
    for number in (first, second):
        try_version(number=number, actor=ANNA)
        assert not look_at(number).is_stale
    push("Quercus Lighting SARL", "new-1")
    push("Träger Maschinenbau GmbH", "new-2")
    assert (look_at(first).moved, look_at(first).is_stale) == (2, True)
    with pytest.raises(StaleDryRun):
        approve_version(number=first, reason="fine", actor=BEN)
    publish(first)
    assert try_version(number=second, actor=ANNA).state == "done"
    assert not look_at(second).is_stale
    publish(1)
    with pytest.raises(StaleDryRun):
        publish_version(number=second, reason="better", actor=BEN)


@pytest.mark.django_db
def test_a_version_that_was_tried_never_changes(tmp_path: Path) -> None:
    set_up(tmp_path, companies=30)
    number = draft("strict")
    one = try_version(number=number, actor=ANNA)
    frozen = bytes(RuleSetVersion.objects.get(number=number).statistics)
    push("Quercus Lighting SARL")
    two = try_version(number=number, actor=ANNA)
    assert bytes(RuleSetVersion.objects.get(number=number).statistics) == frozen
    assert one.digest != two.digest
    with pytest.raises(NotADraft):
        freeze(number=number, statistics=get_active_rules().statistics, actor=ANNA)


@pytest.mark.django_db(transaction=True)
def test_the_way_back_brings_partition_values_and_ids_back(tmp_path: Path) -> None:
    set_up(tmp_path)
    publish(draft("shipped"))
    before, questions = read_hub(), asked()
    with pytest.raises(NoDryRun):
        publish_version(number=find_way_back(), reason="back", actor=ANNA)
    publish(draft("strict"))
    there = read_hub()
    assert there.partition != before.partition
    back = find_way_back()
    report = try_version(number=back, actor=ANNA).report
    assert report["not_as_before"] == {"records": 0, "samples": []}
    publish(back)
    assert (read_hub(), asked()) == (before, questions)
    assert list_broken() == []


@pytest.mark.django_db(transaction=True)
def test_the_way_back_says_which_records_a_decision_since_keeps_where_they_are(tmp_path: Path) -> None:
    set_up(tmp_path)
    publish(draft("shipped"))
    before = read_hub()
    publish(draft("strict"))
    apart = _split_by(before, read_hub())
    hub = read_hub()
    gids = sorted({hub.gid_of[record] for record in apart})
    stranger = next(gid for gid in hub.customers if gid not in gids)
    merge_customers(gid=stranger, others=[gids[-1]], survivor=stranger, reason="one company", actor=JANE)
    report = try_version(number=find_way_back(), actor=ANNA).report
    assert report["not_as_before"]["records"] > 0
    assert {sample["record"] for sample in report["not_as_before"]["samples"]} <= {
        f"{source}:{key}" for source, key in hub.gid_of
    }


def _split_by(before: Hub, after: Hub) -> frozenset[tuple[str, str]]:
    """Return a customer of before whose records are in several now."""
    return next(records for records in before.partition if len({after.gid_of[record] for record in records}) > 1)


def start_rematch(home: Path) -> subprocess.Popen[bytes]:
    owner = urlsplit(env.secret("DATABASE_OWNER_URL", "") or env.secret("DATABASE_URL", ""))
    database = urlunsplit(owner._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.journeys.worker_settings",
        "DATABASE_URL": database,
        "DATABASE_OWNER_URL": database,
        "MDMHUB_HOME": str(home),
        "TEST_TUNABLES": json.dumps({"CHUNK_RECORDS": 4, "LOAD_WORKERS": 1}),
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "rules", "resume"],
        cwd=env.PROJECT_ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@pytest.mark.slow
@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rules", ["strict", "rare keys"])
def test_a_killed_rematch_goes_on_and_what_was_pushed_meanwhile_comes_out_right(rules: str, tmp_path: Path) -> None:
    set_up(tmp_path, companies=120)
    number = draft(rules)
    try_version(number=number, actor=ANNA)
    approve_version(number=number, reason="fine", actor=BEN)
    publish_version(number=number, reason="better", actor=ANNA)
    _kill_amid(number, start_rematch(tmp_path / "home"))
    left = len(list_outdated(number))
    assert 0 < left < StandardRecord.objects.count()
    assert not get_active_rules().is_settled
    for copied in RecordVersion.objects.filter(record_id__in=list_outdated(number)[:6]).order_by("pk"):
        with transaction.atomic():
            receive_together(pushes=[Push("crm", f"copy-{copied.pk}", {**copied.given})], actor=Actor("system", "sync"))
    assert len(list_outdated(number)) < left
    carry_out_due()
    assert list_outdated(number) == []
    assert get_active_rules().is_settled
    assert Publication.objects.filter(finished_at=None).count() == 0
    assert list_broken() == []
    found, questions = read_hub(), asked()
    match_all_again()
    assert (read_hub().partition, read_hub().content, asked()) == (found.partition, found.content, questions)


def _kill_amid(number: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while not StandardRecord.objects.filter(rules_version=number).exists():
        if process.poll() is not None or time.monotonic() > deadline:
            said = process.communicate()[1] if process.poll() is not None else b"nothing"
            pytest.fail(f"the re-match never got there; it said: {said.decode()[-2000:]}")
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "the re-match ended before it was killed"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
            if cursor.fetchone()[0] == 0:
                return
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_chunks_stored_side_by_side_lose_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(tmp_path)
    monkeypatch.setitem(settings.MDM, "CHUNK_RECORDS", 3)
    monkeypatch.setitem(settings.MDM, "LOAD_WORKERS", 4)
    publish(draft("loose"))
    links = set(Link.objects.values_list("low_id", "high_id", "score"))
    monkeypatch.setitem(settings.MDM, "LOAD_WORKERS", 1)
    match_all_again()
    assert set(Link.objects.values_list("low_id", "high_id", "score")) == links
    assert list_broken() == []


@pytest.mark.django_db
def test_a_worker_carries_out_what_was_asked_for_and_notes_what_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(tmp_path, companies=30)
    number = draft("strict")
    ask_dry_run(number=number, actor=ANNA)
    monkeypatch.setattr("apps.pipeline.whatif.trying.read_marks", lambda: 1 / 0)
    assert carry_out_due() == "0 jobs carried out"
    failed = look_at(number).dry_run
    assert failed is not None
    assert (failed.state, failed.failure) == ("failed", "ZeroDivisionError: division by zero")
    monkeypatch.undo()
    ask_dry_run(number=number, actor=ANNA)
    assert carry_out_due() == "1 jobs carried out"
    approve_version(number=number, reason="fine", actor=BEN)
    publish_version(number=number, reason="better", actor=ANNA)
    assert carry_out_due() == "1 jobs carried out"
    assert carry_out_due() == "0 jobs carried out"
    assert list_outdated(number) == []


@pytest.mark.django_db
def test_the_first_push_of_an_empty_hub_finds_the_shipped_rules() -> None:
    make_source("crm")
    push("Träger Maschinenbau GmbH")
    assert find_active_version() == 1
    published = Publication.objects.get()
    assert (published.version.author, published.published_by) == ("hub:first rules", "hub:first rules")
    assert len(read_hub().customers) == 1
    with pytest.raises(NoWayBack):
        find_way_back()
    assert list_broken() == []
