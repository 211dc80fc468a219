"""Every address of the hub × every role × looking and acting: who is let in. A new route without an entry fails."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.base.actors import Actor
from apps.pipeline.proposals import Act, propose
from apps.stewardship.urls import urlpatterns as page_patterns
from tests.api.test_permissions import LAW as API_LAW
from tests.stewardship.conftest import SmallHub

ROLES = ("viewer", "steward", "senior_steward", "administrator")
Roles = frozenset[str] | None
NO_WAY: Roles = None  # the address doesn't know the method: 405 for everybody
ALL, STEWARDS = frozenset(ROLES), frozenset({"steward", "senior_steward"})
SENIOR, ADMINISTRATOR = frozenset({"senior_steward"}), frozenset({"administrator"})
KEEPERS = SENIOR | ADMINISTRATOR

# The law, written apart from the code: who may look, and who may act.
LAW: dict[str, tuple[Roles, Roles]] = {
    "home": (ALL, NO_WAY),
    "components": (KEEPERS, NO_WAY),
    "decisions": (ALL, NO_WAY),
    "preferences": (ALL, ALL),
    "switch-keys": (NO_WAY, ALL),
    "search": (ALL, NO_WAY),
    "suggest": (ALL, NO_WAY),
    "compare": (ALL, NO_WAY),
    "merge": (NO_WAY, STEWARDS),
    "customer": (ALL, NO_WAY),
    "customer-sources": (ALL, NO_WAY),
    "customer-why": (ALL, NO_WAY),
    "customer-split": (STEWARDS, STEWARDS),
    "customer-companies": (ALL, NO_WAY),
    "customer-history": (ALL, NO_WAY),
    "customer-field": (ALL, NO_WAY),
    "fix-field": (NO_WAY, STEWARDS),
    "release-field": (NO_WAY, STEWARDS),
    "approvals": (ALL, NO_WAY),
    "approval": (ALL, NO_WAY),
    # Somebody else's: nobody withdraws that.
    "approval-act withdraw": (NO_WAY, frozenset()),
    "approval-act approve": (NO_WAY, SENIOR),
    "approval-act refresh": (NO_WAY, SENIOR),
    "approval-act refuse": (NO_WAY, SENIOR),
    "jobs": (ALL, NO_WAY),
    "job": (ALL, NO_WAY),
    "rules": (ALL, NO_WAY),
    "rules-version": (ALL, NO_WAY),
    "rules-act try": (NO_WAY, KEEPERS),
    "rules-act approve": (NO_WAY, KEEPERS),
    "rules-act publish": (NO_WAY, ADMINISTRATOR),
    "queue": (ALL, NO_WAY),
    "start": (ALL, NO_WAY),
    "walked": (ALL, NO_WAY),
    "views": (NO_WAY, ALL),
    "undo": (NO_WAY, STEWARDS),
    "case": (ALL, NO_WAY),
    "cluster": (ALL, STEWARDS),
    "claim": (NO_WAY, STEWARDS),
    "take-over": (NO_WAY, STEWARDS),
    "ask": (NO_WAY, STEWARDS),
    "answer": (NO_WAY, STEWARDS),
    "judge": (NO_WAY, STEWARDS),
    "apply": (NO_WAY, STEWARDS),
}
OPEN_TO_STRANGERS = {"login", "logout"}


def names_of(patterns: list[Any], namespace: str = "") -> Iterator[tuple[str, str]]:
    """Return (namespace, name) of every route; the name of one without a name is empty."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names_of(pattern.url_patterns, pattern.namespace or namespace)
        elif isinstance(pattern, URLPattern):
            yield namespace, pattern.name or ""


def test_every_route_has_a_law() -> None:
    found: dict[str, set[str]] = {}
    for namespace, name in names_of(get_resolver().url_patterns):
        found.setdefault(namespace, set()).add(name)
    pages = {name.partition(" ")[0] for name in LAW}
    assert found.pop("stewardship") == pages | OPEN_TO_STRANGERS
    # Its own tests hold the API to its law, over all tokens.
    machine = {name for names in (found.pop(space, set()) for space in ("api", "v1", "")) for name in names if name}
    assert machine == set(API_LAW)
    assert set(found) <= {"admin"}


@pytest.fixture
def addresses(small_hub: SmallHub) -> dict[str, str]:
    number = propose(
        act=Act("merge", {"gid": small_hub.acme.gid, "others": [small_hub.billed.gid]}),
        versions={golden.gid: golden.version for golden in (small_hub.acme, small_hub.billed)},
        reason="one contract",
        actor=Actor.person("berta", None),
    )
    given: dict[str, object] = {
        "gid": small_hub.acme.gid,
        "attribute": "city",
        "case_id": small_hub.case.pk,
        "number": 1,
        "run_id": 1,
        "proposal_id": number,
    }
    found = {}
    for law in LAW:
        name, _, act = law.partition(" ")
        wanted = parameters_of(name)
        found[law] = reverse(f"stewardship:{name}", kwargs={key: act if key == "act" else given[key] for key in wanted})
    found["compare"] += f"?a={small_hub.acme.gid}&b={small_hub.billed.gid}"
    return found


def parameters_of(name: str) -> list[str]:
    return next(list(one.pattern.converters) for one in page_patterns if one.name == name)


def expected(roles: Roles, role: str) -> str:
    if roles is None:
        return "405"
    if role == "stranger":
        return "log-in"
    return "in" if role in roles else "403"


def outcome(status: int, location: str) -> str:
    if status == 302 and location.startswith(reverse("stewardship:login")):
        return "log-in"
    return str(status) if status in {403, 405} or status >= 500 else "in"


@pytest.mark.parametrize("role", [*ROLES, "", "stranger"])
def test_a_route_lets_in_exactly_whom_its_law_names(
    role: str, addresses: dict[str, str], log_in: Callable[[str], Client]
) -> None:
    client = Client() if role == "stranger" else log_in(role)
    wrong = {}
    for law, (looks, acts) in LAW.items():
        for method, roles in (("GET", looks), ("POST", acts)):
            # What is posted is never good enough to change anything but the proposal, which is refused last.
            said = {"reason": "why", "revision": "99"} if method == "POST" else {}
            answer = client.post(addresses[law], said) if said else client.get(addresses[law])
            got = outcome(answer.status_code, answer.get("Location", ""))
            if got != (wanted := expected(roles, role)):
                wrong[f"{method} {law}"] = (got, wanted)
    assert wrong == {}


@pytest.mark.parametrize("role", [*ROLES, "", "stranger"])
def test_the_admin_is_for_those_django_calls_staff(role: str, log_in: Callable[[str], Client]) -> None:
    client = Client() if role == "stranger" else log_in(role)
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.get("/admin/auth/user/").status_code == 302


def test_what_a_viewer_sees_offers_nothing_to_decide(
    addresses: dict[str, str], log_in: Callable[[str], Client]
) -> None:
    viewer, enabled = log_in("viewer"), re.compile(r"<button(?![^>]* disabled)")
    for law, (looks, _) in LAW.items():
        if looks is not None and "viewer" in looks and law != "preferences":
            main = (
                viewer.get(addresses[law], follow=True).content.decode().partition("<main")[2].partition("</main>")[0]
            )
            acting = [part for part in main.split("<form")[1:] if 'method="post"' in part.partition(">")[0]]
            assert [part for part in acting if enabled.search(part.partition("</form>")[0])] == [], law
