import csv
import shutil
from pathlib import Path

import pytest

from apps.sources.intake import load_mapping, open_file
from samples.make_company_codes import read_customers, write_extensions
from samples.make_day2 import make_day2

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SOURCES = ("erp", "billing", "crm")
MOST_BYTES = 1_000_000
MOST_VANISHED = 0.20


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def keys(folder: Path, source: str) -> set[str]:
    """The source keys of an export."""
    return {next(iter(row.values())) for row in read(folder / f"{source}.csv")}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples without what the scripts make of them, made again."""
    folder = tmp_path_factory.mktemp("samples")
    for name in ("us_listed", "next_year"):
        shutil.copytree(SAMPLES / name, folder / name)
    make_day2(folder, seed=2)
    write_extensions(folder / "erp_company_codes.csv", read_customers([folder / "us_listed" / "erp.csv"]))
    return folder


def test_the_scripts_make_what_is_committed(copy: Path) -> None:
    made = [path.relative_to(copy) for path in copy.rglob("*") if path.is_file()]
    assert len(made) > 12
    for path in made:
        assert (copy / path).read_bytes() == (SAMPLES / path).read_bytes(), path


@pytest.mark.parametrize("folder", ["us_listed", "day2"])
def test_every_row_is_read_through_its_mapping(folder: str) -> None:
    for source in SOURCES:
        path = SAMPLES / folder / f"{source}.csv"
        frames = list(open_file(path, load_mapping(str(path.with_suffix(".toml")))).batches())
        assert sum(frame.rows.num_rows for frame in frames) == len(read(path))
        assert [fault for frame in frames for fault in frame.faults] == []


def test_the_truth_covers_the_first_day_exactly() -> None:
    truth = {(row["source"], row["source_key"]) for row in read(SAMPLES / "us_listed" / "truth.csv")}
    assert truth == {(source, key) for source in SOURCES for key in keys(SAMPLES / "us_listed", source)}


def test_the_second_day_changes_adds_and_removes_in_bounds() -> None:
    changes = read(SAMPLES / "day2" / "changes.csv")
    before, after = keys(SAMPLES / "us_listed", "erp"), keys(SAMPLES / "day2", "erp")
    removed = {row["source_key"] for row in changes if row["change"] == "removed"}
    added = {row["source_key"] for row in changes if row["source"] == "erp" and row["change"] == "added"}
    assert before - after == removed
    assert after - before == added
    assert 0 < len(removed) < MOST_VANISHED * len(before)
    assert sum(row["change"] == "changed at the SEC" for row in changes) > 100


def test_a_delta_holds_what_changed_and_nothing_else() -> None:
    changes = read(SAMPLES / "day2" / "changes.csv")
    for source in ("billing", "crm"):
        changed = {row["source_key"] for row in changes if row["source"] == source}
        assert keys(SAMPLES / "day2", source) == changed


def test_company_codes_belong_to_erp_customers_and_each_pair_comes_once() -> None:
    rows = read(SAMPLES / "erp_company_codes.csv")
    pairs = [(row["customer_key"], row["company_code"]) for row in rows]
    assert len(pairs) == len(set(pairs))
    assert {customer for customer, _ in pairs} == keys(SAMPLES / "us_listed", "erp")
    assert len(pairs) > 1.1 * len({customer for customer, _ in pairs})


def test_the_demo_files_are_small() -> None:
    assert sum(path.stat().st_size for path in (SAMPLES / "us_listed").iterdir()) < MOST_BYTES
