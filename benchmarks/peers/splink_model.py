"""Splink's blocking rules and comparisons for companies, as levels from strongest to weakest.

Evidence that comes together (words, general words and legal form of a name; town and postcode; phone and web domain)
is one comparison, because the model takes comparisons to be independent.
"""

from collections.abc import Sequence
from typing import Any

import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import block_on

Level = tuple[str, str]  # label, SQL
IDENTIFIERS = ("vat_number", "tax_id_number", "register_no_number", "lei_number", "duns_number")
ALIKE = "jaro_winkler_similarity(name_words_l, name_words_r)"
SAME_GENERAL = "generic_l = generic_r"
CONTAINED = "(list_has_all(words_l, words_r) OR list_has_all(words_r, words_l))"
SHARED_WORDS = (
    "list_reduce(list_concat([1.0::DOUBLE], list_transform(list_intersect(weighed_words_l, weighed_words_r), "
    "lambda x: x.share)), lambda p, q: p * q)"
)
OWN_PHONE = "(phone_e164_l = phone_e164_r AND phone_e164_count_l <= 3)"
SAME_PHONE, OTHER_PHONE = "(phone_e164_l = phone_e164_r)", "(phone_e164_l <> phone_e164_r)"
SAME_DOMAIN, OTHER_DOMAIN = "list_has_any(domains_l, domains_r)", "(NOT list_has_any(domains_l, domains_r))"
OWN_DOMAIN = f"({SAME_DOMAIN} AND least(domain_count_l, domain_count_r) <= 3)"
FEW_SHARE_DOMAIN = f"({SAME_DOMAIN} AND least(domain_count_l, domain_count_r) <= 12)"
POSTCODE_ALIKE = (
    "(left(postcode_code_l, 3) = left(postcode_code_r, 3) "
    "OR damerau_levenshtein(postcode_code_l, postcode_code_r) <= 1)"
)

NAME_LEVELS: tuple[Level, ...] = (
    ("same, rare", f"name_words_l = name_words_r AND {SAME_GENERAL} AND name_words_count_l <= 8"),
    ("same", f"name_words_l = name_words_r AND {SAME_GENERAL}"),
    ("same, one with general words, rare",
     "name_words_l = name_words_r AND (generic_l = '' OR generic_r = '') AND name_words_count_l <= 8"),
    ("same, one with general words", "name_words_l = name_words_r AND (generic_l = '' OR generic_r = '')"),
    ("same, other general words", "name_words_l = name_words_r"),
    ("same but for spaces", f"name_joined_l = name_joined_r AND {SAME_GENERAL}"),
    ("same but for spaces, other general words", "name_joined_l = name_joined_r"),
    ("formerly", "name_words_l = former_names_words_r OR former_names_words_l = name_words_r"),
    ("acronym", "name_acronym_l = name_words_r OR name_words_l = name_acronym_r"),
    ("alike word by word", f"{ALIKE} >= 0.94 AND {SAME_GENERAL} AND len(words_l) = len(words_r)"),
    ("alike", f"{ALIKE} >= 0.94 AND {SAME_GENERAL}"),
    ("alike, other general words", f"{ALIKE} >= 0.94"),
    ("contained", f"{CONTAINED} AND {SAME_GENERAL}"),
    ("contained, other general words", CONTAINED),
    ("very rare words shared", f"{SHARED_WORDS} < 1e-7 AND {SAME_GENERAL}"),
    ("very rare words shared, other general words", f"{SHARED_WORDS} < 1e-7"),
    ("somewhat alike", f"{ALIKE} >= 0.85 AND {SAME_GENERAL}"),
    ("somewhat alike, other general words", f"{ALIKE} >= 0.85"),
    ("rare words shared", f"{SHARED_WORDS} < 1e-3 AND {SAME_GENERAL}"),
    ("rare words shared, other general words", f"{SHARED_WORDS} < 1e-3"),
    ("words shared", f"{SHARED_WORDS} < 1"),
)  # fmt: skip
STREET_LEVELS: tuple[Level, ...] = (
    ("same, few names", "street_line_l = street_line_r AND street_line_count_l <= 4"),
    ("same", "street_line_l = street_line_r"),
    ("same number, alike",
     "street_number_l = street_number_r AND jaro_winkler_similarity(street_name_l, street_name_r) >= 0.85"),
    ("same street, number missing",
     "street_name_l = street_name_r AND (street_number_l IS NULL OR street_number_r IS NULL)"),
    ("same street, other number", "street_name_l = street_name_r"),
    ("alike", "jaro_winkler_similarity(street_name_l, street_name_r) >= 0.85"),
    ("same number", "street_number_l = street_number_r"),
)  # fmt: skip
PLACE_LEVELS: tuple[Level, ...] = (
    ("same", "city_name_l = city_name_r AND postcode_code_l = postcode_code_r"),
    ("same postcode", "postcode_code_l = postcode_code_r"),
    ("same city, postcode missing",
     "city_name_l = city_name_r AND (postcode_code_l IS NULL OR postcode_code_r IS NULL)"),
    ("same city, postcode alike", f"city_name_l = city_name_r AND {POSTCODE_ALIKE}"),
    ("same city, other postcode", "city_name_l = city_name_r"),
    ("city alike", "jaro_winkler_similarity(city_name_l, city_name_r) >= 0.88"),
)  # fmt: skip
CONTACT_LEVELS: tuple[Level, ...] = (
    ("own phone and domain", f"{OWN_PHONE} AND {OWN_DOMAIN}"),
    ("phone and domain", f"{SAME_PHONE} AND {FEW_SHARE_DOMAIN}"),
    ("own phone, other domain", f"{OWN_PHONE} AND {OTHER_DOMAIN}"),
    ("own domain, other phone", f"{OWN_DOMAIN} AND {OTHER_PHONE}"),
    ("phone, other domain", f"{SAME_PHONE} AND {OTHER_DOMAIN}"),
    ("domain, other phone", f"{FEW_SHARE_DOMAIN} AND {OTHER_PHONE}"),
    ("own phone", OWN_PHONE),
    ("own domain", OWN_DOMAIN),
    ("phone", SAME_PHONE),
    ("domain", FEW_SHARE_DOMAIN),
    ("domain of many", SAME_DOMAIN),
    ("other phone and domain", f"{OTHER_PHONE} AND {OTHER_DOMAIN}"),
    ("other phone", OTHER_PHONE),
)
EMAIL_LEVELS: tuple[Level, ...] = (
    ("own", "email_address_l = email_address_r AND email_address_count_l <= 3"),
    ("same", "email_address_l = email_address_r"),
)


