"""The two profiles: which countries, fields, errors and rates. Fixed before the engine was tuned; never fit to it.

A rate is the share of what its comment names. `python -m benchmarks.generator --rates` prints them all for the README.
"""

from dataclasses import dataclass, field, fields
from typing import Literal

Source = Literal["crm", "billing", "erp"]
SOURCES: tuple[Source, ...] = ("crm", "billing", "erp")


def of(what: str) -> float:
    """Return a required field that carries what its rate is a share of."""
    return field(metadata={"of": what})  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class EntityRates:
    """What kinds of companies there are."""

    real_name: float = of("families named as a real organisation, while the seed lasts")
    family: float = of("families with sister companies")
    sister_same_address: float = of("sisters at their parent's address")
    sister_same_phone: float = of("sisters with their parent's phone")
    sister_same_domain: float = of("sisters with their parent's domain")
    namesake: float = of("families whose name another, unrelated family has too")
    renamed: float = of("companies that were renamed in the last three years")
    moved: float = of("companies that moved in the last three years")
    agent_address: float = of("companies registered at an agent's address")
    service_phone: float = of("companies reached through a shared service centre's phone")
    free_mail: float = of("companies that write from a free-mail address")
    no_website: float = of("companies without a website")
    shared_site: float = of("companies whose website is a page on a shared platform")
    second_phone: float = of("companies with a second phone")
    has_lei: float = of("companies with an LEI")
    shared_vat: float = of("sisters that use their parent's VAT or tax number")


