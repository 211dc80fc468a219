"""Write a company down the way one source system has it: stale, abbreviated, mistyped, with holes.

Law: nearly every record keeps a trace of its company: its name, street, phone, domain or a sound number. Where all
would be lost, the name stays.
"""

from datetime import UTC, datetime, timedelta
from random import Random

from benchmarks.generator.companies import DIALLING, Address, Company
from benchmarks.generator.naming import NameWriter, mistype
from benchmarks.generator.numbers import spoil_number, typeset_number
from benchmarks.generator.profiles import Profile, Source
from benchmarks.generator.script import strip_accents, to_latin
from benchmarks.generator.seeds import Seeds

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REMEMBERED_DAYS = 3 * 365
STREET_WORDS = {
    "Street": "St", "Road": "Rd", "Avenue": "Ave", "Boulevard": "Blvd", "Drive": "Dr", "Lane": "Ln", "Place": "Pl",
    "Square": "Sq", "Court": "Ct", "Parkway": "Pkwy", "Highway": "Hwy", "North": "N", "South": "S", "East": "E",
    "West": "W", "straße": "str.", "Straße": "Str.", "strasse": "str.", "avenue": "av.", "boulevard": "bd",
    "gatan": "g.", "Calle": "C/", "Avenida": "Avda.", "Via": "V.", "vägen": "v.", "straat": "str.",
}  # fmt: skip
COUNTRY_NAMES = {
    "US": ("United States", "USA", "United States of America"), "GB": ("United Kingdom", "UK", "Great Britain"),
    "DE": ("Germany", "Deutschland"), "FR": ("France",), "IT": ("Italy", "Italia"), "ES": ("Spain", "España"),
    "NL": ("Netherlands", "Nederland", "The Netherlands"), "BE": ("Belgium", "België"), "SE": ("Sweden", "Sverige"),
    "DK": ("Denmark", "Danmark"), "NO": ("Norway", "Norge"), "CH": ("Switzerland", "Schweiz"),
    "BG": ("Bulgaria", "България"), "AU": ("Australia",), "CA": ("Canada",),
}  # fmt: skip
CURRENCIES = {
    "US": "USD", "GB": "GBP", "SE": "SEK", "DK": "DKK", "NO": "NOK", "CH": "CHF", "BG": "EUR", "AU": "AUD", "CA": "CAD",
}  # fmt: skip
FREE_MAIL = ("gmail.com", "outlook.com", "yahoo.com", "hotmail.com", "gmx.net", "icloud.com")
MAILBOXES = ("ap", "accounts", "info", "billing", "finance", "office", "purchasing", "invoices", "contact", "admin")
TOOL_MAILBOXES = ("invoices@billtrail.com", "ap@payables-portal.com", "noreply@vendordesk.net")
PLACEHOLDERS = {
    "phone": ("0000000000", "999-999-9999", "N/A", "+1 111 111 1111"),
    "email": ("test@test.com", "noemail@example.com", "none", "n/a@n/a.com"),
    "website": ("n/a", "www.none.com", "http://"),
    "vat": ("000000000", "N/A", "exempt", "pending"), "tax_id": ("000000000", "123456789", "N/A", "999999999"),
    "register_no": ("0", "unknown", "00000000"), "duns": ("000000000", "N/A"), "lei": ("N/A", "pending"),
    "street": ("unknown", ".", "same as above", "TBD"), "city": ("unknown", "N/A"), "postcode": ("00000", "99999"),
}  # fmt: skip
NUMBER_KINDS = ("vat", "tax_id", "register_no", "lei", "duns")
TERMS = ("NET30", "NET45", "NET60", "PREPAY")


