"""Held on small outputs; the rates themselves are published in benchmarks/README.md and held there."""

import csv
import os
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from apps.engine.evaluate import evaluate
from apps.sources.intake import load_mapping, open_file
from benchmarks.baseline import exact_name_baseline, read_labels, without_form
from benchmarks.generator.companies import Inventor
from benchmarks.generator.layouts import LAYOUTS, cut_at_words
from benchmarks.generator.making import make
from benchmarks.generator.profiles import PROFILES, SOURCES, rates_table
from benchmarks.generator.script import expand_accents, to_bulgarian, to_latin
from benchmarks.generator.seeds import SEED_FOLDER, load_seeds

BENCHMARKS = SEED_FOLDER.parent
RECORDS = 4000
HARDEST_BASELINE = 0.88
MOST_SEED_BYTES = 2_000_000


@pytest.fixture(scope="module", params=sorted(PROFILES))
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A profile's name and a folder with its files."""
    folder = tmp_path_factory.mktemp(f"profile-{request.param}")
    make(request.param, records=RECORDS, seed=7, out=folder, workers=1)
    return request.param, folder


def rows_of(profile: str, folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Every record by source and key."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for source, layout in LAYOUTS[profile].items():
        with (folder / f"{source}.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter=layout.delimiter):
                rows[source, row[layout.key_column]] = row
    return rows


def test_every_record_has_its_truth_and_every_key_is_used_once(made: tuple[str, Path]) -> None:
    profile, folder = made
    truth = read_labels(folder / "truth.csv", "entity_id")
    rows = rows_of(profile, folder)
    assert len(rows) == RECORDS
    assert rows.keys() == truth.keys()


def test_entities_have_two_to_three_records_and_some_stand_alone(made: tuple[str, Path]) -> None:
    _, folder = made
    sizes = Counter(read_labels(folder / "truth.csv", "entity_id").values())
    assert 2.3 <= RECORDS / len(sizes) <= 2.7
    assert 0.25 <= sum(size == 1 for size in sizes.values()) / len(sizes) <= 0.45


def test_equal_names_without_legal_form_are_not_enough(made: tuple[str, Path]) -> None:
    profile, folder = made
    truth = read_labels(folder / "truth.csv", "entity_id")
    baseline = evaluate(truth, exact_name_baseline(folder, LAYOUTS[profile]))
    assert 0.70 <= baseline.b3_f1 <= HARDEST_BASELINE


def test_the_mapping_beside_each_export_reads_every_row(made: tuple[str, Path]) -> None:
    _, folder = made
    read = 0
    for source in SOURCES:
        reader = open_file(folder / f"{source}.csv", load_mapping(str(folder / f"{source}.toml")))
        for frame in reader.batches():
            assert frame.faults == []
            assert frame.rows.column("name").null_count == 0
            read += frame.rows.num_rows
    assert read == RECORDS


def test_order_and_keys_do_not_tell_who_belongs_together(made: tuple[str, Path]) -> None:
    _, folder = made
    truth = read_labels(folder / "truth.csv", "entity_id")
    entities = [entity for key, entity in truth.items() if isinstance(key, tuple) and key[0] == "crm"]
    repeated = sum(before == after for before, after in pairwise(entities))
    assert repeated < len(entities) / 100


def test_the_files_depend_on_the_seed_alone(tmp_path: Path) -> None:
    # Another hash seed orders sets otherwise; more workers make chunks side by side.
    for name, hash_seed, workers in (("one", "1", "1"), ("two", "2", "2")):
        subprocess.run(
            [
                *(sys.executable, "-m", "benchmarks.generator", "--profile", "B", "--records", "30000"),
                *("--seed", "3", "--workers", workers, "--out", str(tmp_path / name)),
            ],
            check=True,
            cwd=BENCHMARKS.parent,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_another_seed_makes_other_companies(tmp_path: Path) -> None:
    make("A", records=200, seed=1, out=tmp_path / "one", workers=1)
    make("A", records=200, seed=2, out=tmp_path / "two", workers=1)
    assert (tmp_path / "one" / "crm.csv").read_bytes() != (tmp_path / "two" / "crm.csv").read_bytes()


@pytest.mark.parametrize("records", [1, 19, 45_001])
def test_as_many_records_are_made_as_were_asked_for(records: int, tmp_path: Path) -> None:
    assert sum(make("A", records=records, seed=1, out=tmp_path, workers=2).records.values()) == records


def test_nonsense_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        make("A", records=0, seed=1, out=tmp_path)
    with pytest.raises(ValueError, match="no profile 'C'"):
        make("C", records=10, seed=1, out=tmp_path)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_sisters_share_contacts_but_no_register_number(profile: str) -> None:
    inventor = Inventor(PROFILES[profile], load_seeds(), seed=1, chunk=0, chunks=1)
    families = [family for family, _ in zip(inventor.families(), range(3000), strict=False)]
    sisters = [(family[0], sister) for family in families for sister in family[1:]]
    rates = PROFILES[profile].entities
    same_address = sum(parent.address == sister.address for parent, sister in sisters) / len(sisters)
    same_domain = sum(parent.domain == sister.domain for parent, sister in sisters) / len(sisters)
    assert abs(same_address - rates.sister_same_address) < 0.06
    assert abs(same_domain - rates.sister_same_domain) < 0.06
    for parent, sister in sisters:
        assert sister.words() != parent.words()
        assert "register_no" not in parent.numbers or parent.numbers["register_no"] != sister.numbers["register_no"]


def test_agents_addresses_are_shared_across_chunks() -> None:
    addresses: dict[str, set[int]] = defaultdict(set)
    for chunk in range(2):
        inventor = Inventor(PROFILES["B"], load_seeds(), seed=1, chunk=chunk, chunks=2)
        for family, _ in zip(inventor.families(), range(3000), strict=False):
            if family[0].address.unit.startswith("c/o"):
                addresses[family[0].address.street].add(chunk)
    assert any(len(chunks) == 2 for chunks in addresses.values())


def test_the_profiles_differ_in_every_respect_that_counts() -> None:
    a, b = PROFILES["A"], PROFILES["B"]
    assert a.countries.keys() != b.countries.keys()
    assert all(a.presence[source].keys() != b.presence[source].keys() for source in SOURCES)
    differing = sum(a.rates()[name][0] != b.rates()[name][0] for name in a.rates())
    assert differing > 0.8 * len(a.rates())
    columns = [{c for layout in LAYOUTS[p].values() for c in layout.header()} for p in "AB"]
    assert len(columns[0] & columns[1]) <= 2


def test_the_readme_publishes_every_rate() -> None:
    assert rates_table() in (BENCHMARKS / "README.md").read_text(encoding="utf-8")


def test_the_committed_seed_is_small() -> None:
    assert sum(path.stat().st_size for path in SEED_FOLDER.iterdir()) < MOST_SEED_BYTES


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Müller Technik GmbH & Co. KG", "muller technik"),
        ("ACME, INC.", "acme"),
        ("Foo Bar Limited Liability Company", "foo bar"),
        ("Limited", "limited"),
        ("Smith & Sons P.L.C.", "smith sons"),
    ],
)
def test_the_baseline_takes_the_legal_form_off(name: str, expected: str) -> None:
    assert without_form(name) == expected


def test_a_long_name_is_cut_between_words() -> None:
    name = "Israel Acquisitions Finance Limited Partnership"
    assert cut_at_words(name, 2) == ["Israel Acquisitions Finance Limited", "Partnership"]
    assert cut_at_words("A" * 40, 2) == ["A" * 35, "A" * 5]
    assert cut_at_words("Short", 2) == ["Short", ""]


def test_scripts_and_accents_are_taken_away_and_back() -> None:
    assert to_bulgarian("Plovdiv") == "Пловдив"
    assert to_latin("Цариградско шосе") == "Tsarigradsko shose"
    assert expand_accents("Größe Ærø") == "Groesse Aeroe"
