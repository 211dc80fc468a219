import json
import struct
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import run
from benchmarks.peers import measure, record_linkage
from benchmarks.peers.outcome import Outcome
from benchmarks.peers.splink_features import prepare

needs_extra = pytest.mark.skipif(
    not (find_spec("splink") and find_spec("matplotlib")), reason="needs the extra `bench`: make bench installs it"
)
TRUTH: dict[int, object] = {1: "a", 2: "a", 3: "b", 4: "b", 5: "b"}


def outcome(clusters: list[int], pairs: list[tuple[int, int, float]]) -> Outcome:
    left, right, bits = zip(*pairs, strict=True)
    return Outcome(
        pa.table({"record": list(TRUTH), "cluster": clusters}),
        pa.table({"left": left, "right": right, "bits": bits}),
        {"train": 1.5, "predict": 2.0, "cluster": 0.25},
    )


def test_a_curve_counts_true_and_false_pairs_by_bits() -> None:
    pairs = [(1, 2, -6.0), (1, 3, -5.6), (3, 4, 0.0), (3, 5, 0.49), (2, 5, 0.5), (4, 5, 1000.0)]
    curve = measure.curve_of(outcome([1, 1, 2, 2, 2], pairs), TRUTH)
    assert curve["true_pairs"] == 4
    assert {i: count for i, count in enumerate(curve["true"]) if count} == {0: 1, 12: 2, 131: 1}
    assert {i: count for i, count in enumerate(curve["false"]) if count} == {0: 1, 13: 1}


def test_training_is_counted_apart_from_resolving() -> None:
    found = measure.summarise(outcome([1, 1, 3, 3, 5], [(1, 2, 3.0)]), TRUTH)
    assert (found["train_seconds"], found["resolve_seconds"]) == (1.5, 2.25)
    assert (found["pair_precision"], found["pair_recall"], found["entities_exact"]) == (1.0, 0.5, 0.5)


def test_the_hubs_error_is_held_against_the_same_frames_only() -> None:
    frames = [("mdmhub", 7, 0.95), ("splink 5.0.0", 7, 0.90), ("mdmhub", 8, 0.96), ("splink 5.0.0", 8, 0.92)]
    results = [{"contender": c, "profile": "B", "records": 9, "seed": s, "b3_f1": f} for c, s, f in frames]
    assert [measure.error_ratio(r, results, "b3_f1") for r in results] == ["–", "0.50", "–", "0.50"]


def test_components_join_chains_of_links_whatever_the_order_of_records() -> None:
    records, left, right = ([40, 10, 30, 20], [10, 30], [20, 10])
    arrays = (pa.array(ids, pa.int64()).to_numpy() for ids in (records, left, right))
    clusters = record_linkage.components(*arrays)
    found = dict(zip(*(clusters.column(name).to_pylist() for name in ("record", "cluster")), strict=True))
    assert found[10] == found[20] == found[30] != found[40]


def test_splinks_columns_count_who_shares_a_value(tmp_path: Path) -> None:
    standard = pa.table(
        {
            "record": [1, 2, 3, 4],
            "name.words": ["acme steel", "acme steel", "borealis", None],
            "phone.e164": ["+49301", "+49301", "+49301", None],
            "website.domain": ["acme.de", None, None, None],
            "email.domain": ["acme.com", "acme.com", None, None],
            "street.number": ["1", None, "2", None],
            "street.name": ["main st", "main st", "side st", None],
        }
    )
    pq.write_table(standard, tmp_path / "standard.parquet")
    connection = duckdb.connect()
    prepare(connection, tmp_path / "standard.parquet")
    rows = connection.execute(
        "SELECT name_words_count, phone_e164_count, domains, domain, street_line, lei_number FROM prepared "
        "ORDER BY unique_id"
    ).fetchall()
    assert rows == [
        (2, 2, ["acme.com", "acme.de"], "acme.de", "1 main st", None),
        (2, 2, ["acme.com"], "acme.com", None, None),
        (1, 2, None, None, "2 side st", None),
        (None, None, None, None, None, None),
    ]


def test_a_contender_that_fails_is_named_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"mdmhub ended with 1: .*absent\.parquet"):
        measure.run_apart("mdmhub", tmp_path / "absent.parquet", tmp_path, tmp_path / "out")


@needs_extra
def test_levels_weigh_by_their_shares_of_true_and_false_pairs() -> None:
    from benchmarks.peers.splink_resolve import set_shares

    connection = duckdb.connect()
    connection.execute("CREATE TABLE pair (gamma_name INT, same BOOLEAN)").fetchall()
    connection.execute(
        "INSERT INTO pair VALUES (1, true), (1, true), (1, false), (0, false), (0, false), (-1, true)"
    ).fetchall()
    levels = [{"is_null_level": True}, {"label": "same"}, {"label": "else"}]
    comparison = {"output_column_name": "name", "comparison_levels": levels}
    set_shares(connection, comparison)
    assert levels[1] == {"label": "same", "m_probability": 2.5 / 3, "u_probability": 1.5 / 4}
    assert levels[2] == {"label": "else", "m_probability": 0.5 / 3, "u_probability": 2.5 / 4}


@needs_extra
@pytest.mark.slow
def test_all_contenders_resolve_one_frame_and_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "SCRATCH", tmp_path)
    monkeypatch.setattr(measure, "LABELLED_RECORDS", 1000)
    code = run.main(["peers", "--records", "600", "--seeds", "3"])
    printed = capsys.readouterr().out
    assert code == 0, printed
    results = json.loads((tmp_path / "peers.json").read_text())["results"]
    assert [r["contender"].split()[0] for r in results] == ["mdmhub", "splink", "recordlinkage"]
    for r in results:
        assert (r["records"], r["seed"], r["unlabelled"]) == (600, 3, 0)
        assert r["b3_f1"] > 0.8
        assert r["peak_mib"] > 50
        assert 0 < sum(r["curve"]["true"]) <= r["curve"]["true_pairs"]
    for name in ("scores", "precision_recall", "seconds"):
        picture = (tmp_path / f"peers_{name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG\r\n")
        assert min(struct.unpack(">II", picture[16:24])) > 400


def test_without_the_extra_the_section_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "find_spec", lambda _: None)
    assert run.run_peers(run.parse(["peers"])) == (
        [],
        ["peers: splink and matplotlib aren't installed; `make bench` installs the extra `bench`"],
    )
