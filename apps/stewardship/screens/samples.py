"""Made-up examples of the larger parts: a pair's result, candidates, matrix, lanes, groups, and what can stand against.

In the pages' own shapes, for the page that shows every part in every state; nothing is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.base.errors import Conflict
from apps.cases.claiming import Held
from apps.cases.selectors import CaseRow
from apps.golden.selectors import HistoryRow
from apps.pipeline.deciding.weighing import Weight
from apps.sources.selectors import Record, Source
from apps.stewardship.screens.approvals import Verb
from apps.stewardship.screens.cluster import GroupChoice, label_of
from apps.stewardship.screens.comparing import GLYPHS, NEITHER, Run, Verdict, mark_differences
from apps.stewardship.screens.field import Row
from apps.stewardship.screens.graph import SIDE, Edge, EdgeRow, Graph, Node
from apps.stewardship.screens.lanes import Lanes, build_lanes
from apps.stewardship.screens.merging import MergeRow
from apps.stewardship.screens.result import ResultCell, Taken, Typed
from apps.stewardship.screens.why import MatrixCell, MatrixRow

NAME, PHONE = "Acme Präzision GmbH", "+49 40 3006 1200"


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A field of a pair with the value its merge stores, as the pair's grid shows it."""

    attribute: str
    title: str
    texts: tuple[str, str]
    left: tuple[Run, ...]
    right: tuple[Run, ...]
    verdict: Verdict
    result: ResultCell


