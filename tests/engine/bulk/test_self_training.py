from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from apps.engine.bulk import profile, self_training, standardise
from apps.engine.bulk.self_training import learn_from_identifiers, learn_from_truth
from apps.engine.rules import RULESETS, RuleSet, load_company_rules, load_rules, overlay_weights
from apps.engine.score.lessons import Lesson, Lessons, Model
from apps.pipeline.evaluating import read_truth
from benchmarks.generator.making import make
from benchmarks.generator.profiles import SOURCES
from benchmarks.given import given_from_exports
from tests.engine.frames import given_frame, read_sample

RULES = load_company_rules()
NAMES = [c.name for c in RULES.comparisons]
RECORDS = 6_000


def guessed(prior: int = -6000) -> RuleSet:
    """The company rules as a first guess: agreeing speaks for, and anything else against."""
    levels = {
        c.name: [
            [x, 0 if i == 0 else 2000 if x.startswith(("same", "alike")) else -1000] for i, x in enumerate(c.labels)
        ]
        for c in RULES.comparisons
    }
    joints = {j.name: [[x, 0] for x in j.labels] for j in RULES.joints}
    weights = {"prior": prior, "comparisons": levels, "joints": joints}
    return RuleSet.from_document(overlay_weights(RULES.to_document(), weights))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("profile-a")
    make("A", records=RECORDS, seed=17, out=made, workers=1)
    return made


@pytest.fixture(scope="module")
def standard(folder: Path) -> pa.Table:
    return standardise(given_from_exports(folder, SOURCES, RULES), RULES, workers=1)


def taught(standard: pa.Table, rules: RuleSet, model: Model = "additive") -> Lesson:
    return learn_from_identifiers(standard, rules, profile(standard, rules), model=model, workers=1)


def lessons_of(standard: pa.Table, monkeypatch: pytest.MonkeyPatch) -> Lessons:
    """What the identifiers of the frame would teach."""
    seen = []

    def keep(lessons: Lessons, rules: RuleSet, model: Model) -> None:
        seen.append(lessons)

    monkeypatch.setattr(self_training, "learn", keep)
    taught(standard, RULES)
    return seen[0]


@pytest.mark.parametrize("model", ["additive", "fellegi_sunter"])
def test_guessed_weights_give_way_to_what_identifiers_teach(standard: pa.Table, model: Model) -> None:
    lesson = taught(standard, guessed(), model)
    assert lesson.loss_before is not None
    assert lesson.loss_after is not None
    assert lesson.loss_after < lesson.loss_before
    assert lesson.weights is not None
    learned = RuleSet.from_document(overlay_weights(RULES.to_document(), lesson.weights))
    assert learned.comparison("city").millibits != guessed().comparison("city").millibits


def test_what_would_halve_the_links_is_refused(standard: pa.Table) -> None:
    lesson = taught(standard, guessed(prior=-1000))
    assert lesson.weights is None
    assert lesson.loss_before is not None
    assert lesson.loss_after is not None
    assert lesson.loss_after < lesson.loss_before
    assert len(lesson.reasons) == 1
    assert "of the candidate pairs" in lesson.reasons[0]


def test_shipped_weights_hold_or_give_way_to_better_ones(standard: pa.Table) -> None:
    lesson = taught(standard, RULES)
    assert lesson.loss_before is not None
    assert lesson.loss_after is not None
    assert lesson.accepted == (lesson.loss_after <= 0.98 * lesson.loss_before)
    assert lesson.parties >= 200
    assert min(sum(e.same for e in lesson.evidence.values()), sum(e.different for e in lesson.evidence.values())) >= 500
    assert lesson == taught(standard, RULES)


def test_records_with_few_identifiers_change_nothing() -> None:
    rows = read_sample()
    lesson = taught(standardise(given_frame(rows), RULES, workers=1), RULES)
    assert lesson.weights is None
    assert lesson.loss_after is None
    assert any('labels "same"; learning needs 500' in reason for reason in lesson.reasons)


