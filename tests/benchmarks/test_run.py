import json
import os
from pathlib import Path

import pytest

from benchmarks import run
from benchmarks.loading import load_command
from benchmarks.memory import PeakMemory, pss_bytes
from benchmarks.public_sets import PUBLIC_SETS


@pytest.mark.parametrize("words", [["speed"], ["--records", "0"], ["--profile", "C"], ["--data", "no-such-folder"]])
def test_nonsense_ends_with_exit_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run.main(words)
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_the_engine_section_prints_a_table_and_keeps_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "SCRATCH", tmp_path / "bench")
    code = run.main(["engine", "--records", "1500", "--profile", "A", "--data", str(tmp_path)])
    printed = capsys.readouterr().out
    assert code == 0, printed
    for public_set in PUBLIC_SETS:
        if public_set.folder is not None:
            assert f"{public_set.title}: no {public_set.folder}/records.csv" in printed
    assert "org_name_pairs: no org_name_pairs/name_pairs.csv" in printed
    assert "| profile A | 1,500 |" in printed
    assert "| febrl3 | 5,000 |" in printed
    result = json.loads((tmp_path / "bench" / "engine.json").read_text())["results"][0]
    assert result["b3_f1"] > result["baseline_b3_f1"]
    assert set(result["stages"]) == {"standardise", "profile", "block", "score", "cluster"}


def test_a_failing_part_is_named_and_the_others_still_count() -> None:
    def fails() -> list[run.Result]:
        raise OSError("no space left")

    results, failures = run.run_parts({"one": fails, "two": lambda: [{"set": "two"}]}, str)
    assert results == [{"set": "two"}]
    assert failures == ["one: OSError: no space left"]


def test_the_load_command_names_every_source_with_its_mapping(tmp_path: Path) -> None:
    words = load_command(tmp_path)
    for source in ("crm", "billing", "erp"):
        assert f"{source}={tmp_path / source}.csv" in words
        assert f"{source}={tmp_path / source}.toml" in words


def test_peak_memory_keeps_the_largest_sample() -> None:
    with PeakMemory(lambda: [os.getpid()], every_seconds=0.01) as memory:
        ballast = bytearray(os.urandom(1024)) * 60_000
        largest = memory.sample()
        assert largest > len(ballast)
        del ballast
    assert memory.peak_bytes >= largest
    assert memory.peak_bytes > pss_bytes(os.getpid()) > 0


def test_a_process_that_is_gone_holds_no_memory() -> None:
    assert pss_bytes(2**22 + 1) == 0