@dataclass(frozen=True, slots=True)
class Said:
    """A blind verdict that waits for a second one."""

    verdict: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A record with the group it is in."""

    given: Record
    group: int


@dataclass(frozen=True, slots=True)
class ProposalState:
    """How a proposal stands, by whom and why it was decided."""

    state: str
    decided_by: str = ""
    decided_why: str = ""


@dataclass(frozen=True, slots=True)
class Samples:
    """One example of each larger part, in each of its states."""

    results: tuple[ResultRow, ...]
    candidates: tuple[Row, ...]
    matrix: tuple[MatrixRow, ...]
    lanes: Lanes | None
    compared: tuple[tuple[str, tuple[MergeRow, ...]], ...]
    choices: tuple[GroupChoice, ...]
    placed: tuple[Placed, ...]
    graph: Graph
    verb: Verb
    held: Held
    case: CaseRow
    trouble: Conflict
    typed: Typed
    waiting: Said
    proposals: tuple[ProposalState, ...]


def build_samples(badges: tuple[Source, ...], now: datetime) -> Samples:
    """Return the examples, of sources with these badges; ages are counted from `now`. No query."""
    crm, billing, erp = badges[:3]
    matrix = _matrix(crm, billing, erp)
    return Samples(
        results=_results(crm, erp),
        candidates=_candidates(crm, billing, erp, now),
        matrix=matrix,
        lanes=_lanes(now),
        compared=_compared(),
        choices=tuple(
            GroupChoice(number, label_of(number), count) for number, count in ((1, 3), (2, 1), (3, 0), (0, 1))
        ),
        placed=tuple(Placed(row.record, number) for row, number in zip(matrix, (1, 2, 0), strict=True)),
        graph=_graph(),
        verb=Verb("Propose merge", is_proposal=True, weights=(Weight("countries", "They are in DE and AT."),)),
        held=Held("person:berta", now - timedelta(minutes=2), is_mine=False, open_cases=12),
        case=_case(now),
        trouble=Conflict("the two customers changed while you were looking", chain=_chain()),
        typed=Typed({"phone": Taken("left", PHONE)}, reason="one switchboard"),
        waiting=Said("same"),
        proposals=(
            ProposalState("open"),
            ProposalState("approved", "person:clara"),
            ProposalState("refused", "person:clara", "two companies of one owner"),
            ProposalState("withdrawn"),
        ),
    )


def _results(crm: Source, erp: Source) -> tuple[ResultRow, ...]:
    def row(attribute: str, title: str, texts: tuple[str, str], verdict: Verdict, result: ResultCell) -> ResultRow:
        return ResultRow(attribute, title, texts, *mark_differences(*texts), verdict, result)

    names, phones = (NAME, "ACME Präzision Holding GmbH"), (PHONE, "+49 40 3006 9")
    return (
        row("name", "Name", names, _tone("partial"), ResultCell(names[1], names[1], "most complete", erp, "88-12")),
        row("phone", "Phone", phones, _tone("conflict"), ResultCell(PHONE, phones[1], "chosen", takes="left")),
        row("street", "Street", ("Hafenstrasse 12", "Hafenstrasse 12"), _tone("agree"),
            ResultCell("Hafenweg 9", "Hafenweg 9", "fixed by a steward", is_pinned=True)),
        row("website", "Website", ("", ""), NEITHER,
            ResultCell("acme.example", "acme.example", "only record", crm, "0044")),
        row("email", "E-mail", ("", ""), _tone("missing"), ResultCell("", "", "")),
    )  # fmt: skip


def _candidates(crm: Source, billing: Source, erp: Source, now: datetime) -> tuple[Row, ...]:
    return (
        Row("crm:0031", crm, "0031", PHONE, now - timedelta(days=3), 1, "changed last", wins=True, is_shown=True),
        Row(
            "erp:88-12",
            erp,
            "88-12",
            "+49 40 3006 9",
            now - timedelta(days=800),
            2,
            "changed longer ago",
            wins=False,
            is_shown=False,
        ),
        Row("billing:A-7", billing, "A-7", "+49 40 1", None, 3, "fails its check", wins=False, is_shown=False),
    )


def _matrix(crm: Source, billing: Source, erp: Source) -> tuple[MatrixRow, ...]:
    records = [
        _record(number, *named) for number, named in enumerate(((crm, "0031"), (erp, "88-12"), (billing, "A-7")))
    ]
    return (
        MatrixRow(records[0], ()),
        MatrixRow(records[1], (MatrixCell(0, "+12.4", "agree"),)),
        MatrixRow(records[2], (MatrixCell(0, "−2.1", "partial"), MatrixCell(1, "−9.3", "conflict"))),
    )


def _record(number: int, source: Source, key: str) -> Record:
    return Record(number, source, key, "live", 1, 1, None, is_gone=False, quarantine_reason="", last_batch_id=0)


def _lanes(now: datetime) -> Lanes | None:
    """Two records that joined, and one that came later and left."""
    steps = ((90, "joined", "crm", "0031"), (90, "joined", "erp", "88-12"), (30, "joined", "billing", "A-7"),
             (5, "left", "billing", "A-7"))  # fmt: skip
    rows = [
        HistoryRow(now - timedelta(days=days), kind, "hub:demo", "", 0, None, (), number, source, key)
        for number, (days, kind, source, key) in enumerate(steps)
    ]
    return build_lanes(rows[::-1])


def _compared() -> tuple[tuple[str, tuple[MergeRow, ...]], ...]:
    def row(title: str, texts: tuple[str, str], tone: str, side: str) -> MergeRow:
        value = texts[side == "right"] if side else ""
        return MergeRow(title, *mark_differences(*texts), _tone(tone), value, side)

    names, phones = (NAME, "ACME Präzision Holding GmbH"), (PHONE, "+49 40 3006 9")
    contact = (
        row("Phone", phones, "conflict", "left"),
        row("E-mail", ("", "info@acme.example"), "missing", "right"),
    )
    return (
        ("Identity", (row("Name", names, "partial", "right"),)),
        ("Contact", contact),
        ("Address", (row("City", ("Hamburg", "Hamburg"), "agree", "left"),)),
    )


def _graph() -> Graph:
    """Two groups: three records that hold together, one of them confirmed, and one whose number differs."""
    nodes = (
        Node(80, 32, 1, "crm 0031", is_subject=True, is_confirmed=False),
        Node(32, 120, 1, "erp 88-12", is_subject=False, is_confirmed=True),
        Node(128, 120, 1, "crm 0044", is_subject=False, is_confirmed=False),
        Node(240, 80, 2, "billing A-7", is_subject=False, is_confirmed=False),
    )
    pairs = ((0, 1, 4, False, False), (0, 2, 2, False, False), (1, 2, 1, True, False), (2, 3, 1, True, True))
    edges = tuple(
        Edge(nodes[a].x, nodes[a].y, nodes[b].x, nodes[b].y, width, is_weak, is_barred)
        for a, b, width, is_weak, is_barred in pairs
    )
    rows = (
        EdgeRow("crm 0031", "erp 88-12", "+12.4", "confirmed by a person"),
        EdgeRow("crm 0044", "billing A-7", "–", "numbers differ, below joining"),
    )
    return Graph(SIDE, SIDE // 2, ((80, 88, "1"), (264, 80, "2")), nodes, edges, rows, left_out=3)


def _case(now: datetime) -> CaseRow:
    return CaseRow(
        case_id=0,
        kind="pair",
        kind_label="Possible duplicate",
        state="open",
        low_record_id=1,
        high_record_id=2,
        subject_record_id=1,
        stake=3,
        score=-1_700,
        priority=4,
        question="Are these the same customer?",
        facts={},
        run_id=0,
        opened_at=now - timedelta(days=2),
        closed_at=None,
        closed_by="",
        close_reason="",
    )


def _chain() -> list[Mapping[str, Any]]:
    """Two decisions from which the contrary follows."""
    crm, erp, billing = (
        {"source": code, "key": key} for code, key in (("crm", "0031"), ("erp", "88-12"), ("billing", "A-7"))
    )
    return [
        {"left": crm, "right": erp, "says": "same", "decision": 12, "by": "person:anna"},
        {"left": erp, "right": billing, "says": "different", "decision": 31, "by": "person:berta"},
    ]


def _tone(tone: str) -> Verdict:
    return Verdict(tone, *GLYPHS[tone])
