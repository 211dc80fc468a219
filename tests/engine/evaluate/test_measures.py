import pytest

from apps.engine.evaluate import evaluate


def test_a_perfect_clustering_scores_one() -> None:
    truth = {"a": 1, "b": 1, "c": 2}
    found = evaluate(truth, {"a": "x", "b": "x", "c": "y"})
    assert (found.pair_f1, found.b3_f1, found.entities_exact) == (1.0, 1.0, 1.0)
    assert (found.over_merged, found.split) == (0, 0)


def test_measures_of_a_worked_example() -> None:
    truth = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 2}
    found = evaluate(truth, {"a": "x", "b": "x", "c": "y", "d": "y", "e": "z"}).to_document()
    assert found["pair_precision"] == 0.5
    assert found["pair_recall"] == 0.25
    assert found["b3_precision"] == 0.8
    assert found["b3_recall"] == pytest.approx((4 / 3 + 1 / 3 + 1 / 2 + 1 / 2) / 5, abs=1e-5)
    assert (found["over_merged"], found["split"], found["entities_exact"]) == (1, 2, 0.0)


def test_an_unlabelled_record_counts_as_a_singleton() -> None:
    found = evaluate({"a": 1, "b": 1}, {"a": "x"})
    assert found.unlabelled == 1
    assert found.pair_recall == 0.0


def test_records_without_truth_are_left_out() -> None:
    assert evaluate({"a": 1}, {"a": "x", "other": "x"}).records == 1


def test_an_empty_truth_is_refused() -> None:
    with pytest.raises(ValueError, match="no truth"):
        evaluate({}, {})
