"""Bags of words, texts, dates and quantities."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.bulk.comparing import levels_of
from apps.engine.bulk.frames import Columns
from apps.engine.bulk.pairs import RowPairs
from apps.engine.compare import COMPARERS, compare
from apps.engine.records import Evidence
from apps.engine.rules import RULESETS, load_rules
from apps.engine.statistics import Statistics

SONG, PERSON = load_rules(RULESETS / "song.toml"), load_rules(RULESETS / "person.toml")
Parts = dict[str, str]
COUNTS = {
    "title.text": {"love": 900, "the": 5000, "apache": 3},
    "artist.text": {"the": 5000},
    "album.text": {"the": 5000, "love": 100},
    "surname.text": {"baronet": 2000, "newton": 12},
}
STATISTICS = Statistics(10_000, SONG.digest, COUNTS)


def words(left: Parts, right: Parts) -> Evidence:
    return next(piece for piece in compare(left, right, SONG, STATISTICS) if piece.comparison == "words")


def person(name: str, left: Parts, right: Parts) -> str:
    return next(piece.label for piece in compare(left, right, PERSON, STATISTICS) if piece.comparison == name)


SPLIT = {"title.text": "apache intro", "artist.text": "shadows", "album.text": "the final tour"}


@pytest.mark.parametrize(
    ("right", "label"),
    [
        ({"title.text": "shadows apache intro", "album.text": "the final tour"}, "same, unique"),
        ({"title.text": "apache introo final tour", "artist.text": "the shadows"}, "same, unique"),
        ({"title.text": "apache intro", "artist.text": "shadows"}, "contained, unique"),
        (SPLIT | {"title.text": "nivram"}, "half the same, unique"),
        ({"title.text": "the love", "album.text": "walk"}, "different"),
        ({"title.text": "the"}, "contained, common"),
        ({}, "missing"),
    ],
)
def test_words_count_wherever_they_stand(right: Parts, label: str) -> None:
    assert words(SPLIT, right).label == label
    assert words(right, SPLIT).label == label


def test_the_rarest_shared_words_are_shown() -> None:
    sentence = words(SPLIT, {"title.text": "the apache love"}).sentence
    assert sentence.startswith("Title, artist and album compared word by word: ")
    assert sentence.endswith("; shared words apache, the")


@pytest.mark.parametrize(
    ("left", "right", "label"),
    [
        ("newton", "newton", "same, uncommon"),
        ("zeta", "zeta", "same, rare"),
        ("baronet", "baronet", "same, common"),
        ("newton", "newtoj", "alike, uncommon"),
        ("van dyke", "dyke", "a part the same"),
        ("newton", "barber", "different"),
    ],
)
def test_a_text_says_how_rare_it_is(left: str, right: str, label: str) -> None:
    assert person("surname", {"surname.text": left}, {"surname.text": right}) == label


@pytest.mark.parametrize(
    ("left", "right", "label"),
    [
        ("18601109", "18601109", "same"),
        ("18601109", "18801109", "one slip apart"),
        ("18601109", "18600911", "one slip apart"),
        ("18601109", "18601225", "same year"),
        ("18601109", "19121109", "same day"),
        ("18601109", "19121225", "different"),
    ],
)
def test_dates_slip(left: str, right: str, label: str) -> None:
    assert person("born", {"born.date": left}, {"born.date": right}) == label


@pytest.mark.parametrize(("other", "label"), [("200", "same"), ("201", "same"), ("204", "near"), ("260", "different")])
def test_quantities_are_equal_up_to_rounding(other: str, label: str) -> None:
    found = compare({"length.seconds": "200"}, {"length.seconds": other}, SONG, STATISTICS)
    assert next(piece.label for piece in found if piece.comparison == "length") == label


TEXT = st.lists(st.sampled_from(["love", "lovely", "the", "apache", "apahce", "ii", "7", "ö", "x" * 30]), max_size=12)
VALUE = st.none() | TEXT.map(" ".join)
DATE = st.none() | st.from_regex(r"\A[0-9]{8}\Z") | st.sampled_from(["18601109", "18600911", "18601108"])
NUMBER = st.none() | st.integers(0, 400).map(str) | st.sampled_from(["3.5", "-2", "1" + "0" * 29])
RECORDS = st.fixed_dictionaries(
    {"title.text": VALUE, "artist.text": VALUE, "album.text": VALUE, "year.year": VALUE, "language.text": VALUE}
    | {"track.number": NUMBER, "length.seconds": NUMBER, "surname.text": VALUE, "born.date": DATE}
)
Record = dict[str, str | None]


def given_parts(record: Record) -> Parts:
    return {name: value for name, value in record.items() if value}


@settings(max_examples=150, deadline=None)
@given(RECORDS, RECORDS)
def test_every_comparer_is_symmetric_and_total(left: Record, right: Record) -> None:
    for rules in (SONG, PERSON):
        ours = compare(given_parts(left), given_parts(right), rules, STATISTICS)
        theirs = compare(given_parts(right), given_parts(left), rules, STATISTICS)
        assert [piece.level for piece in ours] == [piece.level for piece in theirs]
        assert all(piece.sentence for piece in ours)
        assert all(piece.label in COMPARERS[rules.comparison(piece.comparison).kind].labels for piece in ours)


@settings(max_examples=60, deadline=None)
@given(st.lists(RECORDS, min_size=2, max_size=8))
def test_bulk_levels_equal_the_row_codes(records: list[Record]) -> None:
    first, second = (side.astype(np.int32) for side in np.triu_indices(len(records), 1))
    parts = [given_parts(record) for record in records]
    frame = pa.table({name: pa.array([p.get(name) for p in parts], pa.string()) for name in records[0]})
    for rules in (SONG, PERSON):
        levels = levels_of(RowPairs(Columns(frame), first, second, STATISTICS, 1), rules)
        pairs = zip(first.tolist(), second.tolist(), strict=True)
        row = [[piece.level for piece in compare(parts[a], parts[b], rules, STATISTICS)] for a, b in pairs]
        assert levels.tolist() == row
