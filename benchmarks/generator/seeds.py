"""Take the seed apart: which words name a company, which describe it, and where companies are."""

import csv
import gzip
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from benchmarks.generator.forms import all_spellings

SEED_FOLDER = Path(__file__).resolve().parent.parent / "seed"
COMMON_FROM = 12  # a word of so many names describes a trade rather than names a company
RARE_TO = 4
WORD = re.compile(r"[A-Za-z][A-Za-z'&-]*")
NOT_A_TOWN = re.compile(
    r"\b(england|united kingdom|house|park|way|road|street|lane|estate|centre|court|avenue|building|works|floor)\b",
    re.IGNORECASE,
)
NUMBERED_STREET = re.compile(r"^\d+[A-Za-z]?(?:\s?-\s?\d+[A-Za-z]?)? ([A-Za-z][A-Za-z'. -]{3,30})$")
NOT_A_STREET = re.compile(r"\b(suite|ste|floor|unit|box|house|building|c/o|attn|th)\b", re.IGNORECASE)
PUBLIC_BODIES = frozenset(
    {"the", "and", "for", "council", "trust", "university", "school", "academy", "association", "publ", "societe"}
)

# Street names outside the English-speaking seed: the usual ones of each country, written from common knowledge.
STREETS_ELSEWHERE = {
    "DE": "Hauptstraße|Bahnhofstraße|Schillerstraße|Goethestraße|Lindenstraße|Gartenstraße|Industriestraße|Ringstraße|"
    "Bergstraße|Mühlenweg|Am Güterbahnhof|Königsallee|Münchner Straße|Jägerstraße|Kölner Straße|Dürerplatz|"
    "Siemensstraße|Daimlerstraße|Robert-Bosch-Straße|Max-Planck-Straße|Grüner Weg|An der Brücke|Rathausplatz",
    "FR": "rue de la République|avenue des Champs-Élysées|rue Victor Hugo|boulevard Gambetta|rue de l'Église|"
    "avenue Jean Jaurès|rue Pasteur|quai de la Rapée|rue du Général de Gaulle|allée des Érables|rue de la Gare|"
    "place du Marché|chemin des Vignes|route de Genève|cours Lafayette|impasse des Lilas|rue Molière",
    "IT": "Via Roma|Via Garibaldi|Corso Italia|Via Mazzini|Viale della Libertà|Piazza Cavour|Via Dante|Via Verdi|"
    "Corso Vittorio Emanuele II|Via XX Settembre|Via dell'Industria|Via Galileo Galilei|Strada Statale",
    "SE": "Storgatan|Drottninggatan|Kungsgatan|Västra Hamngatan|Östra Järnvägsgatan|Industrigatan|Skolgatan|"
    "Björkvägen|Sveavägen|Norra Vallgatan|Åsögatan|Hantverkargatan|Mölndalsvägen|Ängsgatan",
    "DK": "Hovedgaden|Vestergade|Østergade|Nørregade|Søndergade|Strandvejen|Industrivej|Algade|Jernbanegade|"
    "Åboulevarden|Kirkevej|Møllevej|Skovvej|Havnegade",
    "NO": "Storgata|Kirkegata|Karl Johans gate|Strandgata|Industriveien|Drammensveien|Sjøgata|Østre Strandgate|"
    "Fjordgata|Bjørnstjerne Bjørnsons gate|Havneveien|Tollbugata",
    "CH": "Bahnhofstrasse|Seestrasse|Hauptstrasse|Industriestrasse|Zürcherstrasse|Rue du Rhône|Rue du Lac|"
    "Chemin des Crêts|Dorfstrasse|Bundesplatz|Baarerstrasse|Route de Berne",
    "NL": "Dorpsstraat|Kerkstraat|Stationsweg|Hoofdstraat|Molenweg|Industrieweg|Keizersgracht|Schoolstraat|Havenstraat|"
    "Julianalaan|Nieuwe Gracht|Burgemeester van Tuyllkade|'s-Gravelandseweg",
    "BE": "Kerkstraat|Stationsstraat|Nieuwstraat|Rue de la Loi|Avenue Louise|Chaussée de Wavre|Molenstraat|"
    "Brusselsesteenweg|Rue Neuve|Leuvensesteenweg|Place Saint-Géry",
    "ES": "Calle Mayor|Calle de Alcalá|Avenida de la Constitución|Paseo de la Castellana|Calle Real|Gran Vía|"
    "Calle del Olmo|Plaza de España|Avenida Diagonal|Carrer de Aragó|Calle Sevilla|Polígono Industrial El Álamo",
    "BG": "ул. Иван Вазов|бул. Витоша|ул. Шипка|бул. България|ул. Граф Игнатиев|бул. Цариградско шосе|ул. Опълченска|"
    "ул. Христо Ботев|ул. Раковски|ул. Пирин",
}
BULGARIAN_CITIES = [("София", "1000"), ("Пловдив", "4000"), ("Варна", "9000"), ("Бургас", "8000"), ("Русе", "7000")]


