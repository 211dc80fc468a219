"""Lanes of a customer's source records over time, as geometry: each joins the customer's line and may leave it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from apps.golden import selectors as golden

MOST_LANES: Final = 12
WIDTH: Final = 720
TRUNK: Final = 16
_LANE, _LEFT, _RIGHT, _SLOPE = 24, 168, 16, 14


@dataclass(frozen=True, slots=True)
class Lane:
    """One record: its name, the height of its line, and the paths outside the customer and into and out of it."""

    name: str
    y: int
    path: str


@dataclass(frozen=True, slots=True)
class Lanes:
    """The picture: the customer's line on top, a lane for each record below; `hidden` lanes are left out."""

    width: int
    height: int
    start: int
    end: int
    trunk: int
    lanes: tuple[Lane, ...]
    hidden: int


def build_lanes(rows: Sequence[golden.HistoryRow]) -> Lanes | None:
    """Return the lanes of a history's records, None where none came or went. Moments stand at equal distances."""
    moves = [row for row in reversed(rows) if row.kind in ("joined", "left")]
    if not moves:
        return None
    moments = sorted({row.at.replace(microsecond=0) for row in moves})
    step = (WIDTH - _LEFT - _RIGHT - 2 * _SLOPE) / len(moments)
    place = {at: round(_LEFT + 2 * _SLOPE + step * n) for n, at in enumerate(moments)}
    names = list(dict.fromkeys(f"{row.source_code} {row.source_key}" for row in moves))
    lanes = []
    for n, name in enumerate(names[:MOST_LANES]):
        own = [row for row in moves if f"{row.source_code} {row.source_key}" == name]
        y = TRUNK + _LANE * (n + 1)
        lanes.append(Lane(name, y, _path([(row.kind, place[row.at.replace(microsecond=0)]) for row in own], y)))
    return Lanes(
        width=WIDTH,
        height=TRUNK + _LANE * (len(lanes) + 1) - 8,
        start=min(place.values()) if moves[0].kind == "joined" else _LEFT,
        end=WIDTH - _RIGHT,
        trunk=TRUNK,
        lanes=tuple(lanes),
        hidden=max(len(names) - MOST_LANES, 0),
    )


def _path(moves: Sequence[tuple[str, int]], y: int) -> str:
    """Return the way of a record: on its own line up to the customer's where it joins, and back where it leaves."""
    path = f"M{_LEFT} {y if moves[0][0] == 'joined' else TRUNK}"
    for kind, x in moves:
        if kind == "joined":
            path += f"H{x - _SLOPE}L{x} {TRUNK}"
        else:
            path += f"M{x} {TRUNK}L{x + _SLOPE} {y}"
    return f"{path}H{WIDTH - _RIGHT}" if moves[-1][0] == "left" else path
