import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from apps.engine.bulk.training import labelled_pairs, main
from apps.engine.rules import RULESETS, RuleSet, load_company_rules, overlay_weights
from tests.engine.frames import TRUTH, given_frame, read_sample


def labelled_frame() -> pa.Table:
    rows = read_sample()
    return given_frame(rows).append_column(TRUTH, pa.array([row[TRUTH] for row in rows]))


def test_pairs_are_labelled_by_the_truth() -> None:
    pairs = labelled_pairs(labelled_frame(), load_company_rules(), weight=0.5)
    assert 0 < np.count_nonzero(pairs.labels) < len(pairs.labels)
    assert set(pairs.weights.tolist()) == {0.5}
    assert pairs.levels.shape[1] == len(load_company_rules().weighed)


def test_the_script_writes_weights_that_fit_the_rules(tmp_path: Path) -> None:
    rules = tmp_path / "company.toml"
    rules.write_bytes((RULESETS / "company.toml").read_bytes())
    rules.with_suffix(".start.json").write_bytes((RULESETS / "company.start.json").read_bytes())
    pq.write_table(labelled_frame(), tmp_path / "frame.parquet")
    main(str(rules), str(tmp_path / "learned.json"), f"{tmp_path / 'frame.parquet'}=2")
    learned = json.loads((tmp_path / "learned.json").read_text("utf-8"))
    again = RuleSet.from_document(overlay_weights(load_company_rules().to_document(), learned))
    assert again.prior != load_company_rules().prior
