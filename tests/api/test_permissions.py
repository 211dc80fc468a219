import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from apps.api.models import ApiToken
from apps.api.permissions import PUBLIC, RoleRequired
from apps.api.services import revoke_token
from apps.api.urls import urlpatterns
from apps.api.v1 import urls as v1
from apps.api.v1.schema import openapi_document
from apps.base.actors import Actor
from apps.base.ids import mint
from tests.factories import make_token

ROLES = frozenset(ApiToken.Role.values)

# The law, written apart from the code: who may call what.
LAW: dict[str, frozenset[str]] = {
    "customers": ROLES,
    "customer": ROLES,
    "company-codes": ROLES,
    "members": ROLES,
    "history": ROLES,
    "why": ROLES,
    "why-not": ROLES,
    "resolve": ROLES,
    "changes": ROLES,
    "resolve-batch": ROLES,
    "source-systems": ROLES,
    "pins": ROLES,
    "pin": frozenset({"steward", "administrator"}),
    "source-records": frozenset({"integration", "administrator"}),
    "source-record": ROLES,
    "jobs": frozenset({"integration", "administrator"}),
    "job": ROLES,
    "cases": frozenset({"steward", "administrator"}),
    "merge": frozenset({"steward", "administrator"}),
    "split": frozenset({"steward", "administrator"}),
    "unmerge": frozenset({"steward", "administrator"}),
    "transfer": frozenset({"steward", "administrator"}),
    "undo": frozenset({"steward", "administrator"}),
    "verdicts": frozenset({"steward", "administrator"}),
    "verdict-undo": frozenset({"steward", "administrator"}),
    "proposals": frozenset({"steward", "administrator"}),
    "proposal": frozenset({"steward", "administrator"}),
    "proposal-approve": frozenset({"administrator"}),
    "proposal-refuse": frozenset({"administrator"}),
    "proposal-withdraw": frozenset({"steward", "administrator"}),
    "proposal-refresh": frozenset({"steward", "administrator"}),
    "rule-sets": frozenset({"steward", "administrator"}),
    "rule-set": frozenset({"steward", "administrator"}),
    "rule-set-dry-run": frozenset({"steward", "administrator"}),
    "rule-set-approve": frozenset({"administrator"}),
    "rule-set-publish": frozenset({"administrator"}),
    "rule-set-revert": frozenset({"administrator"}),
    "schema": PUBLIC,
    "docs": PUBLIC,
}
# Who may call the methods that change something, where those are fewer.
WRITERS: dict[str, frozenset[str]] = {
    "pins": frozenset({"steward", "administrator"}),
    "rule-sets": frozenset({"administrator"}),
    "rule-set-dry-run": frozenset({"administrator"}),
    "source-record": frozenset({"integration", "administrator"}),
}


def routes(patterns: list[Any], prefix: str = "/api/") -> Iterator[tuple[str, str, type[APIView]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern) and pattern.name:
            view: type[APIView] = pattern.callback.cls  # type: ignore[attr-defined]
            yield pattern.name, prefix + filled(str(pattern.pattern)), view


def filled(pattern: str) -> str:
    """Return an address of the pattern."""
    return re.sub(r"<\w+:\w+>", "7", pattern.replace("<str:gid>", mint()[0]))


def in_words(pattern: object) -> str:
    """Return a pattern as the documentation writes it."""
    return re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern))


def test_every_route_declares_its_roles_and_has_a_law() -> None:
    declared = {name: view.__dict__.get("admits") for name, _, view in routes(urlpatterns)}
    assert declared == LAW
    writers = {name: view.__dict__.get("admits_writers") for name, _, view in routes(urlpatterns)}
    assert {name: roles for name, roles in writers.items() if roles} == WRITERS


@pytest.mark.parametrize("name", LAW)
@pytest.mark.parametrize("role", [*sorted(ROLES), None])
def test_a_route_admits_exactly_the_roles_it_names(db: None, name: str, role: str | None) -> None:
    path = next(path for route, path, _ in routes(urlpatterns) if route == name)
    headers = {"Authorization": f"Bearer {make_token(role)}"} if role else {}
    for method, law in (("GET", LAW[name]), ("POST", WRITERS.get(name, LAW[name]))):
        refused = None if law == PUBLIC else 401 if role is None else None if role in law else 403
        answer: Any = Client().generic(method, path, headers=headers)
        if refused:
            assert answer.status_code == refused
        else:
            assert answer.status_code not in {401, 403}


def test_the_documentation_names_the_same_roles() -> None:
    document = openapi_document()
    for pattern in v1.urlpatterns:
        name = str(pattern.name)
        if LAW[name] != PUBLIC:
            for method, operation in document["paths"][f"/api/v1/{in_words(pattern.pattern)}"].items():
                admits = LAW[name] if method == "get" else WRITERS.get(name, LAW[name])
                assert frozenset(operation["x-roles"]) == admits


def test_a_route_that_names_no_roles_admits_nobody(db: None) -> None:
    class Forgotten(APIView):
        def get(self, _request: object) -> HttpResponse:
            return HttpResponse("leaked")

    for role in sorted(ROLES):
        request = APIRequestFactory().get("/x", headers={"Authorization": f"Bearer {make_token(role)}"})
        assert Forgotten.as_view()(request).status_code == 403
    assert RoleRequired in Forgotten.permission_classes


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer mdm_", "Bearer nonsense", "Basic dTpw", "mdm_x", "Bearer mdm_" + "x" * 100_000,
     "Bearer mdm_\xe9", "Bearer null", "Token mdm_x"],
)  # fmt: skip
def test_a_log_in_that_is_no_token_is_refused_without_repeating_it(db: None, header: str) -> None:
    answer: Any = Client().get("/api/v1/source-systems", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.invalid")
    assert answer["WWW-Authenticate"] == 'Bearer realm="mdmhub"'
    assert len(answer.content) < 1_000


def test_without_a_log_in_the_answer_says_how(db: None) -> None:
    answer: Any = Client().get("/api/v1/source-systems")
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.missing")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_token_is_refused_at_once(db: None) -> None:
    secret = make_token(name="old tool")
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/source-systems", headers=headers).status_code == 200
    revoke_token(name="old tool", actor=Actor.hub("test"))
    assert Client().get("/api/v1/source-systems", headers=headers).status_code == 401


def test_only_one_character_of_a_token_wrong_is_refused(db: None) -> None:
    secret = make_token()
    wrong = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    assert Client().get("/api/v1/source-systems", headers={"Authorization": f"Bearer {wrong}"}).status_code == 401
