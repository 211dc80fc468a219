"""A client that presents a token, and a company that three systems know."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from apps.golden.models import GoldenRecord
from apps.sources.models import SourceRecord
from tests.factories import (
    make_active_rules,
    make_customer,
    make_extension,
    make_identifier,
    make_legal_entity,
    make_link,
    make_record,
    make_standard,
    make_token,
)

# The test client's response gains `json()` at run time, which its class doesn't say.
Answer: TypeAlias = Any


class ApiClient:
    """A client of the API that acts in one role; None presents no token."""

    def __init__(self, role: str | None = "viewer") -> None:
        self.headers = {"Authorization": f"Bearer {make_token(role)}"} if role else {}
        self.client = Client()

    def get(self, path: str, **query: str) -> Answer:
        return self.client.get(path, query, headers=self.headers)

    def get_with(self, path: str, **headers: str) -> Answer:
        """Get with more headers; an underscore in a name stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers=self.headers | named)

    def post(self, path: str, body: bytes | str, content_type: str = "application/json") -> Answer:
        return self.client.post(path, body, content_type=content_type, headers=self.headers)

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Send a JSON body, or none, with more headers; an underscore in a name stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = b"" if body is None else json.dumps(body).encode()
        kind = "application/json" if content else ""
        return self.client.generic(method, path, content, content_type=kind, headers=self.headers | named)

    def call(self, method: str, path: str) -> Answer:
        return self.client.generic(method, path, headers=self.headers)


@dataclass(frozen=True)
class Acme:
    """One customer of two records, with a legal entity and company codes."""

    golden: GoldenRecord
    erp: SourceRecord
    crm: SourceRecord
    gid: str


@pytest.fixture(autouse=True)
def _static_files_are_looked_up_when_asked(settings: Settings) -> None:
    # Nobody collects static files for tests, and WhiteNoise warns of the missing folder.
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def api(db: None) -> ApiClient:
    return ApiClient()


@pytest.fixture
def as_role(db: None) -> Callable[[str | None], ApiClient]:
    return ApiClient


@pytest.fixture
def acme(db: None) -> Acme:
    make_active_rules()
    said = {
        "name": "Träger Maschinenbau GmbH",
        "street": "Hauptstr. 12",
        "city": "Ulm",
        "postcode": "89073",
        "country": "DE",
        "vat": "DE811907980",
    }
    erp = make_record(said, source="erp", key="ERP-1")
    crm = make_record(said | {"name": "Traeger Maschinenbau"}, source="crm", key="CRM-1")
    for record in (erp, crm):
        make_standard(record)
    golden = make_customer(erp, crm)
    make_link(erp, crm)
    entity = make_legal_entity(golden)
    make_identifier(entity, "vat", "DE811907980", issuer="DE")
    make_extension(erp, "DE01")
    return Acme(golden, erp, crm, golden.gid)
