"""The kernels of texts agree with RapidFuzz and with the row code over any letters."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from apps.engine.bulk import edits
from apps.engine.bulk.letters import Points
from apps.engine.compare.similarity import edit_similarity, jaro_winkler

ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=90)
FEW = st.text("abcé😀", max_size=70)
TABLE = edits.places()
Text = tuple[Points, int, int]


@st.composite
def near(draw: st.DrawFn) -> tuple[str, str]:
    """A text and what some slips make of it."""
    left = draw(FEW)
    right = list(left)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(right)))
        right[at : at + draw(st.integers(0, 2))] = draw(st.text("abé", max_size=2))
    return left, "".join(right)


PAIRS = st.tuples(ANY, ANY) | st.tuples(FEW, FEW) | near()


def points(text: str, before: str) -> Text:
    """Return the text where a kernel finds it: behind other letters."""
    held = np.frombuffer((before + text + "z").encode("utf-32-le"), dtype=np.uint32)
    return held, len(before), len(text)


@settings(deadline=None)  # a kernel is compiled when it is first called
@given(PAIRS)
def test_edit_distances_and_similarities_are_those_of_rapidfuzz(pair: tuple[str, str]) -> None:
    left, right = pair
    both = *points(left, "b"), *points(right, "")
    distance = OSA.distance(left, right)
    assert edits.osa_distance(*both, TABLE) == distance
    assert edits.edit_similarity(*both, TABLE) == edit_similarity(left, right)
    assert edits.is_one_edit(*both) == (distance <= 1)
    assert edits.are_equal(*both) == (left == right)
    assert not TABLE.any()


@settings(deadline=None)  # a kernel is compiled when it is first called
@given(PAIRS)
def test_jaro_winkler_similarities_are_those_of_rapidfuzz(pair: tuple[str, str]) -> None:
    left, right = pair
    assert edits.jaro_winkler(*points(left, "b"), *points(right, "ab"), TABLE) == jaro_winkler(left, right)
    assert not TABLE.any()


@settings(deadline=None)  # a kernel is compiled when it is first called
@given(st.integers(1, 300).flatmap(lambda longest: st.tuples(st.integers(0, longest), st.just(longest))))
def test_every_share_is_rounded_as_rapidfuzz_rounds_it(shape: tuple[int, int]) -> None:
    distance, longest = shape
    left, right = "a" * longest, "b" * distance + "a" * (longest - distance)
    both = *points(left, ""), *points(right, "")
    assert edits.edit_similarity(*both, TABLE) == edit_similarity(left, right)
