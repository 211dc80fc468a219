"""Write what an evaluation found into files: faults with their waterfalls, pictures."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.engine.evaluate import Fault
from apps.pipeline.evaluating.subject import Subject

COLUMNS = (
    "kind", "cause", "left_source", "left_key", "right_source", "right_key", "score_bits", "prior_bits", "waterfall",
)  # fmt: skip
LEAST_SHOWN = 50
"""Millibits that don't round to nothing."""
SUFFIXES = (".csv", ".json")


def write_faults(path: Path, subject: Subject, faults: Sequence[Fault]) -> None:
    """Write the faults as JSON, or as CSV with the waterfall in one cell, as the file's name ends.

    Raises OSError where the file can't be written.
    """
    documents = [subject.fault_document(fault) for fault in faults]
    if path.suffix == ".json":
        path.write_text(json.dumps(documents, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_row(document) for document in documents)


def waterfall(document: dict[str, Any]) -> list[str]:
    """Return the evidence of a fault that weighs enough to be seen in its bits, heaviest first."""
    pieces = [piece for piece in document["evidence"] if abs(piece["millibits"]) >= LEAST_SHOWN]
    pieces.sort(key=lambda piece: -abs(piece["millibits"]))
    return [f"{in_bits(piece['millibits'])} {piece['sentence']}" for piece in pieces]


def in_bits(millibits: int) -> str:
    """Return millibits as signed bits with one decimal."""
    return f"{millibits / 1000:+.1f}"


def _row(document: dict[str, Any]) -> list[str]:
    left, right = document["left"], document["right"]
    return [
        document["kind"],
        document["cause"],
        left["source"],
        left["source_key"],
        right["source"],
        right["source_key"],
        in_bits(document["score"]),
        in_bits(document["prior"]),
        "; ".join(waterfall(document)),
    ]