def blocking_rules() -> list[Any]:
    """Return the rules whose pairs are scored; lists of words and domains are exploded."""
    equal = [
        ("name_words",), ("name_joined",), ("name_start", "country_code"), ("phone_e164",), ("email_address",),
        ("street_line", "postcode_code"), ("street_line", "city_name"),
        ("street_name", "street_number", "left(name_words, 1)"),
        *((identifier,) for identifier in IDENTIFIERS),
    ]  # fmt: skip
    return [
        *(block_on(*columns) for columns in equal),
        *(
            block_on("rare_words", column, arrays_to_explode=["rare_words"])
            for column in ("city_name", "postcode_code", "street_name")
        ),
        block_on("domains", arrays_to_explode=["domains"]),
        "l.rare_words[1] = r.rare_words[1] AND l.rare_words[2] = r.rare_words[2]",
        "l.rare_words[1] = r.rare_words[1] AND l.country_code = r.country_code",
        "l.name_words = r.former_names_words",
    ]


def comparisons() -> list[cl.CustomComparison]:
    """Return the comparisons that tell companies apart."""
    return [
        compared("name", missing("name_words"), name_and_form()),
        compared("street", missing("street_name"), STREET_LEVELS),
        compared("place", f"{missing('city_name')} AND {missing('postcode_code')}", PLACE_LEVELS),
        compared("contact", f"{missing('phone_e164')} AND {missing('domains')}", CONTACT_LEVELS),
        compared("email", missing("email_address"), EMAIL_LEVELS),
        *(compared(column, missing(column), [("same", same(column))]) for column in ("region_code", "country_code")),
        *(compared(column, missing(column), number_levels(column)) for column in IDENTIFIERS),
    ]


def name_and_form() -> list[Level]:
    """Return the name's levels, each split by whether the legal forms contradict each other."""
    other_form = "name_form_l <> name_form_r"
    return [
        split
        for label, sql in NAME_LEVELS
        for split in ((f"{label}; other form", f"({sql}) AND {other_form}"), (label, sql))
    ]


def number_levels(column: str) -> list[Level]:
    """Return the levels of an identifier: same, or one slip away."""
    return [("same", same(column)), ("one slip", f"damerau_levenshtein({column}_l, {column}_r) <= 1")]


def same(column: str) -> str:
    """Return the SQL of equal values."""
    return f"{column}_l = {column}_r"


def missing(column: str) -> str:
    """Return the SQL of a value missing on either side."""
    return f"({column}_l IS NULL OR {column}_r IS NULL)"


def compared(name: str, null: str, levels: Sequence[Level]) -> cl.CustomComparison:
    """Return a comparison: its null level, its levels, everything else."""
    return cl.CustomComparison(
        output_column_name=name,
        comparison_levels=[
            cll.CustomLevel(null, "missing").configure(is_null_level=True),
            *(cll.CustomLevel(sql, label) for label, sql in levels),
            cll.ElseLevel(),
        ],
    )