class RecordWriter:
    """Writes the records of one chunk."""

    def __init__(self, profile: Profile, seeds: Seeds, rng: Random) -> None:
        self.profile = profile
        self.rates = profile.records
        self.rng = rng
        self.names = NameWriter(profile, seeds, rng)

    def write(self, company: Company, source: Source) -> dict[str, str]:
        """Return one record of `company` in `source`: canonical attribute to text, absent where the source has none."""
        rng = self.rng
        modified_at = NOW - timedelta(seconds=int(rng.random() ** 1.5 * REMEMBERED_DAYS * 86400))
        stale = rng.random() < (NOW - modified_at).days / REMEMBERED_DAYS and rng.random() < self.rates.stale
        name, shows_name = self.names.write(company, source, stale=stale)
        values = {"name": name}
        moved = stale and company.former_address is not None
        address = company.former_address if moved and company.former_address else company.address
        values |= self.address(address, company)
        values |= self.contacts(company)
        values |= self.numbers(company)
        if company.former_name and not stale and rng.random() < self.rates.former_names_kept:
            values["former_names"] = company.former_name
        kept = self.withhold(values, source)
        if not shows_name and not self.has_trace(kept, company, moved=moved):
            kept["name"] = self.names.typeset(" ".join([*company.words(), company.form.official]), source)
        if source in self.profile.one_line_address:
            fold_address(kept)
        kept["country"] = kept.get("country", "")
        kept["modified_at"] = modified_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        kept["currency"] = CURRENCIES.get(company.country, "EUR")
        kept["payment_terms"] = rng.choice(TERMS)
        kept["sector"] = company.sector
        return kept

    def withhold(self, values: dict[str, str], source: Source) -> dict[str, str]:
        """Return what the source knows of `values`; some of it is a placeholder."""
        rng, presence = self.rng, self.profile.presence[source]
        kept = {"name": values["name"]}
        for attribute, share in presence.items():
            value = values.get(attribute, "")
            if value and rng.random() < share:
                if attribute in PLACEHOLDERS and rng.random() < self.rates.placeholder:
                    value = rng.choice(PLACEHOLDERS[attribute])
                kept[attribute] = value
        return kept

    def has_trace(self, kept: dict[str, str], company: Company, *, moved: bool) -> bool:
        """Tell whether anything but the name still points to `company`."""
        if not moved and "street" in kept and kept["street"] not in PLACEHOLDERS["street"]:
            return True
        if kept.get("phone") and kept["phone"] not in PLACEHOLDERS["phone"]:
            return True
        shown = (kept.get("website", ""), kept.get("email", ""))
        return any(company.domain in value for value in shown) or any(kept.get(kind) for kind in NUMBER_KINDS)

    def address(self, address: Address, company: Company) -> dict[str, str]:
        """Return the address as typed."""
        rng, rates = self.rng, self.rates
        street, city, postcode = address.street, address.city, address.postcode
        if rng.random() < rates.street_abbreviated:
            for long, short in STREET_WORDS.items():
                if long in street:
                    street = street.replace(long, short)
                    break
        if rng.random() < rates.street_mistyped:
            street, city = (mistype(rng, street), city) if rng.random() < 0.7 else (street, mistype(rng, city))
        if address.unit and rng.random() >= rates.unit_dropped:
            street = self.with_unit(street, address.unit)
        if rng.random() < rates.post_box:
            street = f"PO Box {rng.randrange(10, 9999)}"
        if not (street + city).isascii() and rng.random() < rates.transliterated:
            street, city = strip_accents(to_latin(street)), strip_accents(to_latin(city))
        if rng.random() < rates.postcode_spoiled:
            postcode = postcode.lstrip("0") if postcode[0] == "0" else mistype_digit(rng, postcode)
        if rng.random() < rates.capitals:
            street, city = street.upper(), city.upper()
        country = rng.choice(COUNTRY_NAMES[company.country])
        return {"street": street, "city": city, "region": address.region, "postcode": postcode, "country": country}

    def with_unit(self, street: str, unit: str) -> str:
        """Return street and unit in one line, an agent's name in front."""
        return f"{unit}, {street}" if unit.startswith("c/o") or self.rng.random() < 0.3 else f"{street}, {unit}"

    def contacts(self, company: Company) -> dict[str, str]:
        """Return phone, website and e-mail as typed."""
        rng, rates = self.rng, self.rates
        phone = rng.choice(company.phones)
        if rng.random() < rates.phone_mistyped:
            phone = mistype_digit(rng, phone)
        website = ""
        if company.has_website:
            pattern = rng.choice(("http://www.{}", "https://www.{}", "www.{}", "{}", "https://{}/en", "http://{}/"))
            website = pattern.format(company.domain)
        return {
            "phone": typeset_phone(rng, phone, company.country),
            "website": website,
            "email": self.email(company),
        }

    def email(self, company: Company) -> str:
        """Return a role's mailbox, never a person's."""
        rng = self.rng
        if rng.random() < self.rates.tool_mailbox:
            return rng.choice(TOOL_MAILBOXES)
        stem = company.domain.split("/")[-1].split(".")[0]
        if company.mailbox_domain == "free":
            provider = FREE_MAIL[len(stem) % len(FREE_MAIL)]
            return f"{stem}{rng.choice(('', '.ap', '.office'))}@{provider}"
        return f"{rng.choice(MAILBOXES)}@{company.mailbox_domain}"

    def numbers(self, company: Company) -> dict[str, str]:
        """Return the identifiers as typed; some are corrupted."""
        rng, rates = self.rng, self.rates
        shown = {}
        for kind, number in company.numbers.items():
            typed = spoil_number(rng, number) if rng.random() < rates.number_corrupted else number
            shown[kind] = typeset_number(rng, typed) if rng.random() < rates.number_typeset else typed
        return shown


def fold_address(values: dict[str, str]) -> None:
    """Put the whole address into the street's one line, as some systems keep it."""
    parts = [values.pop(attribute, "") for attribute in ("street", "city")]
    tail = " ".join(part for part in (values.pop("region", ""), values.pop("postcode", "")) if part)
    line = ", ".join(part for part in [*parts, tail] if part)
    if line:
        values["street"] = line


def mistype_digit(rng: Random, text: str) -> str:
    """Return `text` with its last or last but one digit changed."""
    places = [place for place, letter in enumerate(text) if letter.isdigit()][-2:]
    if not places:
        return text
    at = rng.choice(places)
    return text[:at] + str((int(text[at]) + rng.randrange(1, 10)) % 10) + text[at + 1 :]


def typeset_phone(rng: Random, phone: str, country: str) -> str:
    """Return an international phone as people write it."""
    prefix = DIALLING[country]
    national = phone[len(prefix) :]
    style = rng.random()
    if style < 0.25:
        return phone
    if prefix == "+1":
        area, exchange, line = national[:3], national[3:6], national[6:]
        styles = (f"({area}) {exchange}-{line}", f"{area}-{exchange}-{line}", f"{area}.{exchange}.{line}", national)
        return rng.choice(styles) + (f" x{rng.randrange(10, 999)}" if style > 0.95 else "")
    if style < 0.55:
        return f"{prefix} {national[:2]} {national[2:]}"
    trunk = "" if country in {"DK", "NO", "ES", "IT"} else "0"
    if style < 0.85:
        return f"{trunk}{national[:3]} {national[3:]}"
    return f"{prefix.replace('+', '00')}{national}"
