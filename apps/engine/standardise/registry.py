"""The registry: which standardiser serves which kind of attribute."""

from typing import Final

from apps.engine.standardise.contract import Function, Standardiser, first_usable
from apps.engine.standardise.identifiers import standardise_identifier
from apps.engine.standardise.internet import standardise_email, standardise_website
from apps.engine.standardise.organisations import (
    FORMER_NAME_PARTS,
    NAME_PARTS,
    standardise_former_names,
    standardise_organisation_name,
)
from apps.engine.standardise.phones import PHONE_CONTEXT, standardise_phone
from apps.engine.standardise.places import (
    standardise_city,
    standardise_country,
    standardise_jurisdiction,
    standardise_postcode,
    standardise_region,
)
from apps.engine.standardise.plain import (
    standardise_date,
    standardise_duration,
    standardise_entry,
    standardise_number,
    standardise_person_name,
    standardise_text,
    standardise_year,
)
from apps.engine.standardise.streets import STREET_CONTEXT, STREET_PARTS, standardise_street

_COUNTRY: Final = ("country.code",)
_REGION: Final = ("region.code",)


def _one(kind: str, parts: tuple[str, ...], function: Function, context: tuple[str, ...] = ()) -> Standardiser:
    return Standardiser(kind=kind, parts=parts, context=context, function=first_usable(function, len(parts)))


STANDARDISERS: Final[dict[str, Standardiser]] = {
    standardiser.kind: standardiser
    for standardiser in (
        _one("organisation_name", NAME_PARTS, standardise_organisation_name),
        Standardiser("former_names", FORMER_NAME_PARTS, (), standardise_former_names),
        _one("street", STREET_PARTS, standardise_street, STREET_CONTEXT),
        _one("city", ("name",), standardise_city),
        _one("region", ("code",), standardise_region),
        _one("postcode", ("code",), standardise_postcode, _COUNTRY),
        _one("country", ("code",), standardise_country, _REGION),
        _one("jurisdiction", ("code",), standardise_jurisdiction, _COUNTRY),
        _one("phone", ("e164",), standardise_phone, PHONE_CONTEXT),
        _one("email", ("address", "domain"), standardise_email),
        _one("website", ("domain",), standardise_website),
        _one("identifier", ("number", "issuer", "check"), standardise_identifier, _COUNTRY),
        _one("person_name", ("full", "first", "last"), standardise_person_name),
        _one("text", ("text",), standardise_text),
        _one("year", ("year",), standardise_year),
        _one("date", ("date",), standardise_date),
        _one("entry", ("number", "issuer", "check"), standardise_entry),
        _one("duration", ("seconds",), standardise_duration),
        _one("number", ("number",), standardise_number),
    )
}
"""Standardisers by kind of attribute."""