def test_an_identifier_never_teaches_itself(standard: pa.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    lessons = lessons_of(standard, monkeypatch)
    others = np.zeros(len(lessons.labellers), dtype=np.int64)
    for place, name in enumerate(lessons.labellers):
        labelled = lessons.by == place
        assert not lessons.labelled.levels[labelled, NAMES.index(name)].any()
        others[place] = np.count_nonzero(lessons.labelled.levels[~labelled, NAMES.index(name)])
    assert others.sum() > 0


def test_a_number_in_two_places_teaches_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    """A French VAT number holds the register number; a German one doesn't."""
    french = {"country": "FR", "vat": "FR83404833048", "register_no": "404833048"}
    german = {"country": "DE", "vat": "DE136695976", "register_no": "HRB 10342"}
    rows = [
        {"name": "Larkspur Foundry", "street": "1 Mill Road", "city": "Lyon", **french},
        {"name": "Larkspur Foundry", "street": "1 Mill Road", "city": "Lyon", **french},
        {"name": "Quayside Optics", "street": "9 Dock Street", "city": "Kiel", **german},
        {"name": "Quayside Optics", "street": "9 Dock Street", "city": "Kiel", **german},
    ]
    lessons = lessons_of(standardise(given_frame(rows), RULES, workers=1), monkeypatch)
    by_vat = lessons.by == lessons.labellers.index("vat")
    assert lessons.labelled.levels[by_vat, NAMES.index("register_no")].tolist() == [0, 1]


def test_pairs_that_only_their_number_brings_together_teach_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    number = {"country": "DE", "vat": "DE136695976"}
    apart = [
        {"name": "Larkspur Foundry", "city": "Lyon", **number},
        {"name": "Quayside Optics", "city": "Kiel", **number},
    ]
    assert len(lessons_of(standardise(given_frame(apart), RULES, workers=1), monkeypatch).by) == 0
    alike = [{**row, "name": "Quayside Optics"} for row in apart]
    assert len(lessons_of(standardise(given_frame(alike), RULES, workers=1), monkeypatch).by) == 1


def test_labels_are_drawn_by_chance_where_there_are_many(standard: pa.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_training, "MOST_LABELS", 300)
    monkeypatch.setattr(self_training, "CROWD", 200)
    monkeypatch.setattr(self_training, "CHUNK", 5_000)
    lessons = lessons_of(standard, monkeypatch)
    assert (len(lessons.by), len(lessons.crowd)) == (300, 200)


def test_people_teach_by_a_truth(standard: pa.Table, folder: Path) -> None:
    rules = guessed()
    entities = truth_of(standard, folder)
    lesson = learn_from_truth(standard, entities, rules, profile(standard, rules), workers=1)
    assert lesson.accepted
    assert lesson.loss_after is not None
    assert lesson.loss_before is not None
    assert lesson.loss_after < lesson.loss_before / 2
    half = np.where(np.arange(len(entities)) % 2, entities, -1)
    part = learn_from_truth(standard, half, rules, profile(standard, rules), workers=1)
    assert sum_of(part) < sum_of(lesson) / 2


def test_rules_without_identifiers_have_nothing_to_learn_from() -> None:
    rules = load_rules(RULESETS / "person.toml")
    without = replace(rules, comparisons=tuple(c for c in rules.comparisons if c.kind != "identifier"), exclusive=())
    standard = standardise(given_frame([{"first_name": "hester"}, {"first_name": "ines"}]), without, workers=1)
    lesson = taught(standard, without)
    assert lesson.evidence == {}
    assert not lesson.accepted


@cache
def truth_in(folder: Path) -> dict[tuple[str, str], str]:
    return read_truth(folder / "truth.csv").entities


def truth_of(standard: pa.Table, folder: Path) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    truth, codes = truth_in(folder), dict[str, int]()
    names = zip(standard["source"].to_pylist(), standard["source_key"].to_pylist(), strict=True)
    return np.array([codes.setdefault(truth[name], len(codes)) for name in names], dtype=np.int64)


def sum_of(lesson: Lesson) -> int:
    return sum(entry.same + entry.different for entry in lesson.evidence.values())
