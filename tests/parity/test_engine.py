"""Row code and bulk code give the same integers."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine import bulk
from apps.engine.block import match_keys
from apps.engine.block.batches import digest_batch
from apps.engine.block.functions import KEY_FUNCTIONS
from apps.engine.block.hashing import hash_text
from apps.engine.bulk.keys import texts_of
from apps.engine.compare import compare
from apps.engine.rules import load_company_rules
from apps.engine.score import score
from apps.engine.standardise.record import standardise_record
from apps.engine.statistics import Statistics
from tests.engine.frames import given_frame, parts_of, read_sample

RULES = load_company_rules()
LOWEST = -(2**31)


def assert_equal_scores(standard: pa.Table, statistics: Statistics, left: list[int], right: list[int]) -> None:
    links = bulk.score(
        standard, np.array(left, dtype=np.int32), np.array(right, dtype=np.int32), RULES, statistics, keep=LOWEST
    )
    parts, row_of = parts_of(standard), {record: row for row, record in enumerate(standard["record"].to_pylist())}
    assert links.num_rows == len(left)
    for link in links.to_pylist():
        a, b = parts[row_of[link["left"]]], parts[row_of[link["right"]]]
        evidence = compare(a, b, RULES, statistics)
        assert [piece.level for piece in evidence] == link["levels"], (a, b)
        assert score(evidence, RULES) == link["score"]
        assert [piece.level for piece in compare(b, a, RULES, statistics)] == link["levels"]


def test_every_candidate_pair_of_the_sample_scores_alike() -> None:
    standard = bulk.standardise(given_frame(read_sample()), RULES)
    statistics = bulk.profile(standard, RULES)
    left, right = bulk.candidates(standard, RULES, statistics)
    assert len(left) > 300
    assert_equal_scores(standard, statistics, left.tolist(), right.tolist())


def test_every_record_of_the_sample_standardises_and_keys_alike() -> None:
    rows = read_sample()
    standard = bulk.standardise(given_frame(rows), RULES)
    for row, parts, keys in zip(rows, parts_of(standard), standard["keys"].to_pylist(), strict=True):
        raw = {a.name: row[a.name] for a in RULES.attributes if row.get(a.name)}
        assert standardise_record(raw, RULES.attributes, RULES.fallbacks) == parts
        assert sorted(match_keys(parts, RULES)) == keys


WORDS = st.sampled_from(
    [
        "acme",
        "acmee",
        "traeger",
        "treager",
        "lake",
        "red",
        "xxi",
        "xxii",
        "cv",
        "lv",
        "fund1",
        "bank",
        "banks",
        "a",
        "grills",
    ]
)
NAMES = st.lists(WORDS, min_size=1, max_size=10).map(" ".join)
FULL = st.sampled_from(["adesso and partners thermal spri", "adesso and partners thermal springs co", "acme"])
VALUES = {
    "name.words": NAMES,
    "former_names.words": st.lists(NAMES, min_size=1, max_size=3).map(" | ".join),
    "name.acronym": st.sampled_from(["acme", "lake", "red"]),
    "name.full": FULL,
    "name.generic": st.sampled_from(["holding", "holding uk", "2 fund", "ii", "3 fund"]),
    "name.form": st.sampled_from(["LLC", "CORP"]),
    "street.number": st.sampled_from(["5", "7"]),
    "street.name": st.sampled_from(["king", "king west", "peachtree", "peachtre"]),
    "street.box": st.sampled_from(["1", "2"]),
    "postcode.code": st.sampled_from(["84106", "84119", "10001", "99"]),
    "city.name": st.sampled_from(["bonn", "bonn beuel", "koln", "koeln"]),
    "phone.e164": st.sampled_from(["+1", "+2", "+3"]),
    "website.domain": st.sampled_from(["acme.com", "acme.de", "agents.com"]),
    "email.domain": st.sampled_from(["acme.com", "agents.com", "lake.de"]),
    "vat.number": st.sampled_from(["DE811569869", "DE811569896", "DE136695976", "FR1"]),
    "vat.issuer": st.sampled_from(["DE", "FR"]),
    "vat.check": st.sampled_from(["verified", "plausible", "wrong"]),
}
RECORDS = st.fixed_dictionaries({}, optional=VALUES)
STATISTICS = Statistics(
    5000,
    RULES.digest,
    {
        "name.words": {"bank": 900, "lake": 70, "red": 15},
        "phone": {"+1": 20, "+2": 5},
        "website.domain": {"agents.com": 30},
        "street": {"5\x1fking\x1f84106": 6},
        "vat": {"DE811569869": 4},
    },
)


@settings(max_examples=60, deadline=None)
@given(st.lists(RECORDS, min_size=2, max_size=7))
def test_any_standard_records_score_alike(records: list[dict[str, str]]) -> None:
    standard = pa.table(
        {"record": pa.array(range(len(records)), pa.int64())}
        | {name: pa.array([record.get(name) for record in records], pa.string()) for name in VALUES}
    )
    pairs = [(a, b) for b in range(len(records)) for a in range(b)]
    assert_equal_scores(standard, STATISTICS, [a for a, _ in pairs], [b for _, b in pairs])


@given(st.lists(st.text(st.characters(codec="utf-8")), max_size=20), st.integers(1, 20))
def test_any_text_hashes_alike(values: list[str], batch: int) -> None:
    for take, function in KEY_FUNCTIONS.items():
        found = texts_of([digest_batch(take, values[at : at + batch]) for at in range(0, len(values), batch)])
        for code, value in enumerate([*values, ""]):
            start = found.starts[code]
            hashes = found.hashes[start : start + found.counts[code]].tolist()
            assert hashes == [hash_text(text) for text in function(value)]
