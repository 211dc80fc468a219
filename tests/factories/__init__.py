"""Rows for tests, written as the hub would have: each factory takes what matters to the test and fills in the rest."""

from tests.factories.customers import (
    make_company_code,
    make_customer,
    make_extension,
    make_identifier,
    make_legal_entity,
    make_merge,
)
from tests.factories.matching import make_active_rules, make_case, make_link, make_standard, make_verdict
from tests.factories.sources import make_batch, make_fault, make_record, make_source, make_version
from tests.factories.tokens import make_token

__all__ = [
    "make_active_rules",
    "make_batch",
    "make_case",
    "make_company_code",
    "make_customer",
    "make_extension",
    "make_fault",
    "make_identifier",
    "make_legal_entity",
    "make_link",
    "make_merge",
    "make_record",
    "make_source",
    "make_standard",
    "make_token",
    "make_verdict",
    "make_version",
]
