"""Standardise: raw values of any spelling become comparable parts; what says nothing becomes nothing."""

from apps.engine.standardise.contract import SEPARATOR, Parts, Standardiser
from apps.engine.standardise.digests import digest
from apps.engine.standardise.forms import form_family
from apps.engine.standardise.record import Attribute, in_context_order, standardise_record
from apps.engine.standardise.registry import STANDARDISERS

__all__ = [
    "SEPARATOR",
    "STANDARDISERS",
    "Attribute",
    "Parts",
    "Standardiser",
    "digest",
    "form_family",
    "in_context_order",
    "standardise_record",
]