@dataclass(frozen=True, slots=True)
class Place:
    """A town as an address names it."""

    city: str
    region: str
    postcode: str


@dataclass(frozen=True)
class Seeds:
    """What the generator draws from, all in a fixed order."""

    real_names: dict[str, list[tuple[str, str]]]  # by country: name and latest former name, "" without
    rare_words: list[str]
    trade_words: list[str]
    trade_shares: list[float]
    places: dict[str, list[Place]]
    streets: dict[str, list[str]]
    typed_for: dict[str, list[str]]  # by meant word: what was typed on patents


def title(word: str) -> str:
    """Return a word as company names print it; short capitals stay."""
    return word if word.isupper() and len(word) <= 3 else word[:1].upper() + word[1:].lower()


def count_words(rows: list[dict[str, str]]) -> tuple[list[str], Counter[str]]:
    """Return the rare words in order, and how often each word of a trade occurs."""
    forms = all_spellings() | PUBLIC_BODIES
    counts = Counter(word for row in rows for word in {w.lower() for w in WORD.findall(row["name"])})
    usable = {word: often for word, often in counts.items() if word not in forms and word.isalpha() and len(word) > 3}
    rare = sorted(title(word) for word, often in usable.items() if often <= RARE_TO and len(word) <= 11)
    # Sorted, because the order of a set of words differs from process to process.
    trade = Counter({title(word): usable[word] for word in sorted(usable) if usable[word] >= COMMON_FROM})
    return rare, trade


def places_of(rows: list[dict[str, str]]) -> dict[str, list[Place]]:
    """Return the towns by country, as often as organisations sit there."""
    places = defaultdict(list)
    for row in rows:
        city = row["city"]
        if not city and row["country"] == "GB":
            parts = [part.strip() for part in row["street"].split(",")]
            inner = [p for p in parts[1:-1] if p.replace(" ", "").isalpha() and not NOT_A_TOWN.search(p)]
            city = inner[0] if inner else ""
        # A region outside these countries is a foreign address, or the SEC's own code.
        if row["region"] and row["country"] not in {"US", "CA", "AU", "IT", "GB"}:
            continue
        if city and len(city) < 30 and row["postcode"]:
            places[row["country"]].append(Place(title_words(city), row["region"], row["postcode"]))
    places["BG"] = [Place(city, "", postcode) for city, postcode in BULGARIAN_CITIES]
    return dict(places)


def title_words(text: str) -> str:
    """Return each word of `text` in title case."""
    return " ".join(part[:1].upper() + part[1:].lower() for part in text.split())


def streets_of(rows: list[dict[str, str]]) -> dict[str, list[str]]:
    """Return street names by country, without house number, suite or floor."""
    streets: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for part in row["street"].split(","):
            found = NUMBERED_STREET.match(part.strip())
            if found and not NOT_A_STREET.search(found[1]):
                streets[row["country"]].add(title_words(found[1].strip(" .")))
    by_country = {country: sorted(names) for country, names in streets.items() if country in {"US", "GB"}}
    by_country["CA"] = by_country["US"][::3]
    by_country["AU"] = by_country["GB"][::3]
    by_country.update((country, names.split("|")) for country, names in STREETS_ELSEWHERE.items())
    return by_country


def read_misspellings(path: Path) -> dict[str, list[str]]:
    """Return what was typed for each word that was meant."""
    typed = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            typed[row["meant"]].append(row["typed"])
    return dict(typed)


@lru_cache(maxsize=1)
def load_seeds() -> Seeds:
    """Return the committed seed, read once per process."""
    with gzip.open(SEED_FOLDER / "organisations.csv.gz", "rt", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rare, trade = count_words(rows)
    real_names = defaultdict(list)
    for row in rows:
        former = row["former_or_alt_names"].split(" | ")[0]
        real_names[row["country"]].append((row["name"], former))
    return Seeds(
        real_names=dict(real_names),
        rare_words=rare,
        trade_words=list(trade),
        trade_shares=[often**0.7 for often in trade.values()],
        places=places_of(rows),
        streets=streets_of(rows),
        typed_for=read_misspellings(SEED_FOLDER / "misspellings.csv"),
    )
