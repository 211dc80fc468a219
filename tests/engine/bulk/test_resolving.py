import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from apps.engine import bulk
from apps.engine.bulk.scoring import Scorer
from apps.engine.evaluate import evaluate
from apps.engine.rules import RuleSet, load_company_rules
from tests.engine.frames import TRUTH, given_frame, read_sample

RULES = load_company_rules()
Row = Mapping[str, str | None]


def groups_of(given: pa.Table, clusters: pa.Table) -> set[frozenset[str]]:
    members: dict[int, set[str]] = {}
    for key, cluster in zip(given["source_key"].to_pylist(), clusters["cluster"].to_pylist(), strict=True):
        members.setdefault(cluster, set()).add(key)
    return {frozenset(keys) for keys in members.values()}


def row(key: str, name: str, **values: str) -> Row:
    return {"source": "crm", "source_key": key, "name": name, **values}


TRAEGER = [
    row("a", "Traeger Inc.", street="1215 E Wilmington Ave", city="Salt Lake City", region="UT", postcode="84106"),
    row("b", "TRAEGER, INC.", street="1215 Wilmington Avenue E", city="Salt Lake City", region="UT", postcode="84106"),
    row("c", "Yeti Holdings, Inc.", street="7601 Southwest Pkwy", city="Austin", region="TX", postcode="78735"),
]


def test_spellings_of_one_company_become_one_cluster() -> None:
    given = given_frame(TRAEGER)
    assert groups_of(given, bulk.resolve_all(given, RULES).clusters) == {frozenset("ab"), frozenset("c")}


def test_the_sample_of_listed_companies_is_resolved_well() -> None:
    rows = read_sample()
    resolution = bulk.resolve_all(given_frame(rows), RULES)
    truth = {index: entry[TRUTH] for index, entry in enumerate(rows)}
    measures = evaluate(truth, dict(enumerate(resolution.clusters["cluster"].to_pylist())))
    assert measures.b3_f1 >= 0.93
    assert measures.pair_precision >= 0.9


@pytest.mark.parametrize("seed", range(4))
def test_the_partition_does_not_depend_on_the_order_of_the_records(seed: int) -> None:
    rows = read_sample()
    expected = groups_of(given_frame(rows), bulk.resolve_all(given_frame(rows), RULES).clusters)
    shuffled = random.Random(seed).sample(rows, len(rows))
    given = given_frame(shuffled)
    assert groups_of(given, bulk.resolve_all(given, RULES).clusters) == expected


def test_a_cluster_is_named_by_its_smallest_record() -> None:
    resolution = bulk.resolve_all(given_frame(TRAEGER), RULES)
    assert resolution.clusters.to_pylist() == [
        {"record": 1, "cluster": 1},
        {"record": 2, "cluster": 1},
        {"record": 3, "cluster": 3},
    ]


def test_a_persons_different_splits_and_is_not_asked_about_again() -> None:
    given = given_frame(TRAEGER)
    resolution = bulk.resolve_all(given, RULES, different=[(2, 1)])
    assert groups_of(given, resolution.clusters) == {frozenset("a"), frozenset("b"), frozenset("c")}
    assert resolution.proposals.num_rows == 0


def test_a_persons_same_joins_what_shares_nothing() -> None:
    given = given_frame(TRAEGER)
    resolution = bulk.resolve_all(given, RULES, same=[(1, 3)])
    assert groups_of(given, resolution.clusters) == {frozenset("abc")}


def test_verdicts_on_records_outside_the_frame_do_not_matter() -> None:
    given = given_frame(TRAEGER)
    resolution = bulk.resolve_all(given, RULES, same=[(1, 99)], different=[(98, 97)])
    assert groups_of(given, resolution.clusters) == {frozenset("ab"), frozenset("c")}


LEIS = ("5493001KJTIIGC8Y1R12", "HWUPKR0MPOU8FGXBT394")


def test_two_valid_leis_bar_a_common_cluster_and_ask_a_person() -> None:
    rows = [{**TRAEGER[0], "lei": LEIS[0]}, {**TRAEGER[1], "lei": LEIS[1]}]
    given = given_frame(rows)
    document = RULES.to_document()
    for comparison in document["comparisons"]:
        if comparison["name"] == "lei":
            comparison["levels"] = [[label, 0] for label, _ in comparison["levels"]]
    resolution = bulk.resolve_all(given, RuleSet.from_document(document))
    assert groups_of(given, resolution.clusters) == {frozenset("a"), frozenset("b")}
    assert resolution.proposals["reason"].to_pylist() == ["barred"]


