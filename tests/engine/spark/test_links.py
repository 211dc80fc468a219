"""Spark's links are the local run's, row for row."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from apps.engine import bulk
from apps.engine.block import cap_of
from apps.engine.bulk.frames import LINKS_SCHEMA
from apps.engine.rules import load_company_rules
from apps.engine.statistics import Statistics
from benchmarks.generator.making import make
from benchmarks.generator.profiles import SOURCES
from benchmarks.given import given_from_exports
from tests.engine.frames import given_frame, read_sample

pytest.importorskip("pyspark", reason="PySpark, an optional extra, isn't installed: `make spark` does")
from apps.engine.spark import standardising
from apps.engine.spark.blocking import candidates
from apps.engine.spark.linking import find_links
from apps.engine.spark.profiling import profile
from apps.engine.spark.standardising import standardise

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# PySpark leaves a socket to the garbage collector now and then.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
RULES = load_company_rules()
BY_RECORDS = [("left", "ascending"), ("right", "ascending")]


def sorted_links(links: "DataFrame") -> pa.Table:
    return links.toArrow().cast(LINKS_SCHEMA).sort_by(BY_RECORDS)


def local_pairs(standard: pa.Table, statistics: Statistics) -> set[tuple[int, int]]:
    ids = standard["record"].to_numpy()
    left, right = bulk.candidates(standard, RULES, statistics)
    ends = np.minimum(ids[left], ids[right]), np.maximum(ids[left], ids[right])
    return set(zip(*(side.tolist() for side in ends), strict=True))


def spark_pairs(standard: "DataFrame", statistics: Statistics) -> set[tuple[int, int]]:
    pairs = candidates(standard, RULES, statistics, standard.count()).toArrow()
    found = list(zip(pairs["left"].to_pylist(), pairs["right"].to_pylist(), strict=True))
    assert len(set(found)) == len(found)
    return set(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["A", "B"])
def test_a_generated_profile_gives_the_local_links(name: str, session: "SparkSession", tmp_path: Path) -> None:
    make(name, records=2000, seed=11, out=tmp_path, workers=1)
    given = given_from_exports(tmp_path, SOURCES, RULES)
    local = bulk.resolve_all(given, RULES, workers=1)
    stages: dict[str, int] = {}
    found = find_links(session.createDataFrame(given).repartition(3), RULES, progress=stages.__setitem__)
    links = sorted_links(found.links)
    assert links.num_rows > 2000
    assert links.equals(local.links)
    assert found.statistics == local.statistics
    assert found.statistics.hot_keys
    assert list(stages) == ["standardise", "profile", "block", "score"]
    assert (stages["standardise"], stages["score"]) == (2000, links.num_rows)
    assert stages["block"] == local.counters["candidates"]
    found.release()


def test_a_record_standardises_alike(session: "SparkSession") -> None:
    given = given_frame(read_sample())
    local = bulk.standardise(given, RULES).to_pylist()
    rows = standardise(session.createDataFrame(given), RULES).toArrow().sort_by("record").to_pylist()
    parts = [part for part in RULES.parts_used() if part in local[0]]
    assert len(rows) == len(local) > 100
    for ours, theirs in zip(local, rows, strict=True):
        assert {part.replace(".", ":"): ours[part] for part in parts}.items() <= theirs.items()
        assert (ours["record"], ours["keys"]) == (theirs["record"], theirs["keys"])


def test_few_attributes_and_one_line_addresses_give_the_local_links(session: "SparkSession") -> None:
    rows = [
        {
            "name": f"{word} {kind}",
            "street": f"{n} Harbour Street, Bristol BS1 {n}DF, UK",
        }
        for n, word in enumerate(["Orchard", "Brennecke", "Traeger", "Yeti", "Lindt"], start=1)
        for kind in ("Ltd", "Limited", "Holdings")
    ]
    given = given_frame(rows)
    local = bulk.resolve_all(given, RULES, workers=1)
    found = find_links(session.createDataFrame(given), RULES)
    assert local.links.num_rows >= 15
    assert sorted_links(found.links).equals(local.links)
    assert found.statistics == local.statistics


def test_a_key_above_its_cap_makes_no_pairs_until_the_statistics_or_the_cap_allow(session: "SparkSession") -> None:
    crowd = [{"name": "Traeger Inc", "city": "Salt Lake City", "postcode": f"84{n:03}"} for n in range(90)]
    given = given_frame([*crowd, *read_sample()])
    local = bulk.standardise(given, RULES)
    standard = standardise(session.createDataFrame(given), RULES).persist()
    counted = bulk.profile(local, RULES)
    assert profile(standard, RULES) == counted
    assert counted.hot_keys
    assert all(held > cap_of(key, RULES) for key, held in counted.hot_keys.items())
    unaware = Statistics(local.num_rows, RULES.digest)
    assert spark_pairs(standard, unaware) == local_pairs(local, unaware) == local_pairs(local, counted)
    some = local["keys"].combine_chunks().flatten().to_pylist()[::7]
    stricter = Statistics(local.num_rows, RULES.digest, {}, dict.fromkeys(some, 1000))
    pairs = spark_pairs(standard, stricter)
    assert pairs == local_pairs(local, stricter)
    assert 0 < len(pairs) < len(spark_pairs(standard, unaware))
    standard.unpersist()


def test_a_budget_falls_on_the_keys_that_it_falls_on_locally(session: "SparkSession") -> None:
    rules = replace(RULES, caps=replace(RULES.caps, pairs=2))
    given = given_frame(read_sample())
    counted = bulk.profile(bulk.standardise(given, rules), rules)
    assert any(held <= cap_of(key, rules) for key, held in counted.hot_keys.items())
    assert profile(standardise(session.createDataFrame(given).repartition(3), rules), rules) == counted


def test_frozen_statistics_are_scored_by(session: "SparkSession") -> None:
    given = given_frame(read_sample())
    frozen = bulk.profile(bulk.standardise(given.slice(0, 60), RULES), RULES)
    local = bulk.resolve_all(given, RULES, statistics=frozen)
    found = find_links(session.createDataFrame(given), RULES, statistics=frozen)
    assert sorted_links(found.links).equals(local.links)
    assert not local.links.equals(bulk.resolve_all(given, RULES).links)


def test_no_records_give_no_links(session: "SparkSession") -> None:
    empty = session.createDataFrame(given_frame(read_sample())).limit(0)
    found = find_links(empty, RULES)
    assert found.links.count() == 0
    assert found.statistics == Statistics(0, RULES.digest)


def test_a_frame_without_record_ids_is_refused(session: "SparkSession") -> None:
    given = session.createDataFrame(given_frame(read_sample()).drop_columns(["record"]))
    with pytest.raises(ValueError, match="no column 'record'"):
        find_links(given, RULES)


def test_a_worker_that_would_standardise_otherwise_is_refused(
    session: "SparkSession", monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyspark.errors import PythonException

    monkeypatch.setattr(standardising, "digest", lambda: "the driver's own")
    standard = standardise(session.createDataFrame(given_frame(read_sample())), RULES)
    with pytest.raises(PythonException, match="another version of the hub"):
        standard.count()
