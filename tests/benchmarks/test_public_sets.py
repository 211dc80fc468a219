import csv
import json
from pathlib import Path

import pytest

from apps.engine.rules import RULESETS, RuleSet, load_company_rules, load_rules, overlay_weights
from benchmarks import learn
from benchmarks.name_pairs import JudgedPair, judged_pairs, measure_name_pairs, name_statistics, shares_at
from benchmarks.public_sets import PUBLIC_SETS, Row, read, read_febrl3, read_labelled, read_restaurants, read_songs

SONG_SET = next(s for s in PUBLIC_SETS if s.rules == "song")


def write(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_songs(folder: Path, *, truthful: bool = True) -> None:
    """Forty songs, each in two catalogues; the truth can be scrambled."""
    records, truth = [], []
    for number in range(40):
        title, artist, length = f"song{number} of day{number * 7 % 40}", f"band{number % 9}", 100 + 7 * number
        one = {"number": f"{number % 12}", "title": f"{artist} - {title}", "length": f"{length}", "artist": ""}
        two = {"number": f"{number % 12:03}", "title": title, "length": f"{length // 60}:{length % 60:02}"}
        two["artist"] = artist
        for source, row in (("1", one), ("2", two)):
            key = f"{source}{number}"
            records.append(
                {"source": source, "source_key": key, **row, "album": "(1998)", "year": "null", "language": "English"}
            )
            entity = number if truthful else len(records)
            truth.append({"source": source, "source_key": key, "entity_id": str(entity)})
    write(folder / "records.csv", records)
    write(folder / "truth.csv", truth)


def test_a_song_has_its_year_its_entry_and_its_truth(tmp_path: Path) -> None:
    write_songs(tmp_path)
    song = read_songs(tmp_path)[3]
    assert (song["year_or_album"], song["entry"], song["entity_id"]) == ("null | (1998)", "2:21", "1")


def test_a_record_without_truth_is_named(tmp_path: Path) -> None:
    write_songs(tmp_path)
    write(tmp_path / "truth.csv", [{"source": "1", "source_key": "10", "entity_id": "0"}])
    with pytest.raises(KeyError, match="20"):
        read_labelled(tmp_path)


def test_restaurants_of_a_true_pair_are_one(tmp_path: Path) -> None:
    write(
        tmp_path / "records.csv", [{"source": s, "source_key": k} for s, k in (("F", "F1"), ("Z", "Z1"), ("Z", "Z2"))]
    )
    write(tmp_path / "pairs.csv", [{"left_id": "F1", "right_id": "Z2", "label": "1"}])
    assert [row["entity_id"] for row in read_restaurants(tmp_path)] == ["F1", "Z1", "F1"]


def test_febrl3_has_two_thousand_persons() -> None:
    rows = read_febrl3(Path())
    assert len(rows) == 5000
    assert len({row["entity_id"] for row in rows}) == 2000
    assert {row["source_key"].split("-")[1] for row in rows[:50]} == {row["entity_id"] for row in rows[:50]}


def test_every_column_feeds_an_attribute_of_its_rule_set() -> None:
    for public_set in PUBLIC_SETS:
        known = {attribute.name for attribute in load_rules(RULESETS / f"{public_set.rules}.toml").attributes}
        assert set(public_set.columns) <= known, public_set.title


def test_learning_never_sees_the_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr(learn, "RANDOM_PAIRS", 500)
    monkeypatch.setattr(learn, "PUBLIC_SETS", (SONG_SET,))
    learned = []
    for truthful in (True, False):
        write_songs(tmp_path / "musicbrainz20k", truthful=truthful)
        learned.append(learn.learn("song", tmp_path))
    assert learned[0] == learned[1]
    rules = RuleSet.from_document(overlay_weights(learn.guessed_rules("song").to_document(), learned[0]))
    assert dict(zip(rules.comparison("length").labels, rules.comparison("length").millibits, strict=True))["same"] > 0


def test_the_weights_that_ship_belong_to_their_rules() -> None:
    for name in learn.FROM_RANDOM_PAIRS:
        shipped = json.loads((RULESETS / f"{name}.weights.json").read_text("utf-8"))
        guessed = learn.guessed_rules(name).to_document()
        assert [c["name"] for c in guessed["comparisons"]] == list(shipped["comparisons"])


PAIRS = [
    JudgedPair("a", "a", 5000, same=True),
    JudgedPair("a", "b", 1000, same=False),
    JudgedPair("a", "c", -2000, same=True),
    JudgedPair("a", "d", -9000, same=False),
]


@pytest.mark.parametrize(
    ("least", "shares"),
    [(0, (0.5, 0.5, 0.5)), (5000, (1.0, 0.5, 2 / 3)), (-2000, (2 / 3, 1.0, 0.8)), (9000, (1.0, 0.0, 0.0))],
)
def test_shares_count_what_is_called_one_organisation(least: int, shares: tuple[float, float, float]) -> None:
    assert shares_at(PAIRS, least) == pytest.approx(shares)


def test_names_are_judged_by_the_company_rules(tmp_path: Path) -> None:
    names = [("Traeger Grills Inc.", "TRAEGER GRILLS", "1"), ("Traeger Grills Inc.", "Yeti Coolers LLC", "0")]
    rows = [{"schema": "Company", "name1": a, "name2": b, "label": label} for a, b, label in names]
    rows.append({"schema": "Person", "name1": "Ada Lovelace", "name2": "Ada Lovelace", "label": "1"})
    write(tmp_path / "org_name_pairs" / "name_pairs.csv", rows)
    rules = load_company_rules()
    statistics = name_statistics(rules)
    assert statistics.records > 20_000
    judged = judged_pairs(read(tmp_path / "org_name_pairs" / "name_pairs.csv"), rules, statistics)
    assert [pair.same for pair in judged] == [True, False]
    assert judged[0].millibits > 0 > judged[1].millibits
    results = measure_name_pairs(tmp_path, rules)
    assert [(result["records"], result["pair_f1"]) for result in results] == [(2, 1.0), (2, 1.0)]
