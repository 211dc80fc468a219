"""Random histories of a small hub: what sources send and people decide, and what must be true after each step."""

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
from apps.matching.models import Verdict
from apps.pipeline.deciding import judge_case, merge_customers, split_customer, transfer_record, undo_decision
from apps.pipeline.draining import drain_redo
from apps.pipeline.live import absorb, queue_redo
from apps.pipeline.receiving import receive_together
from apps.pipeline.snapshot import list_all
from apps.quality.selectors import list_broken
from apps.sources.models import SourceRecord
from apps.sources.pushing import Push
from tests.concurrency.companies import SOURCES, account, describe, set_up_hub
from tests.concurrency.facts import REPLAY, replay_in_bulk, replay_live, settle_down

SYSTEM, JANE, BOB = Actor("system", "sync"), Actor.person("jane", None), Actor.person("bob", None)
COMPANIES = 12
SHAPES = ("whole", "moved", "name only", "contact only", "glue", "numbered", "misnumbered")
_CONTACT = ("phone", "website", "email")

slots = st.tuples(st.sampled_from(SOURCES), st.integers(1, 6))
contents = st.tuples(st.integers(1, COMPANIES), st.sampled_from(SHAPES))
choice = st.integers(0, 1_000)


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

    def __init__(self) -> None:
        super().__init__()
        self.stretch = transaction.atomic()
        self.stretch.__enter__()

    @initialize(first=st.lists(st.tuples(slots, contents), min_size=4, max_size=12))
    def begin(self, first: Sequence[Any]) -> None:
        """Start with some accounts."""
        set_up_hub()
        self.ingest(first)

    @rule(sent=st.lists(st.tuples(slots, contents), min_size=1, max_size=4))
    def ingest(self, sent: Sequence[Any]) -> None:
        """New accounts and changed ones, in one request."""
        receive_together(pushes=[push_of(*one) for one in dict(sent).items()], actor=SYSTEM)

    @rule(slot=slots)
    def delete(self, slot: tuple[str, int]) -> None:
        """An account that is gone from its source."""
        receive_together(pushes=[Push(slot[0], f"{slot[1]}", is_deleted=True)], actor=SYSTEM)

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

    @rule(every=st.integers(1, 3))
    def rematch(self, every: int) -> None:
        """Records are matched again, though nothing changed."""
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
    def nothing_is_broken(self) -> None:
        """Every invariant holds, and so does every constraint that is checked at commit."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        assert [(finding.number, finding.rows) for finding in list_broken()] == []

    def teardown(self) -> None:
        """The same facts in any other order, in bulk or live, come to the same customers and values."""
        try:
            live = settle_down()
            again = replay_in_bulk()
            assert live.partition == again.partition
            assert live.content == again.content
            backwards = replay_live(_list_backwards(), size=3)
            assert live.partition == backwards.partition
            assert live.content == backwards.content
        finally:
            transaction.set_rollback(True)
            self.stretch.__exit__(None, None, None)

    def _standing(self, cited: bool) -> list[int]:
        return list(Verdict.objects.filter(undone_at=None).values_list("pk", flat=True)) if cited else []

    def _decide(self, decide: Any) -> None:  # noqa: ANN401 - whatever is decided
        try:
            # A refusal leaves nothing behind, as it would at the end of a request.
            with transaction.atomic():
                decide()
        except HubError as refused:
            note(f"refused: {type(refused).__name__}: {refused}")


def _list_backwards() -> list[int]:
    """Return all records that sources gave, the newest first."""
    return list(SourceRecord.objects.exclude(state="quarantined").order_by("-pk").values_list("pk", flat=True))
