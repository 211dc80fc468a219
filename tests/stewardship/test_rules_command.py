"""manage.py rules in a terminal."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.base.actors import Actor
from apps.rulebook.selectors import find_active_version
from apps.stewardship.services import add_person
from tests.pipeline.reading import read_hub
from tests.pipeline.whatif.hub import draft, set_up

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    said = StringIO()
    call_command("rules", *words, stdout=said)
    return said.getvalue()


def test_rules_are_tried_approved_published_and_taken_back(tmp_path: Path) -> None:
    set_up(tmp_path, companies=30)
    for name, role in (("anna", "administrator"), ("ben", "senior_steward")):
        add_person(username=name, password="long-enough-9", role=role, actor=Actor.hub("test"))
    number = str(draft("strict"))
    before = read_hub().partition
    said = run("dry-run", number, "--person", "anna")
    assert "customers split" in said
    assert "needs a second person" in said
    with pytest.raises(CommandError, match="A second person has to approve this"):
        run("publish", number, "--person", "anna", "--reason", "better")
    run("approve", number, "--person", "ben", "--reason", "fine")
    assert f"version {number} is in force" in run("publish", number, "--person", "anna", "--reason", "better")
    assert read_hub().partition != before
    assert "every record matched" in run("list")
    assert "every record is matched" in run("resume")
    with pytest.raises(CommandError, match="A second person has to approve this"):
        run("revert", "--person", "anna", "--reason", "back")
    run("approve", "1", "--person", "ben", "--reason", "back")
    run("publish", "1", "--person", "anna", "--reason", "back")
    assert find_active_version() == 1
    assert read_hub().partition == before


def test_only_who_may_publish_is_taken_for_a_person(tmp_path: Path) -> None:
    add_person(username="carl", password="long-enough-9", role="steward", actor=Actor.hub("test"))
    for name in ("carl", "nobody"):
        with pytest.raises(CommandError, match="is no senior steward or administrator"):
            run("dry-run", "1", "--person", name)
    with pytest.raises(CommandError):
        run("show", "9")
