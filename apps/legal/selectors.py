"""Read legal entities, their identifiers and company extensions. Nothing here writes."""

import re
from dataclasses import dataclass

from django.db import connection

from apps.base.errors import Invalid, NotFound
from apps.engine.standardise import STANDARDISERS
from apps.golden import selectors as golden
from apps.legal.models import CompanyExtension
from apps.sources import selectors as sources

SCHEMES = ("lei", "vat", "tax_id", "register_no", "duns", "isin")

# Look-ups ask these with every request, so without what building a query and its models costs.
_ENTITY = """
SELECT e.lid, g.gid, e.registered_name, e.legal_form, e.jurisdiction, e.is_live
FROM legal_legalentity e JOIN golden_goldenrecord g ON g.id = e.golden_id WHERE g.gid = %s LIMIT 1
"""
_IDENTIFIERS = """
SELECT i.scheme, i.issuer, i.value, i.check_result, i.record_id
FROM legal_identifier i JOIN legal_legalentity e ON e.id = i.entity_id
JOIN golden_goldenrecord g ON g.id = e.golden_id WHERE g.gid = %s
ORDER BY i.scheme, i.issuer, i.value
"""
_CARRIERS = """
SELECT DISTINCT g.gid FROM legal_identifier i
JOIN legal_legalentity e ON e.id = i.entity_id JOIN golden_goldenrecord g ON g.id = e.golden_id
WHERE i.scheme = %s AND i.value = ANY(%s) AND e.is_live AND i.check_result <> 'wrong'
ORDER BY g.gid LIMIT %s
"""
_NOT_COMPACT = re.compile(r"[^0-9A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Entity:
    """The registered body behind one customer. `is_live` is false once its customer is gone."""

    lid: str
    gid: str
    registered_name: str
    legal_form: str
    jurisdiction: str
    is_live: bool


@dataclass(frozen=True, slots=True)
class IdentifierRow:
    """One number of a legal entity; `check` is verified, plausible or wrong, `record_id` who gave it."""

    scheme: str
    issuer: str
    value: str
    check: str
    record_id: int


@dataclass(frozen=True, slots=True)
class Extension:
    """How one of our own companies deals with a customer, as the ERP's source record says."""

    company_code: str
    company_name: str
    company_country: str
    currency: str
    payment_terms: str
    tax_profile: str
    reconciliation_account: str
    is_blocked: bool
    source_code: str
    source_key: str


def get_legal_entity(gid: str) -> Entity:
    """Return the legal entity of a customer or raise NotFound. One query."""
    entity = find_legal_entity(gid)
    if entity is None:
        raise NotFound(f"Customer {gid} has no legal entity.", gid=gid)
    return entity


def find_legal_entity(gid: str) -> Entity | None:
    """Return the legal entity of a customer, or None. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_ENTITY, [gid])
        row = cursor.fetchone()
    return Entity(*row) if row else None


def list_identifiers(gid: str) -> list[IdentifierRow]:
    """Return the identifiers of a customer's legal entity by scheme, issuer and value. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_IDENTIFIERS, [gid])
        return [IdentifierRow(*row) for row in cursor.fetchall()]


def list_company_codes(gid: str) -> list[Extension]:
    """Return a customer's company extensions by company code and source record. At most three queries."""
    record_ids = golden.list_member_ids(gid)
    rows = list(CompanyExtension.objects.select_related("company_code").filter(record_id__in=record_ids))
    records = sources.list_records({row.record_id for row in rows})
    extensions = [
        Extension(
            company_code=row.company_code.code,
            company_name=row.company_code.name,
            company_country=row.company_code.country,
            currency=row.currency,
            payment_terms=row.payment_terms,
            tax_profile=row.tax_profile,
            reconciliation_account=row.reconciliation_account,
            is_blocked=row.is_blocked,
            source_code=records[row.record_id].source.code,
            source_key=records[row.record_id].key,
        )
        for row in rows
    ]
    return sorted(extensions, key=lambda row: (row.company_code, row.source_code, row.source_key))


def find_customers_by_identifier(
    scheme: str, value: str, *, country: str | None = None, limit: int = 20
) -> list[golden.CustomerSummary]:
    """Return live customers whose legal entity carries an identifier, by governed id.

    The value is found as given or in the spelling in which identifiers of that scheme are kept; `country` (ISO 3166-1
    alpha-2) completes numbers that are written without it. Numbers that fail their check identify nobody. Two queries,
    one where nothing is found. Raises Invalid for an unknown scheme.
    """
    if scheme not in SCHEMES:
        raise Invalid(f"{scheme[:40]!r} is no identifier scheme; known: {', '.join(SCHEMES)}.", known=list(SCHEMES))
    with connection.cursor() as cursor:
        cursor.execute(_CARRIERS, [scheme, _spellings(scheme, value, country), limit])
        gids = [row[0] for row in cursor.fetchall()]
    return golden.list_customers(gids)


def _spellings(scheme: str, value: str, country: str | None) -> list[str]:
    number, _issuer, _check = STANDARDISERS["identifier"].function(value, (country,), scheme)
    compact = _NOT_COMPACT.sub("", value).upper()
    return sorted({spelling for spelling in (value.strip(), compact, number) if spelling})
