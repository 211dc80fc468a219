import pytest

from apps.engine.statistics import Statistics, rarity

SOME = Statistics(1000, "abc", {"name.words": {"bank": 40, "müller": 2}, "phone": {"+491": 7}}, {-5: 90, 7: 61})


def test_statistics_survive_their_bytes() -> None:
    assert Statistics.from_bytes(SOME.to_bytes()) == SOME


def test_equal_statistics_have_equal_bytes_whatever_the_order_of_their_making() -> None:
    counts = {"phone": {"+491": 7}, "name.words": {"müller": 2, "bank": 40}}
    assert Statistics(1000, "abc", counts, {7: 61, -5: 90}).to_bytes() == SOME.to_bytes()


def test_empty_statistics_survive_their_bytes() -> None:
    assert Statistics.from_bytes(Statistics(0, "").to_bytes()) == Statistics(0, "")


def test_foreign_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="profile the records again"):
        Statistics.from_bytes(b"nothing of the kind")


def test_an_unseen_value_counts_as_seen_once() -> None:
    assert SOME.count("name.words", "traeger") == 1
    assert SOME.rarity("name.words", "traeger") == rarity(1000, 1) == 9966


def test_a_value_in_every_record_is_no_surprise() -> None:
    assert rarity(50, 50) == 0
    assert rarity(50, 60) == 0


def test_hot_keys_are_told() -> None:
    assert SOME.are_hot([-5, 6, 7]) == [True, False, True]
