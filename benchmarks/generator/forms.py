"""Legal forms per country: how often each is seen, its official spelling, and how else people write it.

Chosen by hand from ISO 20275 (GLEIF's list) and the aliases of opensanctions/rigour (MIT).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """One legal form: its share among its country's companies, official spelling and variants."""

    share: float
    official: str
    variants: tuple[str, ...]
    leads: bool = False  # written before the name


FORMS: dict[str, tuple[Form, ...]] = {
    "US": (
        Form(0.40, "Inc.", ("Inc", "Incorporated", "INC.", "Corp.", "Inc. (DE)")),
        Form(0.35, "LLC", ("L.L.C.", "Limited Liability Company", "LLC.", "Ltd. Liability Co.")),
        Form(0.15, "Corp.", ("Corporation", "Corp", "Inc.")),
        Form(0.05, "LP", ("L.P.", "Limited Partnership", "LLP")),
        Form(0.05, "Co.", ("Company", "Co")),
    ),
    "GB": (
        Form(0.80, "Limited", ("Ltd", "Ltd.", "LTD", "Private Limited Company", "Limted")),
        Form(0.10, "PLC", ("plc", "P.L.C.", "Public Limited Company")),
        Form(0.10, "LLP", ("L.L.P.", "Limited Liability Partnership")),
    ),
    "DE": (
        Form(0.70, "GmbH", ("G.m.b.H.", "Gesellschaft mit beschränkter Haftung", "Gmbh", "mbH")),
        Form(0.12, "AG", ("Aktiengesellschaft", "A.G.")),
        Form(0.18, "GmbH & Co. KG", ("GmbH & Co KG", "GmbH und Co. KG", "GmbH + Co. KG", "KG")),
    ),
    "FR": (
        Form(0.45, "SAS", ("S.A.S.", "Société par actions simplifiée")),
        Form(0.30, "SARL", ("S.A.R.L.", "Sarl", "Société à responsabilité limitée")),
        Form(0.25, "SA", ("S.A.", "Société anonyme")),
    ),
    "IT": (
        Form(0.65, "S.r.l.", ("SRL", "Srl", "Società a responsabilità limitata")),
        Form(0.35, "S.p.A.", ("SPA", "SpA", "Società per azioni")),
    ),
    "ES": (
        Form(0.70, "S.L.", ("SL", "Sociedad Limitada", "S.L.U.")),
        Form(0.30, "S.A.", ("SA", "Sociedad Anónima")),
    ),
    "NL": (
        Form(0.90, "B.V.", ("BV", "Besloten Vennootschap")),
        Form(0.10, "N.V.", ("NV", "Naamloze Vennootschap")),
    ),
    "BE": (
        Form(0.60, "BV", ("B.V.", "BVBA", "SRL")),
        Form(0.40, "NV", ("N.V.", "SA", "Naamloze Vennootschap")),
    ),
    "SE": (Form(1.0, "AB", ("Aktiebolag", "A.B.", "AB (publ)")),),
    "DK": (
        Form(0.60, "ApS", ("Anpartsselskab", "APS")),
        Form(0.40, "A/S", ("AS", "Aktieselskab")),
    ),
    "NO": (
        Form(0.85, "AS", ("A/S", "Aksjeselskap")),
        Form(0.15, "ASA", ("Allmennaksjeselskap",)),
    ),
    "CH": (
        Form(0.50, "AG", ("Aktiengesellschaft", "SA", "A.G.")),
        Form(0.50, "GmbH", ("Sàrl", "Gesellschaft mit beschränkter Haftung", "Sagl")),
    ),
    "BG": (
        Form(0.60, "ЕООД", ("EOOD", "ООД", "Ltd")),
        Form(0.40, "АД", ("AD", "JSC", "PLC")),
    ),
    "AU": (
        Form(0.85, "Pty Ltd", ("Pty. Ltd.", "Proprietary Limited", "P/L", "Pty Limited")),
        Form(0.15, "Limited", ("Ltd", "Ltd.")),
    ),
    "CA": (
        Form(0.55, "Inc.", ("Inc", "Incorporated", "Incorporée")),
        Form(0.30, "Ltd.", ("Limited", "Ltd", "Ltée")),
        Form(0.15, "Corp.", ("Corporation", "Corp")),
    ),
}


def all_spellings() -> frozenset[str]:
    """Return every official spelling and variant, lower-case without dots and commas."""
    spellings = set()
    for forms in FORMS.values():
        for form in forms:
            spellings.update({form.official, *form.variants})
    return frozenset(spelling.lower().replace(".", "").replace(",", "") for spelling in spellings)
