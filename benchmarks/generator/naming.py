"""Write a company's name the way a clerk, an old system or an import would: the disturbances of names."""

import re
from random import Random

from benchmarks.generator.companies import Company
from benchmarks.generator.forms import Form
from benchmarks.generator.profiles import Profile, Source
from benchmarks.generator.script import expand_accents, strip_accents, to_latin
from benchmarks.generator.seeds import Seeds

ABBREVIATED = {
    "international": "Intl", "technologies": "Tech", "technology": "Tech", "services": "Svcs", "group": "Grp",
    "holdings": "Hldgs", "holding": "Hldg", "management": "Mgmt", "manufacturing": "Mfg", "industries": "Inds",
    "association": "Assn", "company": "Co", "corporation": "Corp", "systems": "Sys", "development": "Dev",
    "engineering": "Eng", "financial": "Fin", "finance": "Fin", "insurance": "Ins", "investment": "Inv",
    "investments": "Invs", "laboratories": "Labs", "pharmaceuticals": "Pharma", "properties": "Props", "and": "&",
    "national": "Natl", "american": "Amer", "partners": "Ptnrs", "solutions": "Soln", "university": "Univ",
    "communications": "Comm", "construction": "Constr", "distribution": "Distr", "electric": "Elec", "energy": "Engy",
    "logistics": "Log", "resources": "Res", "transport": "Trans", "trading": "Trdg", "north": "N", "south": "S",
}  # fmt: skip
REMARKS = (
    "{} - AP", "{} (inactive)", "{} *do not use*", "{} - {city}", "The {}", "{} / {city}", "{} - HQ", "{} (new)",
    "{} dba {trade}", "{} t/a {trade}", "Attn AP {}", "{}, {city}", "{} (billing)", "{} #{number}",
)  # fmt: skip
NEIGHBOURS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip
FORMER_FORM = re.compile(r"\s+\S+$")


def mistype(rng: Random, text: str) -> str:
    """Return `text` with one slip of the hand: a letter left out, doubled, swapped or replaced by its neighbour."""
    places = [place for place, letter in enumerate(text) if letter.isalpha()]
    if len(places) < 4:
        return text
    at = rng.choice(places[1:])
    kind = rng.random()
    if kind < 0.35:
        return text[:at] + text[at + 1 :]
    if kind < 0.55:
        return text[:at] + text[at] + text[at:]
    if kind < 0.80 and at + 1 < len(text):
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + rng.choice(NEIGHBOURS.get(text[at].lower(), "e")) + text[at + 1 :]


def abbreviate(words: list[str]) -> list[str]:
    """Return the words with each known long word shortened."""
    return [ABBREVIATED.get(word.lower(), word) for word in words]


def join_or_split(rng: Random, words: list[str]) -> list[str]:
    """Return the words with the first two joined, or a long first word split."""
    if len(words) >= 2 and rng.random() < 0.6:
        return [words[0] + words[1].lower(), *words[2:]]
    first = words[0]
    if len(first) < 8:
        return words
    at = rng.randrange(3, len(first) - 3)
    return [first[:at], first[at:].capitalize(), *words[1:]]


class NameWriter:
    """Writes names for one chunk."""

    def __init__(self, profile: Profile, seeds: Seeds, rng: Random) -> None:
        self.profile = profile
        self.rates = profile.records
        self.seeds = seeds
        self.rng = rng

    def write(self, company: Company, source: Source, *, stale: bool) -> tuple[str, bool]:
        """Return the name as `source` has it, and whether it still shows the company's distinctive words."""
        rng, rates = self.rng, self.rates
        if stale and company.former_name:
            text, shows = company.former_name, False
            if rng.random() < rates.form_dropped:
                text = FORMER_FORM.sub("", text)
        else:
            words, shows = self.words(company)
            text = self.with_form(" ".join(words), company.form)
            if rng.random() < rates.word_added:
                text = self.remark(text, company)
        return self.typeset(text, source), shows

    def words(self, company: Company) -> tuple[list[str], bool]:
        """Return the name's words as someone remembers and types them, and whether the distinctive ones show."""
        rng, rates = self.rng, self.rates
        words = company.words()
        qualified = bool(company.qualifier)
        if qualified and rng.random() < rates.qualifier_dropped:
            words = words[:-1]
        if len(words) >= 3 and rng.random() < rates.acronym:
            return ["".join(word[0] for word in words if word[0].isalnum()).upper()], False
        if company.trade and rng.random() < rates.word_dropped:
            del words[len(company.core) + rng.randrange(len(company.trade))]
        if rng.random() < rates.real_misspelling:
            words = [self.misspelt(word) for word in words]
        if rng.random() < rates.typing_error:
            at = rng.randrange(len(words))
            words[at] = mistype(rng, words[at])
        if rng.random() < rates.abbreviated:
            words = abbreviate(words)
        if rng.random() < rates.words_joined:
            words = join_or_split(rng, words)
        return words, True

    def misspelt(self, word: str) -> str:
        """Return the word as once typed on a patent, where that is known."""
        typed = self.seeds.typed_for.get(word.lower())
        return self.rng.choice(typed).capitalize() if typed else word

    def with_form(self, name: str, form: Form) -> str:
        """Return the name with its legal form, another spelling of it, or none."""
        kind = self.rng.random()
        if kind < self.rates.form_dropped:
            return name
        swapped = kind < self.rates.form_dropped + self.rates.form_swapped
        spelling = self.rng.choice(form.variants) if swapped else form.official
        comma = "," if spelling.startswith(("Inc", "LLC")) and self.rng.random() < 0.4 else ""
        return f"{name}{comma} {spelling}"

    def remark(self, name: str, company: Company) -> str:
        """Return the name with something a clerk added."""
        rng = self.rng
        trade = f"{rng.choice(self.seeds.rare_words)} {rng.choice(self.seeds.trade_words)}"
        pattern = rng.choice(REMARKS)
        return pattern.format(name, city=company.address.city, trade=trade, number=rng.randrange(2, 400))

    def typeset(self, text: str, source: Source) -> str:
        """Return the name in the script, case and length that the source has room for."""
        rng, rates = self.rng, self.rates
        if not text.isascii() and rng.random() < rates.transliterated:
            text = to_latin(text) if rng.random() < 0.5 else to_latin(expand_accents(text))
            text = strip_accents(text)
        if source in self.profile.always_capitals or rng.random() < rates.capitals:
            text = text.upper()
        return text[: self.profile.name_limit[source]].rstrip()
