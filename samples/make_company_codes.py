"""Generate which of our own companies does business with which ERP customer, and on what terms (invented, seeded).

    python -m samples.make_company_codes [--samples samples]

Reads the ERP export of the first day, writes `erp_company_codes.csv`. One row per ERP customer
and company code: the pair is the key. The terms follow the customer's country; a seventh of the customers buy from two
or three of our companies. Nothing here comes from a real company's books.
"""

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from samples.tables import Row, draw, read_table, write_table

COLUMNS = [
    "customer_key",
    "company_code",
    "company_name",
    "currency",
    "payment_terms",
    "tax_profile",
    "reconciliation_account",
]


@dataclass(frozen=True)
class CompanyCode:
    """One of our own legal entities and how it usually bills."""

    code: str
    name: str
    currency: str
    domestic: str
    reconciliation_account: str


COMPANY_CODES = {
    company.code: company
    for company in (
        CompanyCode("US01", "Northgate Metering Inc.", "USD", "United States", "121000"),
        CompanyCode("CA01", "Northgate Metering Canada Ltd.", "CAD", "Canada", "121100"),
        CompanyCode("GB01", "Northgate Metering UK Limited", "GBP", "United Kingdom", "122000"),
        CompanyCode("DE01", "Northgate Metering GmbH", "EUR", "Germany", "123000"),
        CompanyCode("SG01", "Northgate Metering Asia Pte. Ltd.", "SGD", "Singapore", "124000"),
    )
}
EUROPE = {
    "Germany",
    "France",
    "Italy",
    "Spain",
    "Switzerland",
    "Sweden",
    "Greece",
    "Luxembourg",
    "Netherlands",
}
ASIA = {
    "China",
    "Hong Kong",
    "Singapore",
    "Japan",
    "Taiwan",
    "Malaysia",
    "Indonesia",
    "India",
    "Israel",
    "Australia",
}
TERMS = (
    ("NT30", 0.55),
    ("NT45", 0.2),
    ("NT60", 0.15),
    ("2/10NT30", 0.07),
    ("PREPAY", 0.03),
)
SECOND_CODE_RATE = 1 / 7
THIRD_CODE_RATE = 0.03
IN_CUSTOMERS_CURRENCY_RATE = 0.1  # a foreign company bills in dollars although its books are kept otherwise


def home_code(country: str) -> str:
    """Return the company code that serves a country first."""
    for company in COMPANY_CODES.values():
        if company.domestic == country:
            return company.code
    if country in EUROPE:
        return "DE01"
    return "SG01" if country in ASIA else "US01"


def codes_of(key: str, country: str) -> list[str]:
    """Return the company codes that a customer buys from, its home code first."""
    home = home_code(country)
    others = sorted(
        (code for code in COMPANY_CODES if code != home),
        key=lambda code: draw("order", key, code),
    )
    extra = draw("extra", key)
    return [home, *others[: (extra < SECOND_CODE_RATE) + (extra < THIRD_CODE_RATE)]]


def terms_of(key: str, code: str) -> str:
    """Return the payment terms of one customer with one company code."""
    left = draw("terms", key, code)
    for terms, share in TERMS:
        if left < share:
            return terms
        left -= share
    return TERMS[0][0]


def tax_profile_of(country: str, company: CompanyCode) -> str:
    """Return how sales of `company` to a customer in `country` are taxed."""
    if country == company.domestic:
        return f"{company.code[:2]}-STANDARD"
    if company.code == "DE01" and country in EUROPE - {"Switzerland"}:
        return "EU-REVERSE-CHARGE"
    return "EXPORT-EXEMPT"


def extensions_of(key: str, country: str) -> Iterator[Row]:
    """Yield one row per company code of an ERP customer."""
    for code in codes_of(key, country):
        company = COMPANY_CODES[code]
        in_dollars = draw("currency", key, code) < IN_CUSTOMERS_CURRENCY_RATE
        yield {
            "customer_key": key,
            "company_code": code,
            "company_name": company.name,
            "currency": "USD" if in_dollars else company.currency,
            "payment_terms": terms_of(key, code),
            "tax_profile": tax_profile_of(country or "United States", company),
            "reconciliation_account": company.reconciliation_account,
        }


def read_customers(paths: Iterable[Path]) -> dict[str, str]:
    """Return the country of each ERP customer, by key; a later file wins."""
    countries: dict[str, str] = {}
    for path in paths:
        countries.update((row["KUNNR"], row["LAND1"]) for row in read_table(path)[1])
    return dict(sorted(countries.items()))


def write_extensions(path: Path, customers: dict[str, str]) -> int:
    """Write the rows of all `customers` and return how many there were."""
    return write_table(
        path, COLUMNS, (row for key, country in customers.items() for row in extensions_of(key, country))
    )


def main() -> None:
    """Read the command line and write erp_company_codes.csv."""
    parser = argparse.ArgumentParser(description="Generate the company codes of the demo's ERP customers.")
    parser.add_argument("--samples", type=Path, default=Path(__file__).parent)
    samples = parser.parse_args().samples
    count = write_extensions(
        samples / "erp_company_codes.csv",
        read_customers([samples / "us_listed" / "erp.csv"]),
    )
    print(f"erp_company_codes.csv: {count} rows")


if __name__ == "__main__":
    main()
