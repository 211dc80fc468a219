"""Evaluating a small loaded and judged hub: what comes out is what the tables say, and nothing is changed by it."""

import csv
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoDbBlocker

from apps.base.actors import Actor
from apps.cases.models import Case
from apps.engine.bulk.blocking import candidates
from apps.engine.evaluate import evaluate
from apps.golden.models import Membership
from apps.matching.models import Link, VerdictPair
from apps.matching.selectors import explain_pair
from apps.pipeline.deciding import judge_case
from apps.pipeline.evaluating import NothingToEvaluate, Truth, read_truth, subject_of_truth, subject_of_verdicts
from apps.pipeline.whatif import approve_version
from apps.rulebook.models import RuleSetVersion
from apps.rulebook.selectors import get_active_rules
from apps.rulebook.services import publish_and_activate
from tests.pipeline.files import SAMPLES, cut_sample, load_rows
from tests.pipeline.reading import count_traces, forget_everything, read_hub
from tests.rolled_back import rolled_back

JANE = Actor.person("jane", None)
TRUTH = SAMPLES / "us_listed" / "truth.csv"


@pytest.fixture(scope="module")
def hub(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """The hub of this module, gone when it ends: 300 companies, four cases judged."""
    with rolled_back(django_db_blocker):
        load_rows(tmp_path_factory.mktemp("files"), cut_sample(300))
        for verdict in ("same", "same", "different", "related"):
            case = Case.objects.filter(state="open", kind="pair").order_by("-score", "pk").first()
            assert case is not None
            judge_case(case_id=case.pk, verdict=verdict, actor=JANE)
        yield


@pytest.fixture
def db(hub: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with rolled_back(django_db_blocker):
        yield


@pytest.fixture
def truth(db: None, tmp_path: Path) -> Path:
    """The truth of the records in the hub."""
    known = set(read_hub().gid_of)
    rows = [(*name, entity) for name, entity in read_truth(TRUTH).entities.items() if name in known]
    return write_truth(tmp_path / "truth.csv", rows)


def write_truth(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("source", "source_key", "entity_id"), *rows])
    return path


def run(name: str, *arguments: str | Path) -> str:
    out = StringIO()
    call_command(name, *map(str, arguments), stdout=out)
    return out.getvalue()


def document(name: str, *arguments: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(name, *arguments, "--json"))
    return found


def test_the_measures_are_those_of_the_stored_customers(truth: Path) -> None:
    expected = evaluate(read_truth(truth).entities, read_hub().gid_of).to_document()
    assert document("evaluate", "--truth", truth)["measures"] == expected


def test_evaluating_changes_nothing(truth: Path) -> None:
    before = count_traces(), read_hub()
    run("evaluate", "--truth", truth)
    run("evaluate")
    assert (count_traces(), read_hub()) == before


def test_the_histogram_holds_the_stored_links(truth: Path) -> None:
    bars = document("evaluate", "--truth", truth)["histogram"]
    assert sum(bar["same"] + bar["different"] for bar in bars) == Link.objects.count()


def test_records_of_the_truth_that_the_hub_lacks_are_named_and_left_out(truth: Path) -> None:
    gone = Membership.objects.order_by("record_id").first()
    assert gone is not None
    name = [gone.record.source.code, gone.record.key]
    gone.delete()
    with truth.open("a", encoding="utf-8") as file:
        file.write("crm,nobody,E1\nother,1,E2\n")
    found = document("evaluate", "--truth", truth)
    assert found["left_out"]["unknown"] == {"records": 2, "names": [["crm", "nobody"], ["other", "1"]]}
    assert found["left_out"]["gone"] == {"records": 1, "names": [name]}
    assert found["measures"]["records"] == Membership.objects.count()
    assert "2 records of the truth aren't known here: crm nobody, other 1" in run("evaluate", "--truth", truth)


def test_a_truth_that_names_nothing_here_is_refused(db: None) -> None:
    with pytest.raises(NothingToEvaluate, match="none of the truth's 1 records has a customer in this hub"):
        subject_of_truth(Truth({("crm", "nobody"): "E1"}, 0))


def test_missed_pairs_say_whether_they_share_a_live_key(truth: Path) -> None:
    """Holders are counted over the whole hub, not over the records of the truth."""
    all_rows = read_truth(truth).entities
    whole = document("evaluate", "--truth", truth)["missed"]
    assert whole["pairs"] == whole["examined"] > 0
    one = subject_of_truth(Truth(dict(list(all_rows.items())[:40]), 0)).found
    keys = one.standard["keys"].combine_chunks().flatten().unique().to_numpy()
    held = subject_of_truth(Truth(all_rows, 0)).found.standard["keys"].to_pylist()
    assert one.count_holders(keys).tolist() == [sum(key in row for row in held) for key in keys.tolist()]


def test_verdicts_measure_the_rules_without_them(db: None) -> None:
    subject = subject_of_verdicts()
    found = subject.to_document(subject.assess(2))
    pairs = VerdictPair.objects.filter(is_live=True)
    assert subject.judged is not None
    assert sorted(subject.judged.same) == [False, False, True, True]
    verdicts = sorted(set(pairs.values_list("verdict_id", flat=True)))
    assert subject.judged.scores.tolist() == [loudest(verdict) for verdict in verdicts]
    limits = get_active_rules().rules.thresholds
    asked = [score for score in subject.judged.scores.tolist() if limits.review <= score < limits.link]
    assert subject.judgements().scores.tolist() == asked
    # People joined what the rules alone leave apart, so the rules split customers that judging put together.
    assert found["measures"]["split"] >= 1
    judged = {record for pair in pairs.values_list("low_id", "high_id") for record in pair}
    customers = Membership.objects.filter(record_id__in=judged).values("golden_id")
    assert found["measures"]["records"] == Membership.objects.filter(golden_id__in=customers).count()
    assert all(fault["kind"] in ("missed", "wrong") for fault in found["faults"])


def test_without_a_verdict_there_is_nothing_to_hold_against(db: None) -> None:
    VerdictPair.objects.all().delete()
    with pytest.raises(CommandError, match="nobody has judged a pair yet"):
        run("evaluate")


def test_an_empty_hub_says_that_nothing_is_loaded(db: None) -> None:
    forget_everything()
    with pytest.raises(CommandError, match="No rule set version is active yet"):
        run("evaluate", "--truth", TRUTH)


def test_pairs_are_written_with_their_waterfalls(truth: Path, tmp_path: Path) -> None:
    run("evaluate", "--truth", truth, "--pairs", tmp_path / "pairs.json", "--top", "4")
    run("evaluate", "--truth", truth, "--pairs", tmp_path / "pairs.csv", "--top", "4")
    faults = json.loads((tmp_path / "pairs.json").read_text("utf-8"))
    assert 0 < len(faults) <= 8
    for fault in faults:
        assert fault["score"] == fault["prior"] + sum(piece["millibits"] for piece in fault["evidence"])
    with (tmp_path / "pairs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["left_key"] for row in rows] == [fault["left"]["source_key"] for fault in faults]
    assert all(row["waterfall"].count("; ") >= 2 for row in rows)


def test_the_picture_has_a_bar_for_every_filled_bit(truth: Path, tmp_path: Path) -> None:
    path = tmp_path / "scores.svg"
    bars = document("evaluate", "--truth", truth, "--picture", path)["histogram"]
    drawn = ET.parse(path).getroot().iter("{http://www.w3.org/2000/svg}title")
    assert len(list(drawn)) == sum((bar["same"] > 0) + (bar["different"] > 0) for bar in bars)


def test_files_are_evaluated_without_the_hub(tmp_path: Path) -> None:
    sources = [f"--source={code}={SAMPLES / 'us_listed' / code}.csv" for code in ("crm", "billing")]
    found = document("evaluate", "--truth", TRUTH, *sources, "--keys")
    assert found["measures"]["records"] == found["keys"]["records"] == 724 + 999
    # Pairs that no key finds are missed, unless a third record joins them.
    never_compared = sum(found["missed"]["never_compared"].values())
    assert 0 < never_compared <= found["keys"]["owed"] - found["keys"]["true_pairs"]
    assert found["left_out"]["unknown"]["records"] == 1569
    assert found["rules"]["version"] is None


def test_keys_are_told_for_the_hub_as_for_its_files(truth: Path) -> None:
    keys = document("evaluate", "--truth", truth, "--keys")["keys"]
    subject = subject_of_truth(read_truth(truth))
    left, right = candidates(subject.found.standard, subject.found.rules, subject.found.statistics)
    true = int((subject.entities[left] == subject.entities[right]).sum())
    assert (keys["records"], keys["pairs"], keys["true_pairs"]) == (Membership.objects.count(), len(left), true)
    shown = run("evaluate", "--truth", truth, "--keys").splitlines()
    together = next(line.split() for line in shown if line.startswith("together"))
    assert together == ["together", f"{len(left):,}", f"{true:,}", f"{keys['recall']:.3f}"]
    names = [key.name for key in subject.found.rules.keys]
    assert [key["name"] for key in keys["keys"]] == names
    assert all(any(line.startswith(f"{name}  ") for line in shown) for name in names)
    assert "keys" not in document("evaluate", "--truth", truth)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--source", "crm=x.csv"), "--source needs --truth"),
        (("--truth", "t.csv", "--rules", "r.toml"), "--rules and --mapping go with --source"),
        (("--truth", "t.csv", "--pairs", "p.txt"), "--pairs must end in .csv or .json"),
        (("--truth", "t.csv", "--top", "-1"), "--top must not be negative"),
        (("--keys",), "--keys needs --truth"),
        (("--truth", "nope.csv"), "nope.csv: can't be read"),
    ],
)
def test_options_that_can_not_be_used_end_with_one_line(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said) as error:
        run("evaluate", *arguments)
    assert error.value.returncode == 2


