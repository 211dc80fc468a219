"""Rebuild `countries.tsv` (every spelling of every country) from the CLDR names that Babel carries.

Also `address_countries.tsv`: the spellings seen in addresses, in a few languages only, for among all the languages of
CLDR many a town is a country ("Lyon" is Lebanon, "Poole" is Poland).

Run: `python -m apps.engine.tables.build_countries`. Origin: Unicode CLDR through Babel (Unicode licence v3, BSD-3);
the hand aliases below are the project's own. Loading all of CLDR takes seconds, so the folded table is committed.
"""

from collections import Counter, defaultdict
from pathlib import Path

from babel import Locale, localedata
from babel.core import get_global

from apps.engine.standardise.folding import fold

TARGET = Path(__file__).with_name("countries.tsv")
# CLDR's own groupings, test regions and reserved codes are no countries.
NOT_COUNTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])
ADDRESS_TARGET = Path(__file__).with_name("address_countries.tsv")
ADDRESS_LANGUAGES = ("en", "de", "fr", "it", "es", "pt", "nl", "da", "sv", "nb", "fi", "pl", "bg")
SHORTEST_NAME = 4
CLEAR_MAJORITY = 4
HAND_ALIASES = {
    "AE": "uae|emirates|dubai|abu dhabi|u a e",
    "BA": "bosnia",
    "BN": "brunei",
    "BO": "bolivia plurinational state of",
    "CD": "drc|democratic republic of congo|congo democratic republic of the|congo kinshasa|zaire",
    "CG": "congo|republic of congo|republic of the congo|congo brazzaville",
    "CI": "ivory coast|cote divoire",
    "CN": "prc|peoples republic of china|p r china|pr china|mainland china|china mainland",
    "CV": "cape verde",
    "CZ": "czech republic",
    "DE": "brd|federal republic of germany|w germany|west germany|bundesrepublik deutschland",
    "FK": "falkland islands malvinas",
    "FM": "micronesia federated states of",
    "GB": "uk|u k|great britain|gt britain|england|scotland|wales|northern ireland|britain|gbr|united kingdom of great "
    "britain and northern ireland|england and wales|england wales|cymru",
    "GR": "hellas|el",
    "HK": "hong kong|hongkong|hong kong sar|h k|hksar",
    "IE": "eire|republic of ireland|rep of ireland",
    "IR": "iran islamic republic of",
    "KP": "north korea|dprk|korea democratic peoples republic of",
    "KR": "south korea|korea|republic of korea|korea republic of|korea south|s korea|rok",
    "LA": "lao pdr|lao peoples democratic republic",
    "MD": "moldova republic of",
    "MK": "macedonia|fyrom",
    "MM": "burma",
    "MO": "macau|macao",
    "NL": "holland|the netherlands|nederland",
    "PS": "palestine|palestine state of",
    "RU": "russia|russian federation|ussr",
    "SY": "syrian arab republic",
    "SZ": "swaziland",
    "TL": "east timor",
    "TR": "turkey|turkiye",
    "TW": "taiwan|taiwan province of china|r o c|roc|chinese taipei",
    "TZ": "tanzania united republic of",
    "US": "usa|u s|u s a|united states|united states of america|america|the united states|us of america|estados unidos",
    "VA": "holy see|vatican",
    "VE": "venezuela bolivarian republic of",
    "VG": "virgin islands british|british virgin islands|bvi",
    "VI": "virgin islands us|virgin islands u s",
    "VN": "viet nam|vietnam",
}


def main() -> None:
    """Write the table: one line per country, its code, then its folded spellings in byte order."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for identifier in localedata.locale_identifiers():
        for code, name in Locale.parse(identifier).territories.items():
            spelling = fold(name)
            if _is_country(code) and len(spelling) >= SHORTEST_NAME:
                votes[spelling][code] += 1
    owner = {spelling: winner for spelling, count in votes.items() if (winner := _clear_winner(count))}
    countries = set(owner.values())
    for long_code, codes in get_global("territory_aliases").items():
        if len(long_code) == len("USA") and long_code.isalpha() and codes[0] in countries:
            owner[long_code.lower()] = codes[0]
    for code, aliases in HAND_ALIASES.items():
        owner.update(dict.fromkeys(aliases.split("|"), code))
    _write(TARGET, owner, countries)
    spoken = {fold(name) for language in ADDRESS_LANGUAGES for name in Locale.parse(language).territories.values()}
    spoken |= {alias for aliases in HAND_ALIASES.values() for alias in aliases.split("|")}
    _write(ADDRESS_TARGET, {spelling: code for spelling, code in owner.items() if spelling in spoken}, countries)


def _write(path: Path, owner: dict[str, str], countries: set[str]) -> None:
    spellings = {code: sorted(s for s, c in owner.items() if c == code) for code in sorted(countries)}
    path.write_text("".join(f"{code}\t{'|'.join(found)}\n" for code, found in spellings.items()), encoding="ascii")


def _is_country(code: str) -> bool:
    return len(code) == len("US") and code.isalpha() and code not in NOT_COUNTRIES


def _clear_winner(count: Counter[str]) -> str | None:
    ranked = count.most_common(2)
    if len(ranked) == 1 or ranked[0][1] >= CLEAR_MAJORITY * ranked[1][1]:
        return ranked[0][0]
    return None


if __name__ == "__main__":
    main()
