import io
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from apps.delivery.models import Delivery, Subscriber
from tests.delivery.stands import announce, states
from tests.delivery.test_ledger import GID_A, expect, settle

pytestmark = pytest.mark.django_db(transaction=True)


def run(*words: str) -> str:
    output = io.StringIO()
    call_command(*words, stdout=output)
    return output.getvalue()


@pytest.fixture
def dead(feed: Subscriber) -> Delivery:
    announce("GC-A", 1, 2)
    Delivery.objects.filter(sequence=1).update(state="dead", attempts=10, note="503", lease_token=uuid4())
    return Delivery.objects.get(state="dead")


def test_dead_deliveries_are_listed_with_what_their_replay_needs(dead: Delivery) -> None:
    (line,) = run("deliveries", "--dead").splitlines()
    assert line.split("\t") == [str(dead.pk), "warehouse", "GC-A #1", "10 attempts", "-", "503"]


def test_one_or_all_dead_deliveries_are_replayed(dead: Delivery) -> None:
    assert run("deliveries", "--replay", str(dead.pk)) == "1 deliveries are due again\n"
    assert states() == ["waiting", "waiting"]
    Delivery.objects.update(state="dead")
    assert run("deliveries", "--all") == "2 deliveries are due again\n"
    assert run("deliveries", "--dead") == "no delivery is dead\n"
    assert run("deliveries") == "warehouse: 2 waiting\n"


def test_a_replay_of_what_is_not_dead_ends_with_one_line(dead: Delivery) -> None:
    with pytest.raises(CommandError, match="not dead deliveries: 999"):
        run("deliveries", "--replay", "999")


def test_a_delivery_is_skipped_by_a_named_person_only(dead: Delivery) -> None:
    with pytest.raises(CommandError, match="--by NAME"):
        run("deliveries", "--skip", str(dead.pk))
    run("deliveries", "--skip", str(dead.pk), "--by", "ada", "--reason", "told by phone")
    assert states() == ["cancelled", "waiting"]


def test_dead_write_backs_are_listed_and_replayed() -> None:
    from apps.delivery.targets.base import Written

    expect(GID_A, 1)
    settle(Written.HOPELESS)
    assert run("write_backs") == "crm: 1 dead\n"
    assert run("write_backs", "--dead").startswith(f"1\tcrm:key,1\t{GID_A}\t1 attempts")
    assert run("write_backs", "--all") == "1 write-backs are due again\n"
    assert run("write_backs", "--dead") == "no write-back is dead\n"
