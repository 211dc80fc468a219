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
        raw = {name: row[name] for name in ("source", *(a.name for a in RULES.attributes)) if row.get(name)}
        assert standardise_record(raw, RULES.attributes, RULES.fallbacks) == parts
        assert sorted(match_keys(parts, RULES)) == keys


WORDS = st.sampled_from(
    [
        "acme", "acmee", "traeger", "treager", "traeper", "lake", "red", "xxi", "xxii", "cv", "lv", "fund1",
        "bank", "banks", "a", "grills", "micro", "soft", "microsoft", "technologies", "tech", "bonn",
        "germany", "holding",
    ]
)  # fmt: skip
GENERAL = ["holding", "holding uk", "2 fund", "ii", "3 fund", "germany management", "acme", "a b c d e"]
NAMES = st.lists(WORDS, min_size=1, max_size=10).map(" ".join)
SEVERAL = st.lists(NAMES, min_size=1, max_size=3).map(" | ".join)
FULL = st.sampled_from(["adesso and partners thermal spri", "adesso and partners thermal springs co", "acme"])
VALUES = {
    "name.words": NAMES,
    "former_names.words": SEVERAL,
    "name.other": SEVERAL,
    "name.acronym": st.sampled_from(["acme", "lake", "red"]),
    "name.full": FULL,
    "name.generic": st.sampled_from(GENERAL),
    "name.form": st.sampled_from(["LLC", "CORP"]),
    "street.number": st.sampled_from(["5", "7"]),
    "street.name": st.sampled_from(["king", "king west", "peachtree", "peachtre"]),
    "street.box": st.sampled_from(["1", "2"]),
    "postcode.code": st.sampled_from(["84106", "84119", "10001", "99"]),
    "city.name": st.sampled_from(["bonn", "bonn beuel", "koln", "micro soft", "red lake"]),
    "region.code": st.sampled_from(["UT", "NY"]),
    "country.code": st.sampled_from(["US", "DE"]),
    "jurisdiction.code": st.sampled_from(["US-DE", "DE"]),
    "phone.e164": st.sampled_from(["+15550100", "+15550101", "+1555010", "+4922899"]),
    "email.address": st.sampled_from(["a@acme.com", "b@acme.com"]),
    "website.domain": st.sampled_from(["acme.com", "acme.de", "agents.com", "traeger-grills.com", "ab.de"]),
    "email.domain": st.sampled_from(["acme.com", "agents.com", "lake.de", "traegergroup.de", "microsoft.com"]),
    "vat.number": st.sampled_from(["DE811569869", "DE811569896", "DE136695976", "FR1"]),
    "vat.issuer": st.sampled_from(["DE", "FR"]),
    "vat.check": st.sampled_from(["verified", "plausible", "wrong"]),
}
RECORDS = st.fixed_dictionaries({}, optional=VALUES)
OF_NAMES = ("former_names.words", "name.other", "name.generic", "name.acronym", "name.full", "city.name")
NAMED = {part: VALUES[part] for part in (*OF_NAMES, "website.domain", "email.domain")}
LETTERS = st.text("aeibtn", min_size=1, max_size=6) | st.sampled_from(["inaten", "inatent", "intn", "banaten"])
STATISTICS = Statistics(
    5000,
    RULES.digest,
    {
        "name.words": {"bank": 900, "lake": 70, "red": 15, "grills": 2},
        "city.name": {"bonn": 40, "grills": 9, "lake": 70},
        "phone": {"+15550100": 20, "+1555010": 5},
        "email": {"a@acme.com": 5},
        "website.domain": {"agents.com": 30},
        "email.domain": {"acme.com": 6},
        "street": {"5\x1fking\x1f84106": 6},
        "vat": {"DE811569869": 4},
    },
)


def frame_of(records: list[dict[str, str]]) -> pa.Table:
    parts = dict.fromkeys([*VALUES, *(part for record in records for part in record)])
    return pa.table(
        {"record": pa.array(range(len(records)), pa.int64())}
        | {name: pa.array([record.get(name) for record in records], pa.string()) for name in parts}
    )


def assert_all_pairs_equal(records: list[dict[str, str]], statistics: Statistics) -> None:
    pairs = [(a, b) for b in range(len(records)) for a in range(b)]
    assert_equal_scores(frame_of(records), statistics, [a for a, _ in pairs], [b for _, b in pairs])


@settings(max_examples=60, deadline=None)
@given(st.lists(RECORDS, min_size=2, max_size=7))
def test_any_standard_records_score_alike(records: list[dict[str, str]]) -> None:
    assert_all_pairs_equal(records, STATISTICS)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fixed_dictionaries({"name.words": NAMES}, optional=NAMED), min_size=3, max_size=8))
def test_any_names_score_alike(records: list[dict[str, str]]) -> None:
    assert_all_pairs_equal(records, STATISTICS)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(LETTERS, min_size=1, max_size=5).map(" ".join), min_size=3, max_size=8), st.data())
def test_words_of_any_letters_score_alike(names: list[str], data: st.DataObject) -> None:
    """Slips, short forms and words joined, which a fixed list of words would hardly meet."""
    general = data.draw(st.lists(st.lists(LETTERS, max_size=5).map(" ".join), min_size=len(names), max_size=len(names)))
    records = [
        {"name.words": words} | ({"name.generic": extra} if extra else {})
        for words, extra in zip(names, general, strict=True)
    ]
    assert_all_pairs_equal(records, STATISTICS)


SPACED = st.text(
    st.characters(codec="utf-8", exclude_characters="|\x1f") | st.sampled_from(" ab"), min_size=1, max_size=12
)
OF_ANY_LETTERS = (
    "name.words", "name.generic", "name.other", "name.acronym", "name.full", "street.name", "city.name",
    "postcode.code", "phone.e164", "vat.number", "website.domain", "email.domain",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(OF_ANY_LETTERS, SPACED)), min_size=2, max_size=6))
def test_parts_of_any_letters_score_alike(records: list[dict[str, str]]) -> None:
    assert_all_pairs_equal(records, STATISTICS)


def test_names_of_eight_long_words_and_of_letters_beyond_the_basic_plane_score_alike() -> None:
    words = [f"{letter * 12}{at}x" for at, letter in enumerate("abcdefghij")]
    names = [" ".join(words), " ".join(reversed(words)), " ".join(words[:8]), "\U0001f980 \U0001d54f", "\U0001f980"]
    twins = ["thermal\U0001f980springs", "thermal\U0001f981springs", "thermal springs"]
    records = [{"name.words": name, "name.full": name * 2} for name in (*names, *twins)]
    assert_all_pairs_equal(records, STATISTICS)


@given(st.lists(st.text(st.characters(codec="utf-8")), max_size=20), st.integers(1, 20))
def test_any_text_hashes_alike(values: list[str], batch: int) -> None:
    for take, function in KEY_FUNCTIONS.items():
        found = texts_of([digest_batch(take, values[at : at + batch]) for at in range(0, len(values), batch)])
        for code, value in enumerate([*values, ""]):
            start = found.starts[code]
            hashes = found.hashes[start : start + found.counts[code]].tolist()
            assert hashes == [hash_text(text) for text in function(value)]
