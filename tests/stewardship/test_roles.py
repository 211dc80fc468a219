"""Roles and the people who have them."""

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from apps.base.actors import Actor
from apps.base.errors import Invalid
from apps.stewardship.roles import READERS, Role, roles_of, title_of
from apps.stewardship.services import add_person, grant_role
from apps.stewardship.templatetags.steward import person, say_distance

HUB = Actor.hub("test")


def test_a_new_role_takes_the_old_one_s_place(db: None) -> None:
    add_person(username="anna", password="long-enough-9", role="viewer", actor=HUB)
    user = grant_role(username="anna", role="steward", actor=HUB)
    assert roles_of(User.objects.get(pk=user.pk)) == {Role.STEWARD}


@pytest.mark.parametrize(("username", "role"), [("anna", "emperor"), ("nobody", "viewer")])
def test_an_unknown_role_or_person_is_refused(db: None, username: str, role: str) -> None:
    User.objects.create(username="anna")
    with pytest.raises(Invalid):
        grant_role(username=username, role=role, actor=HUB)


def test_a_superuser_has_every_role_and_an_inactive_one_none(db: None) -> None:
    assert roles_of(User(is_superuser=True)) == READERS
    assert roles_of(User(is_superuser=True, is_active=False)) == frozenset()
    assert title_of(frozenset()) == "No role"


def test_the_command_lets_a_person_log_in(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("a-good-password-7\n"))
    call_command("add_person", "berta", "--role", "senior_steward", "--password-stdin", stdout=StringIO())
    berta = User.objects.get(username="berta")
    assert berta.check_password("a-good-password-7")
    assert roles_of(berta) == {Role.SENIOR_STEWARD}


def test_the_command_refuses_a_password_that_is_too_common(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("password\n"))
    with pytest.raises(CommandError, match="too common"):
        call_command("add_person", "berta", "--password-stdin", stdout=StringIO())
    assert not User.objects.filter(username="berta").exists()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "just now"), (59, "59 s ago"), (300, "5 min ago"), (7_200, "2 h ago"), (-600, "in 10 min"),
     (86_400 * 3, "3 d ago"), (86_400 * 365 * 3, "3 years ago")],
)  # fmt: skip
def test_times_are_told_as_distances(seconds: int, words: str) -> None:
    assert say_distance(seconds) == words


@pytest.mark.parametrize(("actor", "name"), [("person:anna", "anna"), ("hub:load", "the hub (load)"), ("odd", "odd")])
def test_actors_are_named_as_people_read_them(actor: str, name: str) -> None:
    assert person(actor) == name
