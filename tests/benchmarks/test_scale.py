import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from apps.engine.evaluate import evaluate
from benchmarks import run
from benchmarks.baseline import Labels, read_labels
from benchmarks.scale import scale_table


@pytest.mark.slow
def test_the_scale_section_resolves_ever_larger_frames_and_says_what_each_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "SCRATCH", tmp_path)
    code = run.main(["scale", "--records", "900,300"])
    printed = capsys.readouterr().out
    assert code == 0, printed
    small, large = json.loads((tmp_path / "scale.json").read_text())["results"]
    assert (small["records"], large["records"]) == (300, 900)
    assert large["peak_mib"] > 0
    assert large["candidates"] > large["links"] > 0
    assert "| B, 900, 7 |" in printed
    folder = tmp_path / "scale" / "B-900-7"
    (frame,) = folder.glob("standard-*.parquet")
    columns = [pq.read_table(frame).column(name).to_pylist() for name in ("source", "source_key")]
    clusters = pq.read_table(folder / "out" / "clusters.parquet").column("cluster").to_pylist()
    found: Labels = dict(zip(zip(*columns, strict=True), clusters, strict=True))
    assert large["b3_f1"] == evaluate(read_labels(folder / "truth.csv", "entity_id"), found).b3_f1
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["clusters.parquet", "found.json"]


def test_factors_compare_with_the_size_before_of_the_same_frame() -> None:
    def result(records: int, seed: int, seconds: float) -> run.Result:
        stages = dict.fromkeys(("profile", "block", "score", "cluster"), seconds / 4)
        found = {"profile": "B", "records": records, "seed": seed, "seconds": stages, "b3_f1": 0.9}
        return found | {"peak_mib": 1, "candidates": records * 7, "links": records}

    lines = scale_table([result(100, 7, 2.0), result(1000, 7, 21.0), result(1000, 8, 20.0)]).splitlines()
    assert [line.split(" | ")[6:8] for line in lines[2:]] == [["–", "–"], ["10.50", "10"], ["–", "–"]]
