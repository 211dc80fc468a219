"""What a person decided stays in the hub for a while, and leaves no trace outside where it is taken back by then."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.base.actors import Actor
from apps.delivery.models import Delivery, LedgerEntry
from apps.delivery.services import register_subscriber
from apps.delivery.services.deliveries import claim_deliveries
from apps.golden.models import GoldenRecord
from apps.outbox.models import Event
from apps.outbox.selectors import stream_sequence_gaps
from apps.pipeline.deciding import judge_case, undo_decision
from apps.pipeline.receiving import receive_together
from apps.quality.selectors import list_broken
from apps.sources.models import SourceRecord
from apps.sources.pushing import Push
from tests.factories import make_active_rules, make_case, make_source

pytestmark = pytest.mark.django_db
JANE, SYSTEM = Actor.person("jane", None), Actor("system", "sync")
HOLD = 60


def push(*pushes: Push) -> None:
    with transaction.atomic():
        receive_together(pushes=pushes, actor=SYSTEM)


@pytest.fixture
def case(settings: LazySettings) -> int:
    """Two customers asked about, what is owed about them so far settled, and decisions that wait a minute."""
    settings.MDM = settings.MDM | {"DECISION_HOLD_SECONDS": HOLD}
    make_active_rules()
    make_source("crm")
    register_subscriber(code="feed", transport="file", target="feed.jsonl", actor=JANE)
    push(
        Push("crm", "1", {"name": "Träger Maschinenbau GmbH", "city": "Ulm"}),
        Push("crm", "2", {"name": "Quercus Lighting SARL", "city": "Lyon"}),
    )
    Delivery.objects.update(state="delivered", settled_at=timezone.now())
    LedgerEntry.objects.update(state="acknowledged", acknowledged=F("desired"))
    return make_case(*SourceRecord.objects.order_by("key")).pk


def waiting() -> list[tuple[str, int]]:
    found = Delivery.objects.filter(state="waiting").order_by("subject", "sequence")
    return list(found.values_list("subject", "sequence"))


def lapse() -> None:
    """Let the hold run out."""
    Delivery.objects.filter(state="waiting").update(next_attempt_at=timezone.now() - timedelta(seconds=1))


def claimed() -> int:
    return len(claim_deliveries(subscriber_id=Delivery.objects.latest("pk").subscriber_id, limit=10).deliveries)


def test_a_persons_merge_waits_and_then_goes_out(case: int) -> None:
    judge_case(case_id=case, verdict="same", actor=JANE)
    assert len(waiting()) == 2
    due = Delivery.objects.filter(state="waiting").earliest("next_attempt_at").next_attempt_at
    assert timedelta(seconds=HOLD - 10) < due - timezone.now() <= timedelta(seconds=HOLD)
    owed = LedgerEntry.objects.filter(state="pending")
    assert [entry.next_attempt_at > timezone.now() + timedelta(seconds=HOLD - 10) for entry in owed] == [True]
    assert claimed() == 0
    lapse()
    assert claimed() == 2


def test_what_happens_to_the_customer_later_waits_behind_the_decision(case: int) -> None:
    judge_case(case_id=case, verdict="same", actor=JANE)
    push(Push("crm", "1", {"name": "Träger Maschinenbau AG", "city": "Ulm"}))
    assert len(waiting()) == 3
    assert claimed() == 0
    lapse()
    assert claimed() == 2


def test_a_merge_taken_back_in_time_never_leaves_the_hub(case: int) -> None:
    made = judge_case(case_id=case, verdict="same", actor=JANE)
    undone = undo_decision(verdict_id=made.verdict_id, actor=JANE)
    assert undone.differences == ()
    assert waiting() == []
    assert set(Delivery.objects.filter(state="cancelled").values_list("note", flat=True)) == {
        "taken back before it left, by person:jane"
    }
    assert set(LedgerEntry.objects.values_list("state", flat=True)) == {"acknowledged"}
    assert GoldenRecord.objects.filter(state="live").count() == 2
    # The hub's own stream is whole; only nobody is told.
    assert list(stream_sequence_gaps()) == []
    assert Event.objects.filter(decision_id=made.verdict_id).count() == 4
    assert list_broken() == []


def test_a_merge_taken_back_after_it_left_is_followed_by_its_undoing(case: int) -> None:
    made = judge_case(case_id=case, verdict="same", actor=JANE)
    lapse()
    assert claimed() == 2
    undo_decision(verdict_id=made.verdict_id, actor=JANE)
    assert len(waiting()) == 2
    assert not Delivery.objects.filter(state="cancelled").exists()


def test_a_change_between_the_merge_and_its_undoing_is_told_with_both(case: int) -> None:
    made = judge_case(case_id=case, verdict="same", actor=JANE)
    push(Push("crm", "1", {"name": "Träger Maschinenbau GmbH", "city": "Neu-Ulm"}))
    changed = SourceRecord.objects.get(key="1").membership.golden.gid
    undo_decision(verdict_id=made.verdict_id, actor=JANE)
    assert {subject for subject, _ in waiting()} == {changed}
    assert len(waiting()) == 3


def test_what_a_system_pushes_goes_out_at_once(case: int) -> None:
    push(Push("crm", "1", {"name": "Träger Maschinenbau AG", "city": "Ulm"}))
    assert claimed() == 1
