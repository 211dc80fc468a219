"""A picture of who is linked to whom, drawn on the server; the same in the same order every time."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, cos, pi, sin, sqrt

from apps.engine.explain import say_bits
from apps.pipeline.gathering import Gathering

MOST_NODES = 60
MOST_EDGES = 70
"""Lines drawn, strongest first: what keeps the picture below 12 kB."""
SIDE = 320
_STRONG = 6_000
"""Millibits beyond joining at which a line is at its widest."""


@dataclass(frozen=True, slots=True)
class Node:
    """A record: where it is, its group, its words, whether it is asked about, and whether a person confirmed it."""

    x: int
    y: int
    group: int
    words: str
    is_subject: bool
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """A line between two records: how wide, whether it is below joining, and whether numbers speak against it."""

    x1: int
    y1: int
    x2: int
    y2: int
    width: int
    is_weak: bool
    is_barred: bool

    @property
    def middle(self) -> tuple[int, int]:
        """Where its mark stands."""
        return (self.x1 + self.x2) // 2, (self.y1 + self.y2) // 2


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """The same as a row of a table."""

    left: str
    right: str
    bits: str
    note: str


@dataclass(frozen=True, slots=True)
class Graph:
    """The picture, and the table that says the same; `left_out` counts lines not drawn.

    `marks` name the groups: where each name stands.
    """

    side: int
    height: int
    marks: tuple[tuple[int, int, str], ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    rows: tuple[EdgeRow, ...]
    left_out: int


def build_graph(gathering: Gathering, grouping: Mapping[int, int]) -> Graph | None:
    """Return the picture of the records by group; None of more than 60, or where their pairs weren't weighed."""
    suggestion = gathering.suggestion
    if suggestion is None or len(grouping) > MOST_NODES:
        return None
    spots, marks = _place(grouping)
    link = gathering.active.rules.thresholds.link
    barred = set(suggestion.barred)
    scores = {(pair.left, pair.right): pair.score for pair in suggestion.links}
    drawn = [*sorted(barred), *(pair for pair in scores if pair not in barred)]
    confirmed = {record for pair in gathering.confirmed for record in pair}
    edges, rows = [], []
    for left, right in drawn[:MOST_EDGES]:
        score = scores.get((left, right))
        (x1, y1), (x2, y2) = spots[left], spots[right]
        width = 1 if score is None else 1 + max(0, min(3, 3 * (score - link) // _STRONG))
        is_barred, is_weak = (left, right) in barred, score is None or score < link
        edges.append(Edge(x1, y1, x2, y2, width, is_weak, is_barred))
        notes = ["numbers differ"] * is_barred + ["below joining"] * is_weak
        notes += ["confirmed by a person"] * bool({(left, right), (right, left)} & gathering.confirmed)
        rows.append(
            EdgeRow(
                _words(gathering, left),
                _words(gathering, right),
                say_bits(score) if score is not None else "–",
                ", ".join(notes),
            )
        )
    nodes = tuple(
        Node(*spots[record], group, _words(gathering, record), record == gathering.subject, record in confirmed)
        for record, group in grouping.items()
    )
    return Graph(SIDE, _height(grouping), marks, nodes, tuple(edges), tuple(rows), max(0, len(drawn) - MOST_EDGES))


def _words(gathering: Gathering, record: int) -> str:
    given = gathering.records[record]
    return f"{given.source.code} {given.key}"


def _height(grouping: Mapping[int, int]) -> int:
    """Return how high the picture is: as many rows of cells as there are."""
    groups = len(set(grouping.values()))
    across = ceil(sqrt(groups))
    return round(SIDE / across * ceil(groups / across))


def _place(grouping: Mapping[int, int]) -> tuple[dict[int, tuple[int, int]], tuple[tuple[int, int, str], ...]]:
    """Return where each record goes, groups in a square of cells, the records of one on a circle; and their names."""
    groups: dict[int, list[int]] = {}
    for record, group in grouping.items():
        groups.setdefault(group, []).append(record)
    across = ceil(sqrt(len(groups)))
    cell = SIDE / across
    spots: dict[int, tuple[int, int]] = {}
    marks: list[tuple[int, int, str]] = []
    for at, number in enumerate(sorted(groups)):
        row, column = divmod(at, across)
        middle = (column + 0.5) * cell, (row + 0.5) * cell
        members = groups[number]
        radius = 0 if len(members) == 1 else cell / 2 - 24
        beside = 20 if radius == 0 else 0
        marks.append((round(middle[0]) + beside, round(middle[1]), str(number) if number else "–"))
        for place, record in enumerate(members):
            angle = 2 * pi * place / len(members) - pi / 2
            spots[record] = round(middle[0] + radius * cos(angle)), round(middle[1] + radius * sin(angle))
    return spots, tuple(marks)
