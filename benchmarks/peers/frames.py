"""The standard frames that all contenders read, made once per profile, size and seed."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from apps.engine.bulk import standardise
from apps.engine.rules import load_company_rules
from benchmarks.baseline import Labels, read_labels
from benchmarks.generator.making import make
from benchmarks.generator.profiles import SOURCES
from benchmarks.given import given_from_exports
from benchmarks.peers.outcome import WORKERS

Truth = dict[int, object]  # record id to entity


def standard_frame(profile: str, *, records: int, seed: int, scratch: Path) -> tuple[Path, Truth]:
    """Make accounts, standardise them; return the frame's file, blind, and the truth."""
    folder = scratch / f"{profile}-{records}-{seed}"
    make(profile, records=records, seed=seed, out=folder)
    rules = load_company_rules()
    standard = standardise(given_from_exports(folder, SOURCES, rules), rules, workers=WORKERS)
    pq.write_table(standard, folder / "standard.parquet")
    return folder / "standard.parquet", truth_of(standard, read_labels(folder / "truth.csv", "entity_id"))


def labelled_frame(*, records: int, seed: int, scratch: Path) -> Path:
    """Return the file of a standard frame of profile A with its truth as column `entity`."""
    path, truth = standard_frame("A", records=records, seed=seed, scratch=scratch)
    standard = pq.read_table(path)
    entities = [truth[record] for record in standard.column("record").to_pylist()]
    labelled = path.with_name("labelled.parquet")
    pq.write_table(standard.append_column("entity", pa.array(entities)), labelled)
    return labelled


def truth_of(standard: pa.Table, labels: Labels) -> Truth:
    """Return each record's entity by record id."""
    columns = (standard.column(name).to_pylist() for name in ("record", "source", "source_key"))
    return {record: labels[source, key] for record, source, key in zip(*columns, strict=True)}