def test_too_few_verdicts_are_no_calibration(db: None) -> None:
    with pytest.raises(CommandError, match=r"needs 100 .* each kind; there are [0-2] same and [0-2] different"):
        run("calibrate", "--draft")
    assert RuleSetVersion.objects.count() == 1


def test_calibrating_shows_and_changes_nothing_unless_asked(truth: Path, tmp_path: Path) -> None:
    found = document("calibrate", "--truth", truth, "--picture", tmp_path / "curve.svg")
    assert found["draft"] is None
    assert RuleSetVersion.objects.count() == 1
    assert sum(row["judgements"] for row in found["curve"]["before"]) == Link.objects.count()
    assert all(row["observed_low"] <= row["observed"] <= row["observed_high"] for row in found["curve"]["after"])
    assert ET.parse(tmp_path / "curve.svg").getroot().tag.endswith("svg")


def test_a_draft_is_saved_and_published_by_a_rematch(truth: Path) -> None:
    spoil_rules()
    found = document("calibrate", "--truth", truth, "--draft")
    assert found["gains"]
    assert found["expected_error"]["after"] < found["expected_error"]["before"]
    draft = RuleSetVersion.objects.get(number=found["draft"])
    assert (draft.state, get_active_rules().version) == ("draft", 2)
    with pytest.raises(CommandError, match="Have somebody else approve it"):
        run("rematch", "--draft", str(draft.number))
    assert get_active_rules().version == 2
    approve_version(number=draft.number, reason="calibrated", actor=Actor.person("ben", None))
    run("rematch", "--draft", str(draft.number))
    assert get_active_rules().rules.digest == draft.digest
    assert get_active_rules().version == draft.number


def test_a_draft_that_does_not_exist_is_named(db: None) -> None:
    with pytest.raises(CommandError, match="--draft: There is no rule set version 99"):
        run("rematch", "--draft", "99")


def loudest(verdict: int) -> int:
    """The highest score among the pairs of a decision, as the steward's pages show it."""
    pairs = VerdictPair.objects.filter(verdict_id=verdict).values_list("low_id", "high_id")
    return max(explain_pair(low, high).score for low, high in pairs)


def spoil_rules() -> None:
    """Put rules in force whose every score is three bits too high, with the stored links to match."""
    active = get_active_rules()
    document = active.rules.to_document()
    document["prior"] += 3000
    publish_and_activate(
        rules=type(active.rules).from_document(document), statistics=active.statistics, note="spoilt", actor=JANE
    )
    for link in Link.objects.all():
        link.score += 3000
        link.save()
