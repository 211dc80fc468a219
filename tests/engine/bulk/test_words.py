"""Texts become the words that the row code reads, and words the facts that it knows."""

import pyarrow as pa
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from apps.engine.bulk import edits
from apps.engine.bulk.domains import stems_of
from apps.engine.bulk.twins import twin_of
from apps.engine.bulk.words import BITS, NUMBERING, are_numbering, split_words, tokens_of, words_of
from apps.engine.compare import words as row_code
from apps.engine.compare.readings import words_of as words_of_name
from apps.engine.standardise.stems import stem_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(" ab\t\x1f\xa0\u3000"), max_size=30)
WORDS = st.text("abeilnrtxv1é", min_size=1, max_size=14)
DOMAINS = st.lists(
    st.sampled_from(["acme", "group", "corp", "inc", "hq", ".com", "-", " ", "é", "\n", "x"]), max_size=6
)


@settings(deadline=None)  # a kernel is compiled when it is first called
@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_texts_split_into_the_words_of_the_row_code(texts: list[str]) -> None:
    words, (tokens,) = tokens_of([split_words(pa.array(texts), 8)])
    spelt = words.to_pylist()
    for at, text in enumerate(texts):
        codes = tokens.words[tokens.starts[at] : tokens.starts[at + 1]]
        assert tuple(spelt[code] for code in codes) == words_of_name(text)


@settings(deadline=None)  # a kernel is compiled when it is first called
@given(st.lists(WORDS | TEXTS.filter(bool), min_size=1, max_size=9, unique=True))
def test_words_number_as_in_the_row_code(words: list[str]) -> None:
    assert are_numbering(pa.array(words)).tolist() == [row_code.is_numbering(word) for word in words]


@settings(deadline=None)  # a kernel is compiled when it is first called
@given(WORDS, WORDS | st.just("😀é"))
def test_two_words_are_the_twins_of_the_row_code(left: str, right: str) -> None:
    assume(left != right)
    words = words_of(pa.array([left, right]), pa.array([1, 2]).to_numpy())
    assert words.facts[:, BITS].tolist() == [1, 2]
    assert words.facts[:, NUMBERING].tolist() == [row_code.is_numbering(left), row_code.is_numbering(right)]
    for one, other in ((0, 1), (1, 0)):
        found = twin_of(words.facts, one, other, words.points, edits.places())
        assert found == row_code.twin_of(left, right)


@settings(deadline=None)  # a kernel is compiled when it is first called
@given(st.lists(DOMAINS.map("".join), min_size=1, max_size=6))
def test_stems_are_those_of_the_row_code(texts: list[str]) -> None:
    assert stems_of(pa.array(texts, pa.string())).to_pylist() == [stem_of(text) for text in texts]
