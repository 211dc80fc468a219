"""Learn weights from the hub's records or from files, and draft a rule set version by them if asked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from django.db import transaction

from apps.base.actors import Actor
from apps.base.errors import Conflict
from apps.engine import bulk
from apps.engine.bulk.frames import Ints
from apps.engine.bulk.self_training import learn_from_identifiers, learn_from_truth
from apps.engine.rules import RuleSet, overlay_weights
from apps.engine.score.lessons import Lesson, Model
from apps.engine.statistics import Statistics
from apps.pipeline import snapshot
from apps.pipeline.evaluating import Truth
from apps.pipeline.loading import SourceFile
from apps.pipeline.matching_files import read_given
from apps.pipeline.reading import part_names
from apps.rulebook.selectors import get_active_rules
from apps.rulebook.services import save_draft

UNKNOWN = -1


class NothingToLearnFrom(Conflict):
    """There are no records to learn from, or the truth names none of them."""

    code = "train.nothing"
    title = "There is nothing to learn from"


@dataclass(frozen=True, slots=True)
class Move:
    """A weight that was learned otherwise, in millibits before and after; the prior has no level."""

    name: str
    level: str
    before: int
    after: int


@dataclass(frozen=True)
class Training:
    """A lesson with the rules that it started from; `rules_version` is None where no hub was asked."""

    lesson: Lesson
    rules: RuleSet
    records: int
    labelled_by: str
    rules_version: int | None = None

    @property
    def learned(self) -> RuleSet | None:
        """The rules with the learned weights, or None where the present ones hold."""
        weights = self.lesson.weights
        return None if weights is None else RuleSet.from_document(overlay_weights(self.rules.to_document(), weights))

    def moves(self, top: int) -> list[Move]:
        """Return the weights that moved farthest, the farthest first."""
        learned = self.learned
        if learned is None:
            return []
        moves = [Move("prior", "", self.rules.prior, learned.prior)]
        for before, after in zip(self.rules.weighed, learned.weighed, strict=True):
            weights = zip(before.labels, before.millibits, after.millibits, strict=True)
            moves += [Move(before.title, *weight) for weight in weights]
        moves = [move for move in moves if move.before != move.after]
        return sorted(moves, key=lambda move: -abs(move.after - move.before))[:top]


def train_on_hub(truth: Truth | None, *, model: Model, workers: int) -> Training:
    """Learn from the hub's standard records as they are, by their identifiers or by a truth.

    Raises NoActiveRules before the first load, NothingToLearnFrom where there are no records or the truth knows none.
    """
    with transaction.atomic():
        active = get_active_rules()
        snapshot.open_scope([], whole=True)
        standard = snapshot.read_standard(part_names(active.rules))
    lesson = _learn(standard, active.rules, active.statistics, truth, model, workers=workers)
    return Training(lesson, active.rules, standard.num_rows, _labelled_by(truth), active.version)


def train_on_files(
    files: Sequence[SourceFile], rules: RuleSet, truth: Truth | None, *, model: Model, workers: int
) -> Training:
    """Learn from account files without a database.

    Raises FileRefused for a file that can't be used, NothingToLearnFrom where the truth names none of the records.
    """
    standard = bulk.standardise(read_given(files, rules)[0], rules, workers=workers)
    lesson = _learn(standard, rules, bulk.profile(standard, rules), truth, model, workers=workers)
    return Training(lesson, rules, standard.num_rows, _labelled_by(truth))


def draft_training(training: Training, *, actor: Actor) -> int | None:
    """Save the learned rules as a draft and return its number; None, and nothing saved, where the present ones hold.

    Nothing is matched by a draft until it is published.
    """
    learned, lesson = training.learned, training.lesson
    if learned is None:
        return None
    version = training.rules_version
    start = f"version {version}" if version is not None else f"the rules {training.rules.name}"
    note = (
        f"{start} with weights learned from {training.labelled_by} among {training.records:,} records ({lesson.model});"
        f" surprise per held-out label {lesson.loss_before:.4f} to {lesson.loss_after:.4f} bits"
    )
    return save_draft(rules=learned, note=note, actor=actor).number


def _learn(
    standard: pa.Table, rules: RuleSet, statistics: Statistics, truth: Truth | None, model: Model, *, workers: int
) -> Lesson:
    if not standard.num_rows:
        raise NothingToLearnFrom("there are no records: load some first")
    if truth is None:
        return learn_from_identifiers(standard, rules, statistics, model=model, workers=workers)
    entities = _entities_of(standard, truth)
    return learn_from_truth(standard, entities, rules, statistics, model=model, workers=workers)


def _entities_of(standard: pa.Table, truth: Truth) -> Ints:
    """Return the number of each row's entity, UNKNOWN where the truth doesn't name it."""
    numbers = {entity: number for number, entity in enumerate(sorted(set(truth.entities.values())))}
    numbers_by_name = {name: numbers[entity] for name, entity in truth.entities.items()}
    names = zip(standard["source"].to_pylist(), standard["source_key"].to_pylist(), strict=True)
    found = np.array([numbers_by_name.get(name, UNKNOWN) for name in names], dtype=np.int64)
    if not (found != UNKNOWN).any():
        raise NothingToLearnFrom("the truth names none of the records; are the source codes the same?")
    return found


def _labelled_by(truth: Truth | None) -> str:
    return "identifiers" if truth is None else "a truth file"
