"""Make the demo's people, its token and its subscribers. Repeatable; passwords are drawn once and kept in the home."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.utils import timezone

from apps.api.selectors import find_token_holder
from apps.api.services import mint_token
from apps.base.actors import Actor
from apps.delivery.services import register_subscriber

PEOPLE = {"ana": "steward", "bora": "senior_steward", "vera": "viewer", "admin": "administrator"}
ACTOR = Actor.hub("demo")


@dataclass(frozen=True, slots=True)
class Seeded:
    """How to log in: name to password, and the look-up token for REST."""

    passwords: dict[str, str]
    token: str


def seed(*, receiver_url: str) -> Seeded:
    """Return the log-ins, making whatever is missing."""
    folder = Path(settings.MDM["HOME"]) / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "log-ins.json"
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    passwords = {name: _make_person(name, role, known.get(name)) for name, role in PEOPLE.items()}
    token = _make_token(known.get("token"))
    kept.touch(mode=0o600)
    kept.write_text(json.dumps({**passwords, "token": token}, indent=2), encoding="utf-8")
    webhook = register_subscriber(code="receiver", transport="webhook", target=receiver_url, actor=ACTOR)
    secret = folder / "receiver-secret"
    secret.touch(mode=0o600)
    secret.write_text(webhook.secret, encoding="utf-8")
    register_subscriber(code="feed", transport="file", target="customers.jsonl", actor=ACTOR)
    return Seeded(passwords, token)


def _make_person(name: str, role: str, password: str | None) -> str:
    person, is_new = User.objects.get_or_create(username=name, defaults={"is_staff": role == "administrator"})
    person.groups.set([Group.objects.get_or_create(name=role)[0]])
    if is_new or not password or not person.check_password(password):
        password = secrets.token_urlsafe(9)
        person.is_superuser = role == "administrator"
        person.set_password(password)
        person.save()
    return password


def _make_token(token: str | None) -> str:
    """Return the kept token while the hub knows it; another home's database gets one of its own."""
    if token and find_token_holder(token) is not None:
        return token
    name = f"demo {timezone.now():%Y-%m-%d %H:%M:%S}"
    return mint_token(name=name, role="viewer", actor=ACTOR).secret
