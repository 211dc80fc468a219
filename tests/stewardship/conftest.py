"""People with their roles, and a small hub to look at."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client

from apps.base.actors import Actor
from apps.cases.models import Case
from apps.golden.models import GoldenRecord
from apps.sources.models import SourceRecord
from apps.stewardship.services import add_person
from tests.factories import (
    make_active_rules,
    make_case,
    make_customer,
    make_extension,
    make_identifier,
    make_legal_entity,
    make_link,
    make_record,
    make_standard,
)

ACME = {
    "name": "ACME Präzision GmbH",
    "street": "Hafenstrasse 12",
    "postcode": "20457",
    "city": "Hamburg",
    "country": "Germany",
    "phone": "+49 40 3006 1200",
    "website": "acme-praezision.example",
}
# Alike enough to ask about and, by the engine's own scores, not enough to join without a person.
ACME_BILLED = {
    **ACME,
    "name": "Acme Praezision",
    "street": "Hafenweg 99",
    "postcode": "20457",
    "phone": "+49 40 3006 1299",
    "website": "",
}
ACME_KEPT = {**ACME, "name": "ACME Praezision GmbH", "vat": "DE136695976"}


class HasContent(Protocol):
    """A response, as the test client gives it."""

    @property
    def content(self) -> bytes: ...


def middle(response: HasContent) -> str:
    """Return the page without its surroundings and its form tokens."""
    found = re.search(r"<main.*</main>", response.content.decode(), re.DOTALL)
    assert found
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", found.group())


@dataclass(frozen=True)
class SmallHub:
    """Two customers in question: one of two records, one of one."""

    acme: GoldenRecord
    billed: GoldenRecord
    crm_record: SourceRecord
    erp_record: SourceRecord
    billing_record: SourceRecord
    case: Case


@pytest.fixture(autouse=True)
def _static_folder() -> None:
    """WhiteNoise warns where the folder of collected files is missing."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def small_hub(db: None) -> SmallHub:
    return make_small_hub()


def make_small_hub() -> SmallHub:
    """Return two customers, one of them of two records, with the case that asks whether they are one."""
    make_active_rules()
    crm = make_record(ACME, source="crm", key="0031")
    erp = make_record(ACME_KEPT, source="erp", key="88-12")
    billing = make_record(ACME_BILLED, source="billing", key="A-7")
    for record in (crm, erp, billing):
        make_standard(record)
    make_link(crm, erp)
    make_link(crm, billing, score=-1_700)
    acme, billed = make_customer(crm, erp), make_customer(billing)
    entity = make_legal_entity(acme)
    make_identifier(entity, "vat", "DE136695976", issuer="DE")
    make_extension(erp)
    return SmallHub(acme, billed, crm, erp, billing, make_case(crm, billing, priority=5))


@pytest.fixture
def log_in(db: None) -> Callable[[str], Client]:
    """Return a client logged in under a role; an empty role is a person without any."""

    def _log_in(role: str) -> Client:
        if role:
            user = add_person(username=f"a-{role}", password="long-enough-9", role=role, actor=Actor.hub("test"))
        else:
            user = User.objects.create(username="nobody")
        assert role == "" or Group.objects.filter(user=user, name=role).exists()
        client = Client()
        client.force_login(user)
        return client

    return _log_in


@pytest.fixture
def steward(log_in: Callable[[str], Client]) -> Client:
    return log_in("steward")
