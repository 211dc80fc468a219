"""Random histories of a small hub: what sources send and people decide, and what must be true after each step.

What is true is said twice: by the invariants, and by a plain Python model that works out who belongs together.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.cases.models import Case
from apps.golden.models import GoldenRecord, Membership
from apps.golden.selectors import list_holding_pins
from apps.matching.models import Verdict, VerdictPair
from apps.pipeline.deciding import judge_case, merge_customers, split_customer, transfer_record, undo_decision
from apps.pipeline.draining import drain_redo
from apps.pipeline.fixing import SourceKey, Wish, pin_value, release_pin
from apps.pipeline.live import absorb, queue_redo
from apps.pipeline.models import RedoItem
from apps.pipeline.receiving import receive_together
from apps.pipeline.snapshot import list_all
from apps.quality.selectors import list_broken
from apps.rulebook.selectors import get_active_rules
from apps.sources.models import SourceRecord
from apps.sources.pushing import Push
from tests.concurrency.companies import SOURCES, account, describe, set_up_hub
from tests.concurrency.facts import REPLAY, match_all_in_bulk, replay_in_bulk, replay_live, settle_down
from tests.concurrency.model import Model, Slot
from tests.concurrency.rule_sets import RULE_SETS, put_in_force
from tests.pipeline.reading import Hub, read_hub

SYSTEM, JANE, BOB = Actor("system", "sync"), Actor.person("jane", None), Actor.person("bob", None)
COMPANIES = 12
SHAPES = ("whole", "moved", "name only", "contact only", "glue", "numbered", "misnumbered")
_CONTACT = ("phone", "website", "email")

slots = st.tuples(st.sampled_from(SOURCES), st.integers(1, 6))
contents = st.tuples(st.integers(1, COMPANIES), st.sampled_from(SHAPES))
choice = st.integers(0, 1_000)
fixed = st.sampled_from([("city", "Pinville"), ("name", "Pinned AG"), ("country", "Austria"), ("phone", "")])


def push_of(slot: tuple[str, int], content: tuple[int, str]) -> Push:
    """Return what a source sends: an account of a company, more or less of it, or of two companies at once."""
    (source, key), (company, shape) = slot, content
    known, other = describe(company), describe(company % COMPANIES + 1)
    more: dict[str, str] = {}
    match shape:
        case "moved":
            more = {"street": "Ringstraße 1", "city": "Ulm", "postcode": "89073"}
        case "name only":
            more = dict.fromkeys((*_CONTACT, "street", "postcode"), "")
        case "contact only":
            more = dict.fromkeys(("name", "street", "postcode", "city"), "")
        case "glue":
            more = {what: other[what] for what in _CONTACT}
        case "numbered":
            # A company's own number, valid: a legal entity identifier's check digits come last.
            more = {"lei": _lei(company)}
        case "misnumbered":
            more = {"lei": _lei(company + 50)}
        case _:
            more = {"street": known["street"]}
    return account(company, source, f"{key}", **more)


def _lei(number: int) -> str:
    body = f"529900T8BM49AURS{number:02d}"
    digits = "".join(str(int(letter, 36)) for letter in body + "00")
    return f"{body}{98 - int(digits) % 97:02d}"


class Histories(RuleBasedStateMachine):
    """A hub to which anything may happen, in a transaction of its own that is taken back at the end."""

    model: Model

    def __init__(self) -> None:
        super().__init__()
        self.stretch = transaction.atomic()
        self.stretch.__enter__()

    @initialize(first=st.lists(st.tuples(slots, contents), min_size=4, max_size=12))
    def begin(self, first: Sequence[Any]) -> None:
        """Start with some accounts."""
        set_up_hub()
        active = get_active_rules()
        self.model = Model(active.rules, active.statistics)
        self.ingest(first)

    @rule(sent=st.lists(st.tuples(slots, contents), min_size=1, max_size=4))
    def ingest(self, sent: Sequence[Any]) -> None:
        """New accounts and changed ones, in one request."""
        self._send([push_of(*one) for one in dict(sent).items()])

    @rule(slot=slots)
    def delete(self, slot: tuple[str, int]) -> None:
        """An account that is gone from its source."""
        self._send([Push(slot[0], f"{slot[1]}", is_deleted=True)])

    @rule(which=choice, verdict=st.sampled_from(["same", "different", "related", "not_sure"]))
    def judge(self, which: int, verdict: str) -> None:
        """A person answers one of the open questions."""
        cases = list(Case.objects.filter(state="open", low_record_id__isnull=False).order_by("pk"))
        if cases:
            case = cases[which % len(cases)]
            self._decide(lambda: judge_case(case_id=case.pk, verdict=verdict, actor=JANE))

    @rule(one=choice, other=choice, cited=st.booleans())
    def merge(self, one: int, other: int, cited: bool) -> None:
        """A person makes one customer of two, now and then against what was decided before."""
        gids = list(GoldenRecord.objects.filter(state="live").order_by("pk").values_list("gid", flat=True))
        if len(gids) > 1:
            mine, theirs = gids[one % len(gids)], gids[other % len(gids)]
            self._decide(
                lambda: merge_customers(
                    gid=mine, others=[theirs], reason="one company", supersedes=self._standing(cited), actor=JANE
                )
            )

    @rule(which=choice, cited=st.booleans())
    def split(self, which: int, cited: bool) -> None:
        """A person takes an account out of its customer."""
        held = Membership.objects.select_related("golden", "record__source").filter(golden__member_count__gt=1)
        found = list(held.order_by("record_id"))
        if found:
            one = found[which % len(found)]
            name = f"{one.record.source.code}:{one.record.key}"
            self._decide(
                lambda: split_customer(
                    gid=one.golden.gid,
                    groups=[[name]],
                    reason="two companies",
                    supersedes=self._standing(cited),
                    actor=BOB,
                )
            )

    @rule(which=choice, to=choice)
    def transfer(self, which: int, to: int) -> None:
        """A person gives an account to another customer."""
        found = list(Membership.objects.select_related("record__source").order_by("record_id"))
        gids = list(GoldenRecord.objects.filter(state="live").order_by("pk").values_list("gid", flat=True))
        if found:
            record = found[which % len(found)].record
            code, key, gid = record.source.code, record.key, gids[to % len(gids)]
            self._decide(lambda: transfer_record(source=code, key=key, to=gid, reason="booked wrongly", actor=BOB))

    @rule(which=choice)
    def undo(self, which: int) -> None:
        """A person takes any decision back, not only the last one."""
        made = list(Verdict.objects.filter(undone_at=None, by_policy=False).order_by("pk").values_list("pk", flat=True))
        if made:
            self._decide(lambda: undo_decision(verdict_id=made[which % len(made)], actor=JANE))

    @rule(which=choice, what=fixed, watched=choice, is_watching=st.booleans())
    def pin(self, which: int, what: tuple[str, str], watched: int, is_watching: bool) -> None:
        """A person fixes a value, for ever or for as long as one of the accounts says what it says now."""
        found = list(GoldenRecord.objects.filter(state="live").order_by("pk"))
        if found:
            golden = found[which % len(found)]
            members = golden.memberships.order_by("record_id").values_list("record__source__code", "record__key")
            watching = SourceKey(*members[watched % len(members)]) if is_watching else None
            wish = Wish(*what, watching=watching)
            self._decide(lambda: pin_value(gid=golden.gid, wish=wish, reason="seen it", actor=JANE))

    @rule(which=choice)
    def release(self, which: int) -> None:
        """A person lets a value go that was fixed, of whichever customer it is now."""
        held = sorted((golden, pin.attribute) for golden, pins in list_holding_pins().items() for pin in pins)
        if held:
            golden, attribute = held[which % len(held)]
            gid = GoldenRecord.objects.get(pk=golden).gid
            self._decide(lambda: release_pin(gid=gid, attribute=attribute, reason="no longer so", actor=BOB))

    @rule(name=st.sampled_from(sorted(RULE_SETS)))
    def change_rules(self, name: str) -> None:
        """Other rules come into force, and all records are matched by them."""
        active = put_in_force(RULE_SETS[name])
        self.model.govern(active.rules, active.statistics)
        match_all_in_bulk()

    @rule(every=st.integers(1, 3))
    def rematch(self, every: int) -> None:
        """Records are matched again, though nothing changed."""
        drain_redo(actor=REPLAY)
        before = dict(Membership.objects.values_list("record_id", "golden_id"))
        if records := list_all()[::every]:
            absorb(records, actor=REPLAY, reason="matched again")
        assert dict(Membership.objects.values_list("record_id", "golden_id")) == before

    @rule(every=st.integers(1, 3))
    def drain(self, every: int) -> None:
        """Records wait in the redo queue, and a worker comes by."""
        queue_redo(list_all()[::every], reason="asked for")
        drain_redo(actor=REPLAY)

    @invariant()
    def customers_are_those_of_the_model(self) -> None:
        """Who is together with whom is what the model says, unless somebody still waits to be matched."""
        if RedoItem.objects.exists():
            return
        live = VerdictPair.objects.filter(is_live=True, kind__in=["same", "different", "related"])
        columns = ("kind", "low__source__code", "low__key", "high__source__code", "high__key")
        said: dict[bool, list[frozenset[Slot]]] = {True: [], False: []}
        for kind, low, low_key, high, high_key in live.values_list(*columns):
            said[kind == "same"].append(frozenset({(low, low_key), (high, high_key)}))
        expected = self.model.partition(same=said[True], different=said[False])
        if expected is not None:
            found = read_hub().partition
            assert found == expected, f"only here {found - expected}, only in the model {expected - found}"

    @invariant()
    def nothing_is_broken(self) -> None:
        """Every invariant holds, and so does every constraint that is checked at commit."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        broken = [(finding.number, finding.rows) for finding in list_broken()]
        assert not broken, broken

    def teardown(self) -> None:
        """The same facts in any other order, in bulk or live, come to the same customers and values."""
        try:
            live = settle_down()
            again = replay_in_bulk()
            assert_alike(live, again)
            backwards = replay_live(_list_backwards(), size=3)
            assert_alike(live, backwards)
        finally:
            transaction.set_rollback(True)
            self.stretch.__exit__(None, None, None)

    def _send(self, pushes: Sequence[Push]) -> None:
        receive_together(pushes=pushes, actor=SYSTEM)
        for push in pushes:
            self.model.hear(push)

    def _standing(self, cited: bool) -> list[int]:
        return list(Verdict.objects.filter(undone_at=None).values_list("pk", flat=True)) if cited else []

    def _decide(self, decide: Any) -> None:  # noqa: ANN401 - whatever is decided
        try:
            # A refusal leaves nothing behind, as it would at the end of a request.
            with transaction.atomic():
                decide()
        except HubError as refused:
            note(f"refused: {type(refused).__name__}: {refused}")


def assert_alike(hub: Hub, other: Hub) -> None:
    """Raise AssertionError with what differs where two hubs hold other customers or values."""
    differing = hub.partition ^ other.partition
    assert not differing, differing
    values = {records: (hub.content[records], other.content[records]) for records in hub.content}
    apart = {records: (mine, theirs) for records, (mine, theirs) in values.items() if mine != theirs}
    assert not apart, apart


def _list_backwards() -> list[int]:
    """Return all records that sources gave, the newest first."""
    return list(SourceRecord.objects.exclude(state="quarantined").order_by("-pk").values_list("pk", flat=True))
