import pyarrow as pa
import pytest

from apps.sources.intake.transforms import apply_transforms, transform_named


@pytest.mark.parametrize(
    ("spelling", "given", "expected"),
    [
        ("trim", " \u00a0x y ", "x y"),
        ("squeeze", "a \n\t b ", "a b"),
        ("upper", "straße é", "STRAẞE É"),
        ("lower", "ÄB", "äb"),
        ("first_line", "a\r\nb", "a"),
        ("one_line", "a\r\n b\n\n", "a, b"),
        ("digits", "+49 (30) 1-2", "493012"),
        ("digits", "none", None),
        ("no_leading_zeros", "00120", "120"),
        ("no_leading_zeros", "000", "0"),
        ("strip_prefix:DE-", "DE-1", "1"),
        ("strip_prefix:DE-", "FR-1", "FR-1"),
        ("strip_suffix: Common Stock", "Acme Common Stock", "Acme"),
        ("strip_suffix:é", "Acme", "Acme"),
        ("pad_left:8", "1234", "00001234"),
        ("pad_left:8", "", None),
        ("pad_left:4:x", "ab", "xxab"),
        ("map:USA=US;UK=GB", "UK", "GB"),
        ("map:USA=US;UK=GB", "FR", "FR"),
        ("map:n/a=", "n/a", None),
        ("map:Y=yes;*=no", "?", "no"),
    ],
)
def test_each_transform_does_what_its_sentence_says(spelling: str, given: str, expected: str | None) -> None:
    assert apply_transforms(pa.array([given, None], pa.string()), (spelling,)).to_pylist() == [expected, None]


def test_transforms_run_in_turn() -> None:
    assert apply_transforms(pa.array([" de-7 "]), ("trim", "upper", "strip_prefix:DE-")).to_pylist() == ["7"]


@pytest.mark.parametrize("spelling", ["shout", "trim:x", "strip_prefix", "strip_prefix:", "map:abc", "pad_left:x"])
def test_an_unknown_or_incomplete_transform_is_refused(spelling: str) -> None:
    with pytest.raises(ValueError, match=r"transform|map|width|invalid"):
        transform_named(spelling)
