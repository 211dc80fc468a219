"""A scorer answers in the order it was asked, for no pairs, one row, and any chunk."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from apps.engine import bulk
from apps.engine.bulk import pairs
from apps.engine.bulk.scoring import Scorer
from apps.engine.rules import load_company_rules
from tests.engine.frames import given_frame, read_sample

RULES = load_company_rules()
LOWEST = -(2**31)
STANDARD = bulk.standardise(given_frame(read_sample()), RULES)
STATISTICS = bulk.profile(STANDARD, RULES)
LEFT, RIGHT = bulk.candidates(STANDARD, RULES, STATISTICS)
NONE = np.zeros(0, dtype=np.int32)


def test_no_pairs_make_no_links() -> None:
    for frame in (STANDARD, STANDARD.slice(0, 1), STANDARD.slice(0, 0)):
        scorer = Scorer(frame, RULES, STATISTICS)
        assert scorer.links(NONE, NONE).num_rows == 0
        assert len(scorer.scores(NONE, NONE)) == 0
        assert scorer.levels(NONE, NONE).shape == (0, len(RULES.weighed))
        assert bulk.score(frame, NONE, NONE, RULES, STATISTICS).num_rows == 0


def test_answers_come_in_the_order_of_the_pairs_and_links_sorted() -> None:
    scorer = Scorer(STANDARD, RULES, STATISTICS)
    order = np.random.default_rng(5).permutation(len(LEFT))
    scores, levels = scorer.scores(LEFT, RIGHT), scorer.levels(LEFT, RIGHT)
    assert np.array_equal(scorer.scores(LEFT[order], RIGHT[order]), scores[order])
    assert np.array_equal(scorer.levels(RIGHT[order], LEFT[order]), levels[order])
    links = scorer.links(RIGHT[order].astype(np.int64), LEFT[order].astype(np.int64), keep=LOWEST)
    assert links.equals(scorer.links(LEFT, RIGHT, keep=LOWEST))
    assert links.num_rows == len(LEFT)


def test_only_links_from_the_threshold_up_are_kept() -> None:
    scorer = Scorer(STANDARD, RULES, STATISTICS)
    scores = scorer.scores(LEFT, RIGHT)
    assert 0 < scorer.links(LEFT, RIGHT).num_rows == np.count_nonzero(scores >= RULES.thresholds.keep) < len(LEFT)


@pytest.mark.parametrize("workers", [1, 3])
def test_chunks_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    whole = Scorer(STANDARD, RULES, STATISTICS).links(LEFT, RIGHT)
    monkeypatch.setattr(pairs, "CHUNK", 17)
    assert Scorer(STANDARD, RULES, STATISTICS, workers).links(LEFT, RIGHT).equals(whole)


def test_a_few_pairs_in_a_large_frame_score_as_all_do() -> None:
    whole = Scorer(STANDARD, RULES, STATISTICS).links(LEFT[:3], RIGHT[:3], keep=LOWEST)
    assert bulk.score(STANDARD, LEFT[:3], RIGHT[:3], RULES, STATISTICS, keep=LOWEST).equals(whole)


def test_the_columns_of_a_dictionary_score_as_plain_ones() -> None:
    encoded = [column.dictionary_encode() if pa.types.is_string(column.type) else column for column in STANDARD.columns]
    frame = pa.table(encoded, names=STANDARD.column_names)
    assert (
        Scorer(frame, RULES, STATISTICS)
        .links(LEFT, RIGHT)
        .equals(Scorer(STANDARD, RULES, STATISTICS).links(LEFT, RIGHT))
    )


def test_importing_the_bulk_engine_loads_no_compiler() -> None:
    code = "import apps.engine.bulk, apps.engine.compare, sys; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path.cwd()).returncode == 0


def test_kernels_are_kept_for_the_user_where_the_source_is_read_only(tmp_path: Path) -> None:
    """Asked in a process of its own, whose source folder takes no folder for kernels."""
    code = (
        "import pathlib, apps.engine.bulk.compiled as compiled\n"
        "compiled._SOURCES = pathlib.Path('/proc')\n"
        "compiled._made_of = lambda: [b'source']\n"
        "compiled.kernel_folder.cache_clear()\n"
        "kernel = compiled.compiled(compiled.frozen)\n"
        "print(kernel._cache.cache_path)"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    assert (tmp_path / "mdmhub") in Path(ran.stdout.strip()).parents
