import random

import pytest
from django.db import transaction

from apps.base.actors import Actor
from apps.pipeline.receiving import Received, receive_apart, receive_together
from apps.quality.selectors import list_broken
from apps.sources.models import IntakeBatch
from apps.sources.pushing import Push
from tests.factories import make_active_rules, make_source

SYSTEM = Actor("system", "billing-sync")
NAMES = ["Träger Maschinenbau GmbH", "Traeger Maschinenbau", "Quercus Lighting SARL", "Quercus Lighting"]
CITIES = {"T": ("Ulm", "DE"), "Q": ("Lyon", "FR")}


def some_push(draw: random.Random) -> Push:
    name = draw.choice(NAMES)
    city, country = CITIES[name[0]]
    key, source = str(draw.randrange(6)), draw.choice(["crm", "erp"])
    moment = f"2026-01-{draw.randrange(1, 28):02d}T00:00:00Z" if draw.random() < 0.5 else None
    if draw.random() < 0.2:
        return Push(source, key, modified_at=moment, is_deleted=True)
    if draw.random() < 0.1:
        return Push(source, " ", {"name": name})
    return Push(source, key, {"name": name, "city": city, "country": country}, moment)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(3))
def test_after_any_pushes_every_invariant_holds_and_every_push_is_counted(seed: int) -> None:
    make_active_rules()
    for code in ("crm", "erp"):
        make_source(code)
    draw = random.Random(seed)
    said: list[Received] = []
    for _ in range(6):
        pushes = [some_push(draw) for _ in range(draw.randrange(1, 6))]
        said += receive_apart(pushes=pushes, actor=SYSTEM)
    assert list_broken() == []
    read = sum(batch.rows_read + batch.keys_absent for batch in IntakeBatch.objects.all())
    # A deletion that changes nothing is counted nowhere.
    assert read <= len(said)
    assert sum(batch.rows_quarantined for batch in IntakeBatch.objects.all()) == sum(
        1 for received in said if received.outcome == "set_aside"
    )


@pytest.mark.django_db
def test_a_record_queued_earlier_is_taken_up_by_its_next_push(monkeypatch: pytest.MonkeyPatch) -> None:
    make_active_rules()
    make_source("crm")
    push = Push("crm", "1", {"name": NAMES[0], "city": "Ulm"})
    with transaction.atomic(), monkeypatch.context() as later:
        later.setattr("apps.pipeline.receiving.absorb", lambda _record_ids, **_options: {})
        receive_together(pushes=[push], actor=SYSTEM)
    with transaction.atomic():
        [again] = receive_together(pushes=[push], actor=SYSTEM)
    assert (again.outcome, again.changes) == ("unchanged", ("created",))
