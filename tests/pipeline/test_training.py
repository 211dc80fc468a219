"""Learning weights from a small loaded hub and from files: what is shown, drafted and refused."""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from apps.base.actors import Actor
from apps.engine.rules import load_company_rules
from apps.engine.score import lessons
from apps.pipeline.evaluating import Truth, read_truth
from apps.pipeline.training import NothingToLearnFrom, draft_training, train_on_files, train_on_hub
from apps.rulebook.models import RuleSetVersion
from apps.rulebook.selectors import get_active_rules, get_draft
from apps.sources.models import SourceRecord
from benchmarks.generator.making import make
from benchmarks.generator.profiles import SOURCES
from tests.pipeline.files import SAMPLES, cut_sample, load_rows, sample
from tests.pipeline.reading import count_traces, read_hub
from tests.rolled_back import rolled_back

TRUTH = SAMPLES / "us_listed" / "truth.csv"
TRAINER = Actor.hub("train")


@pytest.fixture(scope="module")
def hub(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """The hub of this module, gone when it ends: 150 companies."""
    with rolled_back(django_db_blocker):
        load_rows(tmp_path_factory.mktemp("files"), cut_sample(150))
        yield


@pytest.fixture
def db(hub: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with rolled_back(django_db_blocker):
        yield


@pytest.fixture
def content_with_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the few pairs of this hub be enough, and whatever they teach hold."""
    monkeypatch.setattr(lessons, "LEAST_OF_EACH", 50)
    monkeypatch.setattr(lessons, "LEAST_PARTIES", 50)
    monkeypatch.setattr(lessons, "MARGIN", -10)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options that name files of 6,000 accounts, many with identifiers."""
    folder = tmp_path_factory.mktemp("profile-a")
    make("A", records=6_000, seed=23, out=folder, workers=1)
    return [word for code in SOURCES for word in ("--source", f"{code}={folder / f'{code}.csv'}")]


def run(*arguments: str | Path) -> str:
    out = StringIO()
    call_command("train", *map(str, arguments), stdout=out)
    return out.getvalue()


def drafts() -> list[int]:
    found = RuleSetVersion.objects.filter(state=RuleSetVersion.State.DRAFT).order_by("number")
    return list(found.values_list("number", flat=True))


def test_a_hub_with_few_identifiers_keeps_its_model(db: None) -> None:
    before = count_traces(), read_hub(), drafts()
    shown = run("--draft")
    assert "the shipped model holds; nothing was changed" in shown
    assert "learning needs 500" in shown
    assert (count_traces(), read_hub(), drafts()) == before


def test_all_standard_records_are_read_in_a_few_queries(db: None) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        training = train_on_hub(None, model="additive", workers=1)
    assert training.records == SourceRecord.objects.filter(state="live").count() > 300
    assert training.rules_version == get_active_rules().version
    assert len(asked) < 15


@pytest.mark.parametrize("model", ["additive", "fellegi_sunter"])
def test_a_truth_teaches_a_draft(db: None, content_with_little: None, model: str) -> None:
    active = get_active_rules()
    shown = run("--truth", TRUTH, "--model", model, "--draft")
    (number,) = drafts()
    assert f"saved as draft version {number}; match by it: manage.py rematch --draft {number}" in shown
    assert "what moved most" in shown
    draft = get_draft(number)
    assert draft.prior != active.rules.prior
    assert draft.thresholds == active.rules.thresholds
    assert get_active_rules().version == active.version
    silent = {weight for joint in draft.joints for weight in joint.millibits} == {0}
    assert silent == (model == "fellegi_sunter")
    note = RuleSetVersion.objects.get(number=number).note
    assert note.startswith(f"version {active.version} with weights learned from a truth file among ")
    assert f"({model})" in note


def test_nothing_is_drafted_unasked(db: None, content_with_little: None) -> None:
    assert "nothing was changed; --draft saves the learned rules" in run("--truth", TRUTH)
    assert drafts() == []


def test_the_moves_are_the_weights_that_differ(db: None, content_with_little: None) -> None:
    training = train_on_hub(read_truth(TRUTH), model="additive", workers=1)
    assert training.learned is not None
    entries = list(zip(training.rules.weighed, training.learned.weighed, strict=True))
    differing = sum(a != b for old, new in entries for a, b in zip(old.millibits, new.millibits, strict=True))
    moves = training.moves(10_000)
    assert len(moves) == differing + (training.rules.prior != training.learned.prior)
    distances = [abs(move.after - move.before) for move in moves]
    assert distances == sorted(distances, reverse=True)
    assert training.moves(3) == moves[:3]


def test_files_with_identifiers_teach_or_leave_the_shipped_model(db: None, exports: list[str]) -> None:
    shown = run(*exports, "--draft")
    assert "6,000 records, pairs labelled by identifiers" in shown
    assert "Held-out labels surprise the learned weights by" in shown
    assert ("saved as draft" in shown) == bool(drafts()) == ("the shipped model holds" not in shown)


def test_sample_files_are_too_thin(db: None) -> None:
    training = train_on_files(sample(), load_company_rules(), None, model="additive", workers=1)
    assert training.learned is None
    assert training.moves(5) == []
    assert draft_training(training, actor=TRAINER) is None
    assert drafts() == []


def test_a_truth_that_names_nothing_here_is_refused(db: None, tmp_path: Path) -> None:
    with pytest.raises(NothingToLearnFrom, match="names none of the records"):
        train_on_hub(Truth({("crm", "nobody"): "E1"}, 0), model="additive", workers=1)
    foreign = tmp_path / "truth.csv"
    with foreign.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("source", "source_key", "entity_id"), ("crm", "nobody", "E1")])
    with pytest.raises(CommandError) as refused:
        run("--truth", foreign)
    assert refused.value.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rules", "mine.toml"], "--rules and --mapping go with --source"),
        (["--truth", "nowhere.csv"], "nowhere.csv"),
        (["--source", "crm=nowhere.csv"], "there is no file nowhere.csv"),
        (["--source", f"crm={TRUTH}", "--mapping", f"crm={SAMPLES / 'us_listed' / 'crm.toml'}"], "truth.csv"),
    ],
)
def test_what_cannot_be_used_is_named(db: None, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message) as refused:
        run(*arguments)
    assert refused.value.returncode == 2
