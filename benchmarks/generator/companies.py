"""Invent companies: families of one or several sister companies, each with name, address, contacts and numbers.

Law: a company has its own legal identity. Sisters share an address, phone or domain, never a company; whatever two
companies share is what makes a matcher's work hard, and is a named rate of the profile.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from benchmarks.generator.forms import FORMS, Form, all_spellings
from benchmarks.generator.numbers import NATIONAL, ChunkRandom, digits, mint_duns, mint_lei
from benchmarks.generator.profiles import EntityRates, Profile
from benchmarks.generator.script import to_bulgarian, to_latin
from benchmarks.generator.seeds import Place, Seeds

LOCAL_ENDINGS = {
    "DE": ("technik", "bau", "werke", "haus", "müller", "systeme", "förder"), "FR": ("ique", "eau", "ières", "élec"),
    "IT": ("ini", "ella", "etti", "ità"), "ES": ("ero", "ería", "ales", "ñas"), "SE": ("bolagen", "gård", "ström"),
    "DK": ("gaard", "lund", "sø", "bæk"), "NO": ("vik", "fjord", "bø", "haug"), "CH": ("werk", "bühl", "matt"),
    "NL": ("huis", "beek", "dijk"), "BE": ("huis", "velde", "mont"),
}  # fmt: skip
LOCAL_RATE = 0.35
NAME_KINDS = ("one", "coined", "two", "initials", "founder")
NAME_SHARES = (0.22, 0.38, 0.28, 0.05, 0.07)
QUALIFIERS = (
    "Holdings", "Group", "Services", "International", "Finance", "Properties", "Logistics", "Europe", "North", "South",
    "Trading", "Solutions", "Investments", "(UK)", "(Europe)", "America", "Distribution", "Capital", "Energy",
)  # fmt: skip
NUMERALS = ("II", "III", "IV", "V", "No. 2", "No. 3", "2", "3")
UNITS = {
    "US": ("Suite {}", "Ste {}", "Floor {}", "Unit {}"), "GB": ("Unit {}", "Floor {}", "Suite {}"),
    "DE": ("{}. OG", "Haus {}"), "FR": ("Bât. {}", "étage {}"),
}  # fmt: skip
UNIT_RATE = 0.35
HOUSE_NUMBERS = {"US": (5.4, 1.8), "CA": (5.4, 1.8), "GB": (3.4, 1.0)}  # mean and spread of the logarithm
DOMAIN_ENDINGS = {"US": "com", "GB": "co.uk", "AU": "com.au"}
GENERIC_ENDING_RATE = 0.45
SUFFIX_WORDS = ("group", "online", "hq", "corp", "global")
SHARED_PER_COUNTRY = 40  # agents, and as many service centres; the busiest serves a quarter of their clients
SHARED_WEIGHTS = [1 / rank for rank in range(1, SHARED_PER_COUNTRY + 1)]
NUMBER_BEFORE_STREET = frozenset({"US", "GB", "CA", "AU", "FR"})
FORM_WORDS = all_spellings()
DIALLING = {
    "US": "+1", "CA": "+1", "GB": "+44", "DE": "+49", "FR": "+33", "IT": "+39", "ES": "+34", "NL": "+31", "BE": "+32",
    "SE": "+46", "DK": "+45", "NO": "+47", "CH": "+41", "BG": "+359", "AU": "+61",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """One postal address, as its owner would write it."""

    street: str
    unit: str
    city: str
    region: str
    postcode: str


@dataclass(frozen=True, slots=True)
class Company:
    """One legal entity, as it is: what its records say is another matter."""

    core: tuple[str, ...]
    trade: tuple[str, ...]
    qualifier: str
    form: Form
    country: str
    address: Address
    former_address: Address | None
    former_name: str
    phones: tuple[str, ...]
    domain: str
    has_website: bool
    mailbox_domain: str
    sector: str
    numbers: dict[str, str] = field(default_factory=dict)

    def words(self) -> list[str]:
        """Return the name's words without legal form."""
        return [*self.core, *self.trade, *([self.qualifier] if self.qualifier else [])]