def test_a_persons_same_outranks_two_valid_leis() -> None:
    given = given_frame([{**TRAEGER[0], "lei": LEIS[0]}, {**TRAEGER[1], "lei": LEIS[1]}])
    assert groups_of(given, bulk.resolve_all(given, RULES, same=[(1, 2)]).clusters) == {frozenset("ab")}


def test_no_cluster_outgrows_the_cap_without_a_person() -> None:
    rows: list[Row] = [row(f"{n:03}", "Traeger Inc.", city="Salt Lake City", postcode="84106") for n in range(12)]
    rows += read_sample()
    document = RULES.to_document()
    document["caps"] = {"component": 5, "cluster": 4}
    resolution = bulk.resolve_all(given_frame(rows), RuleSet.from_document(document))
    sizes = np.unique(resolution.clusters["cluster"].to_numpy(), return_counts=True)[1]
    assert sizes.max() <= 4
    assert "cap" in resolution.proposals["reason"].to_pylist()


def test_records_without_anything_stay_alone() -> None:
    rows = [row("a", ""), row("b", "n/a"), row("c", "-", phone="000000")]
    assert len(groups_of(given_frame(rows), bulk.resolve_all(given_frame(rows), RULES).clusters)) == 3


def test_an_empty_frame_resolves_to_nothing() -> None:
    given = given_frame(TRAEGER).slice(0, 0)
    resolution = bulk.resolve_all(given, RULES)
    assert resolution.clusters.num_rows == resolution.links.num_rows == resolution.proposals.num_rows == 0


def test_progress_names_every_stage() -> None:
    stages: list[str] = []
    resolution = bulk.resolve_all(given_frame(TRAEGER), RULES, progress=lambda stage, *_: stages.append(stage))
    assert (
        list(dict.fromkeys(stages))
        == list(resolution.seconds)
        == ["standardise", "profile", "block", "score", "cluster"]
    )


def test_a_later_run_on_part_of_the_records_agrees_with_the_whole() -> None:
    whole = bulk.resolve_all(given_frame(TRAEGER), RULES)
    part = whole.standard.slice(0, 2)
    clustering = bulk.cluster(part, whole.links, RULES, whole.statistics)
    assert clustering.clusters["cluster"].to_pylist() == [1, 1]


def test_numbers_of_unknown_registers_keep_nothing_apart() -> None:
    given = given_frame([{**TRAEGER[0], "register_no": "9274601"}, {**TRAEGER[1], "register_no": "09274601"}])
    assert groups_of(given, bulk.resolve_all(given, RULES).clusters) == {frozenset("ab")}


def contents(resolution: bulk.Resolution) -> list[pa.Table]:
    found = resolution.clustering
    return [resolution.links.combine_chunks(), found.clusters, found.proposals, found.weak.combine_chunks()]


@pytest.mark.parametrize("most", [1, 50])
def test_a_frame_resolved_in_small_pieces_on_disk_gives_what_it_gives_at_once(tmp_path: Path, most: int) -> None:
    standard = bulk.standardise(given_frame(read_sample()), RULES)
    whole = bulk.resolve_standard(standard, RULES)
    pieces = bulk.resolve_standard(standard, RULES, scratch=tmp_path / "scratch", most_pairs=most)
    assert contents(pieces) == contents(whole)
    assert pieces.counters == whole.counters
    left, right = bulk.candidates(standard, RULES, whole.statistics)
    assert whole.links.equals(bulk.score(standard, left, right, RULES, whole.statistics))
    assert list((tmp_path / "scratch").iterdir()) == []


def test_links_come_by_record_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    standard = bulk.standardise(given_frame(read_sample()), RULES)
    shuffled = standard.take(np.random.default_rng(3).permutation(standard.num_rows))
    found = bulk.resolve_standard(shuffled, RULES, scratch=tmp_path, most_pairs=20)
    assert found.links.combine_chunks() == bulk.resolve_standard(standard, RULES).links.combine_chunks()


def test_an_error_leaves_no_scratch_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    standard = bulk.standardise(given_frame(read_sample()), RULES)
    links, calls = Scorer.links, []

    def fail_at_second(*arguments: Any) -> pa.Table:
        calls.append(arguments)
        if len(calls) == 2:
            raise MemoryError
        return links(*arguments)

    monkeypatch.setattr(Scorer, "links", fail_at_second)
    with pytest.raises(MemoryError):
        bulk.resolve_standard(standard, RULES, scratch=tmp_path, most_pairs=20)
    assert list(tmp_path.iterdir()) == []
