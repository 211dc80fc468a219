"""Splink's model where there are no labels: fewer levels, with its adjustments for term frequency.

`u` comes from random pairs; `m` from expectation maximisation (`em`), or from Splink's starting values with weights of
the general words set by hand (`hand`), because the maximisation finds groups of sister companies instead of companies.
"""

from typing import Any

import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import Linker, block_on

from benchmarks.peers.splink_model import ALIKE, CONTAINED, IDENTIFIERS, SHARED_WORDS, missing, same

RANDOM_PAIRS = 1e7  # Splink's documentation calls 1e7 adequate for tests of a model and 1e8 to 1e9 better
SURE = (
    "l.name_words = r.name_words AND l.city_name = r.city_name",
    block_on("name_words", "phone_e164"),
    block_on("name_words", "street_line"),
    block_on("name_words", "domain"),
    block_on("vat_number"),
)
SURE_RECALL = 0.6
GENERAL_M = (0.55, 0.35, 0.10)
GENERAL_BITS = (2, -6, -9)  # same, one without, different: what a person would say of sister companies


def comparisons(*, by_hand: bool) -> list[Any]:
    """Return the comparisons; `by_hand` fixes the weights of the general words."""
    levels: list[Any] = [
        cll.CustomLevel("generic_l = generic_r", "same"),
        cll.CustomLevel("generic_l = '' OR generic_r = ''", "one without"),
        cll.ElseLevel(),
    ]
    if by_hand:
        levels = [
            level.configure(
                m_probability=m, u_probability=m * 2.0**-bits, fix_m_probability=True, fix_u_probability=True
            )
            for level, m, bits in zip(levels, GENERAL_M, GENERAL_BITS, strict=True)
        ]
    return [
        custom("name", missing("name_words"), name_levels()),
        custom("generic", "generic_l = '' AND generic_r = ''", levels, last=False),
        cl.ExactMatch("name_form").configure(term_frequency_adjustments=True),
        custom("place", " AND ".join(map(missing, ("street_line", "postcode_code", "city_name"))), place_levels()),
        custom("phone", missing("phone_e164"), [rare("phone_e164")]),
        custom("web", missing("domains"), [rare("email_address"), rare("domain"), cll.ArrayIntersectLevel("domains")]),
        cl.ExactMatch("country_code").configure(term_frequency_adjustments=True),
        *(custom(column, missing(column), [cll.ExactMatchLevel(column)]) for column in IDENTIFIERS),
    ]


def name_levels() -> list[Any]:
    """Return the name's levels."""
    return [
        cll.CustomLevel("name_words_l = name_words_r AND generic_l = generic_r", "same, same general words").configure(
            tf_adjustment_column="name_words"
        ),
        rare("name_words"),
        cll.ExactMatchLevel("name_joined"),
        cll.CustomLevel("name_words_l = former_names_words_r OR former_names_words_l = name_words_r", "formerly"),
        cll.CustomLevel(f"{ALIKE} >= 0.94", "alike"),
        cll.CustomLevel(CONTAINED, "contained"),
        cll.CustomLevel(f"{SHARED_WORDS} < 1e-6", "rare words shared"),
        cll.CustomLevel(f"{ALIKE} >= 0.85", "somewhat alike"),
        cll.CustomLevel(f"{SHARED_WORDS} < 1e-3", "words shared"),
        cll.CustomLevel(f"{SHARED_WORDS} < 1", "a common word shared"),
    ]


def place_levels() -> list[Any]:
    """Return the address's levels."""
    similar = f"{same('street_number')} AND jaro_winkler_similarity(street_name_l, street_name_r) >= 0.9"
    return [
        rare("street_line"),
        cll.CustomLevel(similar, "alike").configure(tf_adjustment_column="street_line", tf_adjustment_weight=0.5),
        cll.CustomLevel(f"{same('postcode_code')} AND {same('street_name')}", "street and postcode"),
        cll.CustomLevel(f"{same('postcode_code')} AND {same('street_number')}", "number and postcode"),
        *(rare(column) for column in ("postcode_code", "street_name", "city_name")),
    ]


def rare(column: str) -> cll.ExactMatchLevel:
    """Return the level of equal values, rare ones weighing more."""
    return cll.ExactMatchLevel(column, term_frequency_adjustments=True)


def custom(name: str, null: str, levels: list[Any], *, last: bool = True) -> cl.CustomComparison:
    """Return a comparison; `last`: with a level for everything else."""
    first = cll.CustomLevel(null, "missing").configure(is_null_level=True)
    return cl.CustomComparison(
        output_column_name=name, comparison_levels=[first, *levels, *([cll.ElseLevel()] if last else [])]
    )


def train(linker: Linker, *, by_maximisation: bool) -> None:
    """Estimate the prior and `u`, and where asked `m`, from the records alone."""
    linker.training.estimate_probability_two_random_records_match(list(SURE), recall=SURE_RECALL)
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=1)
    if by_maximisation:
        for rule in (block_on("name_words"), block_on("vat_number"), block_on("street_line", "city_name")):
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