@dataclass(frozen=True, kw_only=True)
class RecordRates:
    """What goes wrong on the way into a source system, per record unless said."""

    stale: float = of(
        "records three years old that show the former name and address; younger ones in proportion to their age"
    )
    former_names_kept: float = of("up-to-date records of a renamed company that list the former name")
    form_swapped: float = of("names with another spelling of the legal form")
    form_dropped: float = of("names without legal form")
    real_misspelling: float = of("names whose misspelling was seen on a patent, where the name has such a word")
    typing_error: float = of("names with a typing error")
    abbreviated: float = of("names with an abbreviated word")
    word_dropped: float = of("names that lost a descriptive word")
    word_added: float = of("names with a clerk's remark, trade name or branch")
    words_joined: float = of("names with two words joined or one split")
    acronym: float = of("names written as an acronym, where they have three words")
    qualifier_dropped: float = of("sister companies' names without what sets them apart")
    transliterated: float = of("names and streets whose accents or script were transliterated")
    capitals: float = of("names in capitals, outside the source that always does so")
    street_abbreviated: float = of("streets with an abbreviation")
    street_mistyped: float = of("streets or cities with a typing error")
    unit_dropped: float = of("streets without the floor or suite they should have")
    post_box: float = of("addresses given as a post box")
    postcode_spoiled: float = of("postcodes mistyped or stripped of a leading zero")
    phone_mistyped: float = of("phones with a wrong digit")
    number_corrupted: float = of("identifiers with corrupted digits")
    number_typeset: float = of("identifiers not written bare")
    placeholder: float = of("optional values replaced by a placeholder")
    tool_mailbox: float = of("e-mails that belong to a payment tool")


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One world: its countries, how often a source knows a field, and all rates."""

    name: str
    about: str
    countries: dict[str, float]
    records_per_entity: dict[int, float]
    source_shares: dict[Source, float]
    presence: dict[Source, dict[str, float]]
    name_limit: dict[Source, int]
    always_capitals: frozenset[Source]
    one_line_address: frozenset[Source]
    entities: EntityRates
    records: RecordRates

    def rates(self) -> dict[str, tuple[float, str]]:
        """Return every rate by name with what it is a share of."""
        groups = (self.entities, self.records)
        return {f.name: (getattr(group, f.name), f.metadata["of"]) for group in groups for f in fields(group)}


PROFILE_A = Profile(
    name="A",
    about="Many identifiers, each withheld at random; English, German, French and Italian names.",
    countries={"US": 0.46, "GB": 0.20, "DE": 0.12, "FR": 0.07, "CA": 0.06, "AU": 0.05, "IT": 0.04},
    records_per_entity={1: 0.30, 2: 0.26, 3: 0.24, 4: 0.11, 5: 0.06, 6: 0.03},
    source_shares={"crm": 0.38, "billing": 0.30, "erp": 0.32},
    presence={
        "crm": {
            "street": 0.80, "city": 0.88, "region": 0.70, "postcode": 0.80, "country": 0.95, "phone": 0.70,
            "website": 0.65, "email": 0.30, "duns": 0.35, "sector": 0.50,
        },
        "billing": {
            "street": 0.85, "city": 0.92, "postcode": 0.90, "country": 0.97, "phone": 0.30, "email": 0.85,
            "vat": 0.50, "tax_id": 0.35, "former_names": 0.0,
        },
        "erp": {
            "street": 0.95, "city": 0.97, "region": 0.60, "postcode": 0.95, "country": 1.0, "phone": 0.50,
            "vat": 0.60, "tax_id": 0.55, "register_no": 0.50, "lei": 0.50, "duns": 0.25,
        },
    },
    name_limit={"crm": 255, "billing": 100, "erp": 35},
    always_capitals=frozenset({"erp"}),
    one_line_address=frozenset(),
    entities=EntityRates(
        real_name=0.15, family=0.12, sister_same_address=0.65, sister_same_phone=0.55, sister_same_domain=0.80,
        namesake=0.02, renamed=0.10, moved=0.14, agent_address=0.03, service_phone=0.03, free_mail=0.08,
        no_website=0.12, shared_site=0.02, second_phone=0.20, has_lei=0.30, shared_vat=0.06,
    ),
    records=RecordRates(
        stale=0.70, former_names_kept=0.15, form_swapped=0.28, form_dropped=0.17, real_misspelling=0.10,
        typing_error=0.07, abbreviated=0.16, word_dropped=0.06, word_added=0.07, words_joined=0.04, acronym=0.03,
        qualifier_dropped=0.02, transliterated=0.45, capitals=0.08, street_abbreviated=0.40, street_mistyped=0.05,
        unit_dropped=0.35, post_box=0.03, postcode_spoiled=0.03, phone_mistyped=0.015, number_corrupted=0.02,
        number_typeset=0.35, placeholder=0.02, tool_mailbox=0.03,
    ),
)  # fmt: skip

PROFILE_B = Profile(
    name="B",
    about="Few identifiers, one-line addresses in the CRM; Nordic, Swiss, Iberian, Low Countries' and Bulgarian names.",
    countries={
        "US": 0.34, "GB": 0.16, "SE": 0.10, "DK": 0.07, "NO": 0.07, "CH": 0.07, "NL": 0.06, "BE": 0.04, "ES": 0.05,
        "BG": 0.04,
    },
    records_per_entity={1: 0.38, 2: 0.22, 3: 0.18, 4: 0.11, 5: 0.07, 6: 0.04},
    source_shares={"crm": 0.46, "billing": 0.32, "erp": 0.22},
    presence={
        "crm": {
            "street": 0.70, "city": 0.90, "region": 0.40, "postcode": 0.75, "country": 0.80, "phone": 0.75,
            "website": 0.55,
        },
        "billing": {
            "street": 0.80, "city": 0.90, "region": 0.60, "postcode": 0.90, "country": 0.95, "email": 0.75, "vat": 0.30,
        },
        "erp": {
            "street": 0.95, "city": 0.97, "postcode": 0.95, "country": 1.0, "phone": 0.55, "vat": 0.45, "tax_id": 0.30,
            "register_no": 0.55, "former_names": 1.0, "website": 0.20,
        },
    },
    name_limit={"crm": 160, "billing": 40, "erp": 70},
    always_capitals=frozenset(),
    one_line_address=frozenset({"crm"}),
    entities=EntityRates(
        real_name=0.08, family=0.16, sister_same_address=0.75, sister_same_phone=0.45, sister_same_domain=0.70,
        namesake=0.03, renamed=0.07, moved=0.18, agent_address=0.05, service_phone=0.02, free_mail=0.12,
        no_website=0.20, shared_site=0.04, second_phone=0.30, has_lei=0.0, shared_vat=0.10,
    ),
    records=RecordRates(
        stale=0.60, former_names_kept=0.30, form_swapped=0.22, form_dropped=0.30, real_misspelling=0.05,
        typing_error=0.10, abbreviated=0.10, word_dropped=0.09, word_added=0.10, words_joined=0.05, acronym=0.02,
        qualifier_dropped=0.03, transliterated=0.35, capitals=0.15, street_abbreviated=0.30, street_mistyped=0.08,
        unit_dropped=0.50, post_box=0.05, postcode_spoiled=0.05, phone_mistyped=0.03, number_corrupted=0.03,
        number_typeset=0.25, placeholder=0.04, tool_mailbox=0.02,
    ),
)  # fmt: skip

PROFILES = {profile.name: profile for profile in (PROFILE_A, PROFILE_B)}


def rates_table() -> str:
    """Return a Markdown table of every rate of both profiles."""
    lines = ["| rate | A | B | share of |", "| --- | --- | --- | --- |"]
    other = PROFILE_B.rates()
    for name, (value, what) in PROFILE_A.rates().items():
        lines.append(f"| `{name}` | {value:g} | {other[name][0]:g} | {what} |")
    return "\n".join(lines)
