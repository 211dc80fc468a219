"""Keep the legal entity behind each customer, its identifiers, and our own companies' terms with it.

The bulk services run inside the caller's transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from django.db import connection

from apps.base.actors import Actor, acting
from apps.base.copying import array_text, staged
from apps.base.ids import mint
from apps.base.rows import Frame
from apps.legal.models import CompanyCode

ENTITY_TYPES = {
    "golden_id": "bigint",
    "registered_name": "text",
    "legal_form": "text",
    "jurisdiction": "text",
    "run_id": "bigint",
    "lid": "text",
}
IDENTIFIER_TYPES = {
    "golden_id": "bigint",
    "scheme": "text",
    "issuer": "text",
    "value": "text",
    "check_result": "text",
    "record_id": "bigint",
}
UPDATE_ENTITIES = """
UPDATE legal_legalentity e
SET registered_name = i.registered_name, legal_form = i.legal_form, jurisdiction = i.jurisdiction, is_live = true,
    run_id = i.run_id
FROM {entities}
WHERE e.golden_id = i.golden_id
  AND (e.registered_name, e.legal_form, e.jurisdiction, e.is_live)
      IS DISTINCT FROM (i.registered_name, i.legal_form, i.jurisdiction, true)
"""
INSERT_ENTITIES = """
INSERT INTO legal_legalentity (lid, golden_id, registered_name, legal_form, jurisdiction, is_live, run_id)
SELECT lid, golden_id, registered_name, legal_form, jurisdiction, true, run_id FROM {entities}
WHERE NOT EXISTS (SELECT FROM legal_legalentity e WHERE e.golden_id = i.golden_id)
"""
DELETE_IDENTIFIERS = """
DELETE FROM legal_identifier f USING legal_legalentity e
WHERE f.entity_id = e.id AND e.golden_id = ANY(%(goldens)s::bigint[])
  AND NOT EXISTS (SELECT FROM {identifiers} WHERE i.golden_id = e.golden_id
                  AND (i.scheme, i.issuer, i.value) = (f.scheme, f.issuer, f.value))
"""
UPSERT_IDENTIFIERS = """
INSERT INTO legal_identifier (entity_id, scheme, issuer, value, check_result, record_id)
SELECT e.id, i.scheme, i.issuer, i.value, i.check_result, i.record_id
FROM {identifiers} JOIN legal_legalentity e ON e.golden_id = i.golden_id
ON CONFLICT (entity_id, scheme, issuer, value) DO UPDATE
SET check_result = excluded.check_result, record_id = excluded.record_id
WHERE (legal_identifier.check_result, legal_identifier.record_id)
      IS DISTINCT FROM (excluded.check_result, excluded.record_id)
"""
UPSERT_EXTENSIONS = """
INSERT INTO legal_companyextension
    (record_id, company_code_id, currency, payment_terms, tax_profile, reconciliation_account, is_blocked)
SELECT r.id, c.id, i.currency, i.payment_terms, i.tax_profile, i.reconciliation_account, i.is_blocked
FROM unnest(%(keys)s::text[], %(codes)s::text[], %(currencies)s::text[], %(terms)s::text[], %(taxes)s::text[],
            %(accounts)s::text[], %(blocks)s::bool[])
     AS i(key, code, currency, payment_terms, tax_profile, reconciliation_account, is_blocked)
JOIN legal_companycode c ON c.code = i.code
JOIN sources_sourcerecord r ON r.key = i.key
JOIN sources_sourcesystem s ON s.id = r.source_id AND s.code = %(source)s
ON CONFLICT (record_id, company_code_id) DO UPDATE
SET currency = excluded.currency, payment_terms = excluded.payment_terms, tax_profile = excluded.tax_profile,
    reconciliation_account = excluded.reconciliation_account, is_blocked = excluded.is_blocked
"""


@dataclass(frozen=True, slots=True)
class ExtensionRow:
    """One line of an ERP's customer × company code table."""

    key: str
    company_code: str
    currency: str = ""
    payment_terms: str = ""
    tax_profile: str = ""
    reconciliation_account: str = ""
    is_blocked: bool = False


def store_entities(*, entities: Frame, identifiers: Frame, fresh: bool) -> None:
    """Keep one legal entity per golden record with exactly the identifiers given, inside the caller's transaction.

    `entities`: golden_id, registered_name, legal_form, jurisdiction, run_id. `identifiers`: golden_id, scheme, issuer,
    value, check_result, record_id. `fresh` says that none of these golden records existed before.
    """
    if not entities.num_rows:
        return
    entities = entities.append_column("lid", pa.array(mint("LE", entities.num_rows)))
    with (
        staged("i", entities, ENTITY_TYPES) as (entity_rows, values),
        connection.cursor() as cursor,
    ):
        if not fresh:
            cursor.execute(UPDATE_ENTITIES.format(entities=entity_rows), values)
        cursor.execute(INSERT_ENTITIES.format(entities=entity_rows), values)
    with staged("i", identifiers, IDENTIFIER_TYPES) as (number_rows, values), connection.cursor() as cursor:
        if not fresh:
            goldens = {"goldens": array_text(entities.column("golden_id").to_pylist())}
            cursor.execute(DELETE_IDENTIFIERS.format(identifiers=number_rows), values | goldens)
        if identifiers.num_rows:
            cursor.execute(UPSERT_IDENTIFIERS.format(identifiers=number_rows), values)


def close_entities(*, golden_ids: Sequence[int]) -> None:
    """Say that these golden records' legal entities stand for nobody now; their ids keep answering."""
    if not golden_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM legal_identifier f USING legal_legalentity e"
            " WHERE f.entity_id = e.id AND e.golden_id = ANY(%s)",
            [list(golden_ids)],
        )
        cursor.execute(
            "UPDATE legal_legalentity SET is_live = false WHERE golden_id = ANY(%s) AND is_live", [list(golden_ids)]
        )


def register_company_codes(*, codes: Mapping[str, Mapping[str, str]], actor: Actor) -> None:
    """Make our own company codes known; one that exists keeps its record and takes new facts."""
    with acting(actor, reason="company codes registered"):
        for code, facts in codes.items():
            CompanyCode.objects.update_or_create(code=code, defaults=dict(facts))


def store_extensions(*, source_code: str, rows: Sequence[ExtensionRow], run_id: int, actor: Actor) -> int:
    """Keep an ERP's company extensions by source record; return how many found their record and company code."""
    values: dict[str, Any] = {
        "source": source_code,
        "keys": [r.key for r in rows],
        "codes": [r.company_code for r in rows],
        "currencies": [r.currency for r in rows],
        "terms": [r.payment_terms for r in rows],
        "taxes": [r.tax_profile for r in rows],
        "accounts": [r.reconciliation_account for r in rows],
        "blocks": [r.is_blocked for r in rows],
    }
    with acting(actor, reason="company extensions loaded", run_id=run_id), connection.cursor() as cursor:
        cursor.execute(UPSERT_EXTENSIONS, values)
        return int(cursor.rowcount)
