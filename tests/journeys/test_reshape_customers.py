"""Merge, split, transfer, unmerge: the shape asked for, kept by every later run, and undone without residue."""

import random
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from apps.base.actors import Actor
from apps.base.errors import Conflict, Invalid
from apps.cases.models import Case
from apps.golden.models import GoldenRecord
from apps.matching.models import VerdictPair
from apps.matching.verdicts import DecisionContradicted, DecisionSuperseded, DecisionUndone
from apps.outbox.models import Event
from apps.pipeline.deciding import (
    CustomerChanged,
    DecisionNotYours,
    Outcome,
    VersionNeeded,
    merge_customers,
    split_customer,
    transfer_record,
    undo_decision,
    unmerge_customer,
)
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.previewing import preview
from apps.pipeline.receiving import receive_together
from apps.pipeline.runs import QuietJournal
from apps.pipeline.snapshot import list_all
from apps.quality.selectors import list_broken
from apps.sources.pushing import Push
from tests.pipeline.files import cut_sample, load_rows
from tests.pipeline.reading import Hub, count_traces, list_live_gids, read_hub, resolve_gid
from tests.rolled_back import rolled_back

pytestmark = pytest.mark.slow
JANE, BOB = Actor.person("jane", None), Actor.person("bob", None)


@pytest.fixture(scope="module")
def hub(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Customers of 40 companies, gone when the module ends."""
    with rolled_back(django_db_blocker):
        load_rows(tmp_path_factory.mktemp("files"), cut_sample(40))
        yield


@pytest.fixture
def db(hub: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Access to that hub in place of an empty one; what a test does to it is taken out again."""
    with rolled_back(django_db_blocker):
        yield


@pytest.fixture
def before(db: None) -> Hub:
    """The hub as loaded."""
    return read_hub()


def largest(hub: Hub, count: int, *, members: int = 1) -> list[str]:
    """Return the ids of the customers with most records, but no case between them."""
    found = sorted(hub.customers, key=lambda gid: (-len(hub.customers[gid]), sorted(hub.customers[gid])))
    return [gid for gid in found if len(hub.customers[gid]) >= members][:count]


def age_of(gid: str) -> int:
    """Return a number that is the lower, the older the customer is."""
    return GoldenRecord.objects.get(gid=gid).pk


def names(hub: Hub, gid: str) -> list[str]:
    return sorted(f"{source}:{key}" for source, key in hub.customers[gid])


def state_of(hub: Hub) -> tuple[object, ...]:
    """Return ids, values, who is live, and what is asked; a question asked anew has another number."""
    asked = Case.objects.filter(state="open").values_list("kind", "low_record_id", "high_record_id")
    return hub.gid_of, hub.values, list_live_gids(), set(asked)


def rematch() -> None:
    resolve(QuietJournal(Actor.hub("rematch")), Ask(reason="matched again", dirty=list_all()))


def test_a_merge_keeps_the_oldest_id_and_tells_what_ends_and_goes_out(before: Hub) -> None:
    young, old = sorted(largest(before, 2), key=age_of, reverse=True)
    done = merge_customers(gid=young, others=[old], reason="one company", actor=JANE)
    after = read_hub()
    assert after.customers[old] == before.customers[old] | before.customers[young]
    assert [(one.gid, one.state, one.survivor) for one in done.ended] == [(young, "merged", old)]
    assert {(event.type, event.gid) for event in done.events} == {
        ("customer.merged", young),
        ("customer.updated", old),
    }
    assert sum(done.write_backs.values()) == len(before.customers[young])
    assert list_broken() == []
    rematch()
    assert read_hub().customers == after.customers


def test_a_steward_names_the_survivor_of_a_merge_and_undo_gives_every_id_back(before: Hub) -> None:
    gids = largest(before, 3)
    youngest = max(gids, key=age_of)
    held = state_of(before)
    done = merge_customers(gid=gids[0], others=gids[1:], survivor=youngest, reason="one company", actor=JANE)
    assert {resolve_gid(gid)[1] for gid in gids} == {youngest}
    undone = undo_decision(verdict_id=done.decision or 0, actor=JANE)
    assert undone.differences == ()
    assert state_of(read_hub()) == held
    assert list_broken() == []


def test_a_split_leaves_its_groups_under_the_heir_named(before: Hub) -> None:
    gid = largest(before, 1, members=3)[0]
    first, *rest = names(before, gid)
    held = state_of(before)
    done = split_customer(gid=gid, groups=[[first], rest], heir=0, reason="two companies", actor=JANE)
    after = read_hub()
    assert names(after, gid) == [first]
    assert len({after.gid_of[tuple(name.split(":", 1))] for name in rest}) == 1  # type: ignore[index]
    assert ("customer.split", gid) in {(event.type, event.gid) for event in done.events}
    assert list_broken() == []
    rematch()
    assert read_hub().partition == after.partition
    undo_decision(verdict_id=done.decision or 0, actor=JANE)
    assert state_of(read_hub()) == held


def test_records_that_no_group_names_stay_under_the_id(before: Hub) -> None:
    gid = largest(before, 1, members=3)[0]
    first, *rest = names(before, gid)
    split_customer(gid=gid, groups=[[first]], reason="two companies", actor=JANE)
    assert names(read_hub(), gid) == rest


def test_an_unmerge_gives_the_absorbed_id_its_records_back(before: Hub) -> None:
    one, other, third = largest(before, 3)
    merge_customers(gid=one, others=[other], survivor=one, reason="one company", actor=JANE)
    merge_customers(gid=one, others=[third], survivor=one, reason="one company, too", actor=JANE)
    # The second merge said of the other's records that they are the same as the third's.
    with pytest.raises(DecisionContradicted) as refused:
        unmerge_customer(gid=one, absorbed=other, reason="was wrong", actor=JANE)
    cited = refused.value.facts["decisions"]
    unmerge_customer(gid=one, absorbed=other, reason="was wrong", supersedes=cited, actor=JANE)
    after = read_hub()
    assert after.customers[other] == before.customers[other]
    assert after.customers[one] == before.customers[one] | before.customers[third]
    assert list_broken() == []


def test_a_transfer_moves_one_record_and_the_next_run_leaves_it_there(before: Hub) -> None:
    giver, taker = largest(before, 2, members=3)
    moved = names(before, giver)[0]
    source, key = moved.split(":", 1)
    held = state_of(before)
    done = transfer_record(source=source, key=key, to=taker, reason="wrong account", actor=JANE)
    after = read_hub()
    assert after.gid_of[source, key] == taker
    assert names(after, giver) == names(before, giver)[1:]
    events = Event.objects.filter(type="customer.updated", subject__in=[giver, taker], sequence__gt=1)
    told = {event.subject: event.data["transferred"] for event in events}
    assert told == {giver: {"to": [taker]}, taker: {"from": [giver]}}
    assert list_broken() == []
    rematch()
    assert read_hub().partition == after.partition
    undo_decision(verdict_id=done.decision or 0, actor=JANE)
    assert state_of(read_hub()) == held


def test_a_record_transferred_to_a_new_customer_is_alone_there(before: Hub) -> None:
    giver = largest(before, 1, members=3)[0]
    source, key = names(before, giver)[0].split(":", 1)
    done = transfer_record(source=source, key=key, to="new", reason="another company", actor=JANE)
    new = next(customer for customer in done.customers if customer.is_new)
    assert [(member.source.code, member.key) for member in new.members] == [(source, key)]
    with pytest.raises(Conflict, match="alone"):
        transfer_record(source=source, key=key, to="new", reason="again", actor=JANE)


def test_a_preview_stores_nothing_and_tells_what_the_merge_then_does(before: Hub) -> None:
    one, other = largest(before, 2)

    def merge() -> Outcome:
        return merge_customers(gid=one, others=[other], reason="one company", actor=JANE)

    traces = count_traces()
    shown = preview(merge)
    assert (count_traces(), read_hub()) == (traces, before)
    assert (shown.decision, shown.is_preview) == (None, True)
    done = merge()
    assert (shown.ended, shown.events, shown.write_backs) == (done.ended, done.events, done.write_backs)
    assert shown.customers == done.customers


def test_a_preview_names_no_id_that_is_not_given_out_yet(before: Hub) -> None:
    gid = largest(before, 1, members=3)[0]
    first = names(before, gid)[0]
    shown = preview(lambda: split_customer(gid=gid, groups=[[first]], reason="two companies", actor=JANE))
    assert sorted(customer.gid or "" for customer in shown.customers) == ["", gid]
    assert {event.gid for event in shown.events} == {None, gid}


def test_versions_are_needed_of_every_customer_and_have_to_be_the_newest(before: Hub) -> None:
    one, other = largest(before, 2)
    with pytest.raises(VersionNeeded) as missing:
        merge_customers(gid=one, others=[other], reason="x", versions={one: 1}, actor=JANE)
    assert missing.value.facts["missing"] == [other]
    with pytest.raises(CustomerChanged) as changed:
        merge_customers(gid=one, others=[other], reason="x", versions={one: 1, other: 9}, actor=JANE)
    assert changed.value.facts["versions"] == {other: 1}
    assert read_hub() == before
    merge_customers(gid=one, others=[other], reason="x", versions={one: 1, other: 1}, actor=JANE)


def test_a_merge_across_a_different_is_refused_with_the_chain_and_carried_out_where_it_is_cited(before: Hub) -> None:
    one, other, third = largest(before, 3, members=2)
    first = names(before, one)[0]
    split = split_customer(gid=one, groups=[[first]], reason="two companies", actor=JANE)
    alone = read_hub().gid_of[tuple(first.split(":", 1))]  # type: ignore[index]
    merge_customers(gid=alone, others=[other], reason="one company", actor=JANE)
    after_two = state_of(read_hub())
    with pytest.raises(DecisionContradicted) as refused:
        merge_customers(gid=one, others=[other], reason="one company", actor=BOB)
    assert refused.value.facts["decisions"] == [split.decision]
    step = refused.value.facts["chain"][0]
    assert (step["says"], step["by"]) == ("different", "person:jane")
    assert first in {f"{step[side]['source']}:{step[side]['key']}" for side in ("left", "right")}
    assert state_of(read_hub()) == after_two
    merged = merge_customers(gid=one, others=[other], reason="all one", supersedes=[split.decision or 0], actor=BOB)
    assert len({read_hub().gid_of[record] for gid in (one, other) for record in before.customers[gid]}) == 1
    assert list_broken() == []
    with pytest.raises(DecisionSuperseded):
        undo_decision(verdict_id=split.decision or 0, actor=JANE)
    undo_decision(verdict_id=merged.decision or 0, actor=BOB)
    # What it had put out of force binds again.
    assert state_of(read_hub()) == after_two
    assert list_broken() == []
    assert third in list_live_gids()


def test_only_one_of_two_undos_is_carried_out_and_roles_are_kept(before: Hub) -> None:
    one, other = largest(before, 2)
    done = merge_customers(gid=one, others=[other], reason="one company", actor=JANE)
    with pytest.raises(DecisionNotYours):
        undo_decision(verdict_id=done.decision or 0, only_own=True, actor=BOB)
    undo_decision(verdict_id=done.decision or 0, actor=BOB)
    with pytest.raises(DecisionUndone):
        undo_decision(verdict_id=done.decision or 0, actor=JANE)


def test_the_same_said_twice_still_binds_when_the_first_is_undone(before: Hub) -> None:
    one, other, third = largest(before, 3)
    first = merge_customers(gid=one, others=[other], survivor=one, reason="one company", actor=JANE)
    again = merge_customers(gid=one, others=[third], survivor=one, reason="and this", actor=BOB)
    undone = undo_decision(verdict_id=first.decision or 0, actor=JANE)
    assert [difference.what for difference in undone.differences][-1] == "together"
    assert len({read_hub().gid_of[record] for gid in (one, other) for record in before.customers[gid]}) == 1
    undo_decision(verdict_id=again.decision or 0, actor=JANE)
    assert read_hub().content == before.content
    assert set(read_hub().customers) == set(before.customers)
    assert list_broken() == []


def test_an_undo_lists_what_came_or_went_since_and_who_stays_together(before: Hub) -> None:
    one, other, third = largest(before, 3, members=3)
    done = merge_customers(gid=one, others=[other], survivor=one, reason="one company", actor=JANE)
    source, key = names(before, other)[0].split(":", 1)
    receive_together(pushes=[Push(source, key, is_deleted=True)], actor=JANE)
    came, came_key = names(before, third)[0].split(":", 1)
    moved = transfer_record(source=came, key=came_key, to=one, reason="booked wrongly", actor=BOB)
    undone = undo_decision(verdict_id=done.decision or 0, actor=JANE)
    assert {(difference.what, difference.gid) for difference in undone.differences} >= {
        ("gone", other), ("came", one), ("together", one),
    }  # fmt: skip
    assert f"{source} {key} is gone from its source." in {one.sentence for one in undone.differences}
    # The record that came is the same as both sides; without it they part.
    undo_decision(verdict_id=moved.decision or 0, actor=BOB)
    after = read_hub().customers
    assert after[other] == before.customers[other] - {(source, key)}
    assert (after[one], after[third]) == (before.customers[one], before.customers[third])
    assert list_broken() == []


@pytest.mark.parametrize("seed", range(2))
def test_decisions_undone_in_any_order_leave_the_customers_that_were(before: Hub, seed: int) -> None:
    chance = random.Random(100 + seed)
    made = [decide_something(chance) for _ in range(4)]
    chance.shuffle(made)
    while made:
        for verdict_id in list(made):
            try:
                undo_decision(verdict_id=verdict_id, actor=JANE)
            except (DecisionSuperseded, DecisionContradicted):
                continue
            made.remove(verdict_id)
        assert list_broken() == []
    assert read_hub().content == before.content


@pytest.mark.parametrize("seed", range(2))
def test_decisions_undone_in_reverse_order_restore_everything(before: Hub, seed: int) -> None:
    chance = random.Random(seed)
    held, made = [state_of(before)], list[int]()
    for _ in range(4):
        made.append(decide_something(chance))
        assert list_broken() == []
        rematch()
        held.append(state_of(read_hub()))
    for verdict_id, was in zip(reversed(made), held[-2::-1], strict=True):
        undone = undo_decision(verdict_id=verdict_id, actor=JANE)
        assert undone.differences == ()
        assert state_of(read_hub()) == was
    assert not VerdictPair.objects.filter(is_live=True).exists()


def decide_something(chance: random.Random) -> int:
    """Merge, split or transfer at random, citing what stands against it, and return the decision's number."""
    hub = read_hub()
    # By their records: ids are drawn at random, and another draw would be another test.
    gids = sorted(hub.customers, key=lambda gid: names(hub, gid))
    one, other = chance.sample(gids, 2)
    cited: list[int] = []
    while True:
        try:
            if chance.random() < 0.4 or len(hub.customers[one]) < 2:
                survivor = chance.choice([one, other])
                done = merge_customers(
                    gid=one, others=[other], survivor=survivor, reason="merge", supersedes=cited, actor=JANE
                )
            elif chance.random() < 0.5:
                group = chance.sample(names(hub, one), len(hub.customers[one]) // 2)
                done = split_customer(gid=one, groups=[group], heir=0, reason="split", supersedes=cited, actor=JANE)
            else:
                source, key = chance.choice(names(hub, one)).split(":", 1)
                done = transfer_record(
                    source=source, key=key, to=other, reason="transfer", supersedes=cited, actor=JANE
                )
        except DecisionContradicted as refused:
            cited += refused.facts["decisions"]
            continue
        return done.decision or 0


@pytest.mark.parametrize(
    ("groups", "heir", "words"),
    [
        ([], None, "1 to 100 groups"),
        ([["nobody"]], None, "source:key"),
        ([["crm:nobody"]], None, "no record"),
    ],
)
def test_a_split_that_cannot_be_read_is_refused(
    before: Hub, groups: list[list[str]], heir: int | None, words: str
) -> None:
    gid = largest(before, 1, members=3)[0]
    with pytest.raises(Exception, match=words):
        split_customer(gid=gid, groups=groups, heir=heir, reason="x", actor=JANE)


def test_a_split_into_everything_is_refused(before: Hub) -> None:
    gid = largest(before, 1, members=3)[0]
    with pytest.raises(Invalid, match="two customers"):
        split_customer(gid=gid, groups=[names(before, gid)], reason="x", actor=JANE)
    with pytest.raises(Invalid, match="say why"):
        split_customer(gid=gid, groups=[names(before, gid)[:1]], reason=" ", actor=JANE)