class Inventor:
    """Draws families of companies; a chunk of the output has one of its own, so that chunks can be made apart."""

    def __init__(self, profile: Profile, seeds: Seeds, seed: int, chunk: int, chunks: int) -> None:
        self.profile = profile
        self.rates: EntityRates = profile.entities
        self.seeds = seeds
        self.countries = list(profile.countries)
        self.country_shares = list(profile.countries.values())
        self.recent_names: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        self.used_numbers: set[str] = set()
        # Agents and service centres serve all chunks alike, so they hang on the seed only.
        self.rng = Random(f"{seed} shared")
        self.agents = {country: [self.new_agent(country) for _ in SHARED_WEIGHTS] for country in self.countries}
        self.service_phones = {country: [self.phone(country) for _ in SHARED_WEIGHTS] for country in self.countries}
        self.rng = Random(f"{seed} companies {chunk}")
        self.number_rng = ChunkRandom(seed, chunk, chunks)
        self.real_names = {country: names[chunk::chunks] for country, names in seeds.real_names.items()}
        for country in sorted(self.real_names):
            self.rng.shuffle(self.real_names[country])

    def families(self) -> Iterator[list[Company]]:
        """Yield families without end; the first of each is the parent."""
        while True:
            parent = self.parent()
            family = [parent]
            if self.rng.random() < self.rates.family:
                taken = {parent.qualifier, *parent.words()}
                for _ in range(self.rng.choices((1, 2, 3, 6), (0.5, 0.3, 0.15, 0.05))[0]):
                    sister = self.sister_of(parent, taken)
                    taken.add(sister.qualifier)
                    family.append(sister)
            yield family

    def parent(self) -> Company:
        """Return a company of a new family."""
        rng, rates = self.rng, self.rates
        country = rng.choices(self.countries, self.country_shares)[0]
        core, trade, former_name = self.name(country)
        form = self.form(country)
        domain = self.domain(core, trade, country)
        address = self.address(country)
        numbers = self.numbers(country)
        if not former_name and rng.random() < rates.renamed:
            former_name = self.former_name_of(core, trade, country, form)
        if rng.random() < rates.agent_address:
            address = self.agent_address(country)
        mailbox = "free" if rng.random() < rates.free_mail else domain
        return Company(
            core=core,
            trade=trade,
            qualifier="",
            form=form,
            country=country,
            address=address,
            former_address=self.address(country) if rng.random() < rates.moved else None,
            former_name=former_name,
            phones=self.phones(country),
            domain=self.shared_page(core) if rng.random() < rates.shared_site else domain,
            has_website=rng.random() >= rates.no_website,
            mailbox_domain=mailbox,
            sector=trade[0] if trade else rng.choice(self.seeds.trade_words),
            numbers=numbers,
        )

    def sister_of(self, parent: Company, taken: set[str]) -> Company:
        """Return another company of `parent`'s family: near-equal name, shared address and contacts, own numbers."""
        rng, rates = self.rng, self.rates
        kind = rng.random()
        qualifier = ""
        while not qualifier or qualifier in taken:
            if kind < 0.70:
                qualifier = rng.choice(QUALIFIERS)
            elif kind < 0.88:
                qualifier = rng.choice(self.seeds.places[parent.country]).city
            else:
                qualifier = rng.choice(NUMERALS)
            kind = rng.random()
        numbers = self.numbers(parent.country)
        if rng.random() < rates.shared_vat:
            numbers |= {kind: number for kind, number in parent.numbers.items() if kind in {"vat", "tax_id"}}
        own_domain = self.domain((*parent.core, qualifier), (), parent.country)
        shares_domain = rng.random() < rates.sister_same_domain
        return replace(
            parent,
            trade=parent.trade if rng.random() < 0.6 else (),
            qualifier=qualifier,
            form=parent.form if rng.random() < 0.7 else self.form(parent.country),
            address=parent.address if rng.random() < rates.sister_same_address else self.address(parent.country),
            former_address=None,
            former_name="",
            phones=parent.phones if rng.random() < rates.sister_same_phone else self.phones(parent.country),
            domain=parent.domain if shares_domain else own_domain,
            mailbox_domain=parent.mailbox_domain if shares_domain else own_domain,
            numbers=numbers,
        )

    def name(self, country: str) -> tuple[tuple[str, ...], tuple[str, ...], str]:
        """Return core words, trade words and, where known, the former name of a new family."""
        rng = self.rng
        left = self.real_names.get(country)
        if left and rng.random() < self.rates.real_name:
            return split_real_name(*left.pop())
        if self.recent_names and rng.random() < self.rates.namesake:
            return (*rng.choice(self.recent_names), "")
        core = self.core(country)
        trade = tuple(self.trade(rng.choices((0, 1, 2), (0.25, 0.55, 0.20))[0]))
        if country == "BG":
            core, trade = tuple(map(to_bulgarian, core)), tuple(map(to_bulgarian, trade))
        if rng.random() < 0.05 and len(self.recent_names) < 5000:
            self.recent_names.append((core, trade))
        return core, trade, ""

    def core(self, country: str) -> tuple[str, ...]:
        """Return the distinctive words of a new name."""
        rng, rare = self.rng, self.seeds.rare_words
        kind = rng.choices(NAME_KINDS, NAME_SHARES)[0]
        first, second = rng.choice(rare), rng.choice(rare)
        if kind == "one":
            return (first,)
        if kind == "two":
            return (first, second)
        if kind == "initials":
            return ("".join(rng.choices("ABCDEFGHIJKLMNOPRSTVW", k=rng.choice((2, 3, 3)))), second)
        if kind == "founder":
            return (first, rng.choice(("&", "and")), rng.choice((second, "Sons", "Partners", "Co")))
        if country in LOCAL_ENDINGS and rng.random() < LOCAL_RATE:
            return (first[: rng.randrange(3, 7)] + rng.choice(LOCAL_ENDINGS[country]),)
        return (first[: rng.randrange(3, 6)] + second[-rng.randrange(3, 6) :].lower(),)

    def trade(self, count: int) -> list[str]:
        """Return `count` words that describe a trade."""
        return self.rng.choices(self.seeds.trade_words, self.seeds.trade_shares, k=count)

    def former_name_of(self, core: tuple[str, ...], trade: tuple[str, ...], country: str, form: Form) -> str:
        """Return the name a company bore before: half of them kept part of it."""
        if self.rng.random() < 0.5:
            kept, fresh = core, tuple(self.trade(1))
        else:
            kept, fresh = self.core(country), trade
        if country == "BG":
            kept, fresh = tuple(map(to_bulgarian, kept)), tuple(map(to_bulgarian, fresh))
        return " ".join([*kept, *fresh, form.official])

    def form(self, country: str) -> Form:
        """Return a legal form of `country`, as often as it is seen there."""
        forms = FORMS[country]
        return self.rng.choices(forms, [form.share for form in forms])[0]

    def address(self, country: str) -> Address:
        """Return a fresh address: real street names and towns of the country, in new combinations."""
        rng = self.rng
        place = rng.choice(self.seeds.places[country])
        street = rng.choice(self.seeds.streets[country])
        number = str(1 + int(rng.lognormvariate(*HOUSE_NUMBERS.get(country, HOUSE_NUMBERS["GB"]))))
        line = f"{number} {street}" if country in NUMBER_BEFORE_STREET else f"{street} {number}"
        unit = ""
        if rng.random() < UNIT_RATE:
            unit = rng.choice(UNITS.get(country, UNITS["GB"])).format(
                rng.choice((rng.randrange(1, 9), rng.randrange(100, 900)))
            )
        return Address(line, unit, place.city, place.region, self.nearby(place, country))

    def nearby(self, place: Place, country: str) -> str:
        """Return a postcode of the same area, so that towns with few organisations in the seed have several."""
        rng, code = self.rng, place.postcode
        if country == "GB" and len(code) > 5:
            return f"{code[:-2]}{rng.choice('ABDEFGHJLNPQRSTUWXYZ')}{rng.choice('ABDEFGHJLNPQRSTUWXYZ')}"
        if country == "US":
            return code[:5][:-1] + rng.choice("0123456789")
        if code[-1].isdigit() and country != "CA":
            return code[:-1] + rng.choice("0123456789")
        return code

    def agent_address(self, country: str) -> Address:
        """Return one of the few addresses at which formation agents register many companies."""
        return self.rng.choices(self.agents[country], SHARED_WEIGHTS)[0]

    def new_agent(self, country: str) -> Address:
        """Return the address of one more formation agent."""
        return replace(self.address(country), unit=f"c/o {self.rng.choice(self.seeds.rare_words)} Registrars")

    def phones(self, country: str) -> tuple[str, ...]:
        """Return one or two phones in international form."""
        rng = self.rng
        if rng.random() < self.rates.service_phone:
            return tuple(rng.choices(self.service_phones[country], SHARED_WEIGHTS))
        count = 1 + (rng.random() < self.rates.second_phone)
        return tuple(self.phone(country) for _ in range(count))

    def phone(self, country: str) -> str:
        """Return a phone with a plausible area code."""
        rng, prefix = self.rng, DIALLING[country]
        if prefix == "+1":
            return (
                f"+1{rng.choice('2345679')}{rng.randrange(2, 99):02d}{rng.choice('23456789')}{rng.randrange(10**6):06d}"
            )
        if country == "GB":
            return f"+44{rng.choice(('20', '121', '161', '113', '141', '1273', '1752'))}{digits(rng, 8)}"[:13]
        national = {"DE": 10, "FR": 9, "IT": 9, "ES": 9, "NL": 9, "BE": 8, "SE": 9, "DK": 8, "NO": 8, "CH": 9, "BG": 8}
        lead = {"FR": "1", "IT": "0", "ES": "9", "AU": "2", "BG": "2", "CH": "4", "SE": "8", "NL": "20"}.get(
            country, ""
        )
        return prefix + lead + digits(rng, national.get(country, 9) - len(lead))

    def domain(self, core: tuple[str, ...], trade: tuple[str, ...], country: str) -> str:
        """Return a domain made of the name, as companies choose them."""
        rng = self.rng
        words = [re.sub(r"[^a-z0-9]", "", to_latin(word).lower()) for word in core]
        stem = "".join(words)[:24] or "company"
        style = rng.random()
        if style < 0.25 and trade:
            stem += re.sub(r"[^a-z0-9]", "", to_latin(trade[0]).lower())[:12]
        elif style < 0.35:
            stem = "-".join(word for word in words if word)[:24]
        elif style < 0.45 or len(stem) < 5:
            stem += rng.choice(SUFFIX_WORDS)
        ending = "com" if rng.random() < GENERIC_ENDING_RATE else DOMAIN_ENDINGS.get(country, country.lower())
        return f"{stem}.{ending}"

    def shared_page(self, core: tuple[str, ...]) -> str:
        """Return the address of a page on a platform that many companies share."""
        page = re.sub(r"[^a-z0-9]", "", to_latin("".join(core)).lower())
        return self.rng.choice((f"facebook.com/{page}", f"{page}.wixsite.com/home", f"linkedin.com/company/{page}"))

    def numbers(self, country: str) -> dict[str, str]:
        """Return the identifiers of a new legal entity."""
        rng = self.number_rng
        while True:
            numbers = NATIONAL[country](rng)
            # A German register number is one court's only, so two companies may share it.
            exclusive = {number for number in numbers.values() if not number.startswith("HRB")}
            if self.used_numbers.isdisjoint(exclusive):
                break
        self.used_numbers |= exclusive
        numbers["duns"] = mint_duns(rng)
        if self.rng.random() < self.rates.has_lei:
            numbers["lei"] = mint_lei(rng)
        return numbers


def split_real_name(name: str, former: str) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Return core, trade words and former name of a real organisation; its legal form is left to the generator."""
    words = name.replace(",", " ").split()
    while len(words) > 1 and words[-1].lower().replace(".", "") in FORM_WORDS | {"&"}:
        words.pop()
    if name.isupper():
        words = [word if len(word) <= 3 else word[:1] + word[1:].lower() for word in words]
    core = max(1, min(2, len(words) - 1))
    return tuple(words[:core]), tuple(words[core:]), former
