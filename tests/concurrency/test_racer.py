"""Many writers at once, at the same companies: exactly the customers that a bulk load would make, and no error seen."""

import random
import threading
from collections import deque
from collections.abc import Sequence

import pytest

from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.golden.models import GoldenRecord
from apps.pipeline.deciding import merge_customers, split_customer, undo_decision
from apps.pipeline.draining import drain_redo
from apps.pipeline.models import RedoItem
from apps.pipeline.receiving import receive_apart
from apps.sources.pushing import Push
from tests.concurrency.companies import account, chain, set_up_hub
from tests.concurrency.facts import land, match_in_bulk, replay_in_bulk, settle_down
from tests.concurrency.racing import Job, race
from tests.pipeline.reading import Hub

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.concurrency,
    pytest.mark.slow,
    # Crowds of writers come one after the other: the server has connections for one.
    pytest.mark.xdist_group("writers"),
]
SYSTEM, JANE, HUB = Actor("system", "sync"), Actor.person("jane", None), Actor.hub("redo")
CHAINS_FROM = 50_000


def write(waiting: deque[Push]) -> Job:
    """Take one account after another off the queue and push it."""

    def do() -> object:
        said = []
        while waiting:
            try:
                one = waiting.popleft()
            except IndexError:
                break
            said += receive_apart(pushes=[one], actor=SYSTEM)
        assert [received.error for received in said if received.error] == []
        return said

    return do


def some_accounts(pairs: int, chains: int) -> deque[Push]:
    """Return accounts in an order in which those of one company come together, so that writers meet over them."""
    groups: list[Sequence[Push]] = [[account(n, "crm"), account(n, "erp")] for n in range(pairs)]
    groups += [chain(CHAINS_FROM + n) for n in range(chains)]
    chance = random.Random(7)
    chance.shuffle(groups)
    return deque(push for group in groups for push in chance.sample(group, len(group)))


def assert_one_customer_per_company(hub: Hub, companies: int) -> None:
    assert len(hub.customers) == companies
    assert all(len({key for _, key in records}) == 1 for records in hub.partition)


def race_pairs(writers: int, *, pairs: int, chains: int, seconds: float) -> None:
    set_up_hub()
    waiting = some_accounts(pairs, chains)
    race([write(waiting)] * writers, seconds=seconds)
    live = settle_down()
    assert_one_customer_per_company(live, pairs + chains)
    in_bulk = replay_in_bulk()
    assert live.partition == in_bulk.partition
    assert live.content == in_bulk.content


def test_eight_writers_of_pairs_and_chains_make_one_customer_per_company() -> None:
    race_pairs(8, pairs=150, chains=20, seconds=60)


@pytest.mark.chaos
def test_sixty_four_writers_of_ten_thousand_pairs_make_one_customer_per_company() -> None:
    race_pairs(64, pairs=10_000, chains=500, seconds=3_600)


def decide(companies: int, is_over: threading.Event, seed: int) -> Job:
    """Merge, split and undo at random until told to stop; what has just changed may be refused."""

    def do() -> object:
        chance, made = random.Random(seed), list[int]()
        while not is_over.is_set():
            live = GoldenRecord.objects.filter(state="live").order_by("pk")
            found = list(live.values_list("gid", "memberships__record__source__code", "memberships__record__key"))
            if len(found) < 2:
                continue
            one, other = chance.sample(found, 2)
            try:
                match chance.randrange(3):
                    case 0:
                        done = merge_customers(gid=one[0], others=[other[0]], reason="one company", actor=JANE)
                        made.append(done.decision or 0)
                    case 1:
                        name = f"{one[1]}:{one[2]}"
                        done = split_customer(gid=one[0], groups=[[name]], reason="two companies", actor=JANE)
                        made.append(done.decision or 0)
                    case 2 if made:
                        undo_decision(verdict_id=made.pop(chance.randrange(len(made))), actor=JANE)
            except HubError:
                # Contradicted, superseded, or not as it was a moment ago: that is the right answer then.
                continue
        return made

    return do


def until_over(job: Job, is_over: threading.Event, left: list[int]) -> Job:
    """Do a job; the last one of those that share `left` ends the race."""

    def do() -> object:
        try:
            return job()
        finally:
            left.pop()
            if not left:
                is_over.set()

    return do


def race_decisions(writers: int, *, companies: int, seconds: float) -> None:
    set_up_hub()
    accounts = [account(n, source) for n in range(companies) for source in ("crm", "erp")]
    # Each comes twice, the second time changed.
    accounts += [account(n, "crm", street="Ringstraße 1") for n in range(companies)]
    random.Random(11).shuffle(accounts)
    is_over, left = threading.Event(), [0] * writers
    waiting = deque(accounts)
    stewards = [decide(companies, is_over, seed) for seed in (1, 2)]
    made = race([*([until_over(write(waiting), is_over, left)] * writers), *stewards], seconds=seconds)
    assert any(made[-2:])
    live = settle_down()
    in_bulk = replay_in_bulk()
    assert live.partition == in_bulk.partition
    assert live.content == in_bulk.content


def test_stewards_who_merge_split_and_undo_under_live_writes_are_obeyed() -> None:
    race_decisions(4, companies=40, seconds=60)


@pytest.mark.chaos
def test_stewards_under_many_live_writes_are_obeyed() -> None:
    race_decisions(30, companies=1_000, seconds=1_800)


def race_a_load(writers: int, *, companies: int, seconds: float) -> None:
    set_up_hub()
    land([account(n, "crm") for n in range(companies)])
    waiting = deque(push for n in range(companies) for push in (account(n, "erp"), account(n, "crm", phone="")))

    def drain() -> object:
        while waiting:
            drain_redo(actor=HUB)
        return None

    race([lambda: match_in_bulk(chunk_records=10), drain, *[write(waiting)] * writers], seconds=seconds)
    live = settle_down()
    assert not RedoItem.objects.exists()
    assert_one_customer_per_company(live, companies)
    in_bulk = replay_in_bulk()
    assert live.partition == in_bulk.partition
    assert live.content == in_bulk.content


def test_a_bulk_run_under_live_writes_makes_one_customer_per_company() -> None:
    race_a_load(6, companies=100, seconds=60)


@pytest.mark.chaos
def test_a_large_bulk_run_under_many_live_writes_makes_one_customer_per_company() -> None:
    race_a_load(30, companies=5_000, seconds=1_800)
