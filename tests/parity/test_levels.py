"""Every level of the comparisons of names, words left over and domains is met, and is one in both codes."""

from itertools import product

import numpy as np
import pyarrow as pa

from apps.engine.bulk.comparing import levels_of
from apps.engine.bulk.frames import Columns
from apps.engine.bulk.pairs import RowPairs
from apps.engine.compare import compare
from apps.engine.compare.leftovers import KINDS, TRADE_WORDS
from apps.engine.compare.names import NAME_RARITIES
from apps.engine.rules import load_company_rules
from apps.engine.statistics import Statistics

RULES = load_company_rules()
HABITUAL = {"a": 200, "b": 130, "c": 90, "d": 60, "e": 30, "f": 0}
"""Sources of as many records each, by pairs that agree in the whole hallmark inside them; chance expects 200."""
PARTS = sorted({part for comparison in RULES.comparisons for part in comparison.parts})
EVERYWHERE = ("lucky", "thermalsprings", "thermalspirngs", "thermal", "thermaz", "technologies", "tech")
COUNTS = dict.fromkeys(EVERYWHERE, 60_000) | {"bbbb": 8, "cccc": 30, "dddd": 400, "eeee": 4_000}
COUNTS |= {"often": 4_000, "usual": 4_000, "mid": 20, "seldom": 20}
STATISTICS = Statistics(
    10_000,
    RULES.digest,
    {
        "name.words": COUNTS,
        "city.name": {"ville": 9, "furt": 9},
        "phone": {"+15550100": 40, "+15550200": 5},
        "website.domain": {"agents.com": 40},
        "email.domain": {"several.com": 5},
        "record.source": {"pairs": 7_200}
        | {f"records {source}": 500 for source in HABITUAL}
        | {f"pairs {source}": pairs for source, pairs in HABITUAL.items()},
    },
)
CORES = dict(zip(NAME_RARITIES, ("qqqq zzzz", "aaaa", "bbbb", "cccc", "dddd", "eeee"), strict=True))
FULL = "adesso and partners thermal springs company"
Parts = dict[str, str]
Pairs = list[tuple[Parts, Parts]]


def labels_met(pairs: Pairs, comparison: str) -> set[str]:
    """Return the comparison's labels that the pairs meet, after holding the bulk code to the row code."""
    records = [parts for pair in pairs for parts in pair]
    columns = {part: pa.array([record.get(part) for record in records], pa.string()) for part in PARTS}
    left = np.arange(0, len(records), 2, dtype=np.int32)
    expected = [[piece.level for piece in compare(a, b, RULES, STATISTICS)] for a, b in pairs]
    for first, second in ((left, left + 1), (left + 1, left)):
        found = levels_of(RowPairs(Columns(pa.table(columns)), first, second, STATISTICS, 1), RULES)
        assert found.tolist() == expected
    place = [c.name for c in RULES.comparisons].index(comparison)
    return {RULES.comparisons[place].labels[levels[place]] for levels in expected}


def labels_of(comparison: str) -> set[str]:
    return set(RULES.comparison(comparison).labels)


def all_pairs(records: list[Parts]) -> Pairs:
    return [(a, b) for a in records for b in records]


def words(text: str, **others: str) -> Parts:
    return {"name.words": text} | {part.replace("__", "."): value for part, value in others.items()}


def agreeing(core: str) -> Pairs:
    """Return a pair of each class of agreement whose shared words are as rare as those of `core`."""
    return [
        (words(core), words(core)),
        (words(f"{core} thermalsprings"), words(f"{core} thermalspirngs")),
        (words(f"{core} technologies"), words(f"{core} tech")),
        (words(f"{core} thermal"), words(f"{core} thermaz")),
        (words(core, name__full=FULL), words(f"{core} lucky", name__full=FULL[:33])),
        (words("lucky", former_names__words=f"tech | {core}"), words(core)),
        (words("lucky", name__other=f"{core} thermalsprings"), words(f"{core} thermalspirngs")),
        (words(core), words(f"{core} lucky")),
        (words(core), words(f"lucky {core}")),
    ]


def test_every_level_of_names() -> None:
    pairs = [pair for core in CORES.values() for pair in agreeing(core)]
    pairs += [(words("bbc"), words("brown boveri", name__acronym="bbc")), (words("lucky"), words("aaaa")), ({}, {})]
    assert labels_met(pairs, "name") == labels_of("name")


def leaving_over() -> list[Parts]:
    """Return records that share one word, and two more for each kind of word that can be left over."""
    trades = sorted(TRADE_WORDS)
    distinctive = ["bonn", "koln", "often", "usual", "mid", "seldom", "ville", "furt", "rareness", "oddity", "7", "8"]
    general = [trades[0], trades[-1], "holding", "services"]
    assert len(distinctive) + len(general) == 2 * (len(KINDS) - 1)
    records = [words("aaaa"), *(words(f"aaaa {word}") for word in distinctive)]
    records += [words("aaaa", name__generic=word) for word in general]
    return [record | {"city.name": "bonn koln"} for record in records]


def test_every_level_of_words_left_over_and_of_their_weight() -> None:
    pairs = [*all_pairs(leaving_over()), (words("lucky"), words("aaaa"))]
    assert labels_met(pairs, "other_words") == labels_of("other_words")
    assert labels_met(pairs, "other_words_weight") == labels_of("other_words_weight")


def test_every_level_of_letters_that_short_names_can_have() -> None:
    pairs = [(words("q" * n), words(f"{'q' * n} {'z' * more}")) for n in range(1, 31) for more in (*range(1, 9), 40)]
    met = labels_met([*pairs, (words("aaaa"), words("aaaa")), (words("aaaa"), words("lucky"))], "letters")
    assert labels_of("letters") - met == {f"{share} % alike, short" for share in (96, 92, 88)}


def test_every_level_of_domains() -> None:
    sites = [{"website.domain": f"{d}"} for d in ("agents.com", "several.com", "traeger.de", "traeger.com", "yeti.de")]
    records = [*sites, {"email.domain": "several.com"}, {"website.domain": "traegergrills.com"}, {}]
    assert labels_met(all_pairs(records), "domain") == labels_of("domain")
    named = [words(name) for name in ("traeger", "traeger grills", "aaaa")]
    assert labels_met(list(product(records, named)), "name_in_domain") == labels_of("name_in_domain")


def test_every_level_of_sources() -> None:
    records: list[Parts] = [{"record.source": source} for source in (*HABITUAL, "unheard of")]
    assert labels_met(all_pairs([*records, {}]), "source") == labels_of("source")


def test_every_level_of_phones() -> None:
    phones = [{"phone.e164": f"+1555{end}"} for end in ("0100", "0200", "0201", "0202", "9999")]
    assert labels_met(all_pairs([*phones, {}]), "phone") == labels_of("phone")
