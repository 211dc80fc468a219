"""A client that presents a token, and a company that three systems know."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
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


class ApiClient:
    """A client of the API that acts in one role; None presents no token."""

    def __init__(self, role: str | None = "viewer") -> None:
        self.headers = {"Authorization": f"Bearer {make_token(role)}"} if role else {}
        self.client = Client()

    def get(self, path: str, headers: dict[str, str] | None = None, **query: str) -> HttpResponse:
        response: Any = self.client.get(path, query, headers=self.headers | (headers or {}))
        return response

    def post(
        self, path: str, body: bytes | str, content_type: str = "application/json", **headers: str
    ) -> HttpResponse:
        response: Any = self.client.post(path, body, content_type=content_type, headers=self.headers | headers)
        return response

    def call(self, method: str, path: str) -> HttpResponse:
        response: Any = self.client.generic(method, path, headers=self.headers)
        return response


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
