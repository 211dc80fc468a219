"""python -m apps.engine.spark: what it writes, and the one line it ends with where it can't."""

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from apps.engine import bulk
from apps.engine.bulk.frames import LINKS_SCHEMA
from apps.engine.rules import load_company_rules
from apps.engine.spark.__main__ import main, write_links
from tests.engine.frames import given_frame, read_sample

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# PySpark leaves a socket to the garbage collector now and then.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
RULES = load_company_rules()


def test_links_are_written_in_order_and_named_by_stage(
    session: "SparkSession", tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = given_frame(read_sample())
    local = bulk.resolve_all(given, RULES)
    pq.write_table(given, tmp_path / "given.parquet")
    statistics = write_links(session, str(tmp_path / "given.parquet"), str(tmp_path / "links"), RULES)
    assert pq.read_table(tmp_path / "links").cast(LINKS_SCHEMA).equals(local.links)
    assert statistics.to_bytes() == local.statistics.to_bytes()
    said = [line.split() for line in capfd.readouterr().err.splitlines()]
    assert [words[0] for words in said] == ["standardise", "profile", "block", "score"]
    assert said[0][1] == str(given.num_rows)
    assert said[3][1] == str(local.links.num_rows)


def test_what_is_not_there_or_there_already_is_refused(session: "SparkSession", tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nowhere"):
        write_links(session, str(tmp_path / "nowhere.parquet"), str(tmp_path / "links"), RULES)
    (tmp_path / "links").mkdir()
    with pytest.raises(ValueError, match="there already"):
        write_links(session, str(tmp_path / "given.parquet"), str(tmp_path / "links"), RULES)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--rules", "nope"], "there is no rule set nope"),
        (["--statistics", "/nowhere/statistics"], "/nowhere/statistics"),
        (["--master", "local[2]"], "needs Java 17 or 21"),
    ],
)
def test_a_run_that_cannot_start_says_why_in_one_line(
    options: list[str], line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pyspark", reason="PySpark, an optional extra, isn't installed: `make spark` does")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    assert main(["given.parquet", "links", *options]) == 2
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1


def test_bytes_that_hold_no_statistics_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "statistics").write_bytes(b"nothing")
    assert main(["given.parquet", "links", "--statistics", str(tmp_path / "statistics")]) == 2
    assert "hold no match statistics" in capsys.readouterr().err
