"""How each source writes its export: columns, delimiter, keys, country style; and the mapping that reads it.

A layout is the only place that knows a source's column names. Profile B spreads a name over two columns and keeps an
address in one line, so that a mapping has work to do.
"""

from dataclasses import dataclass, field

from benchmarks.generator.profiles import Source

ISO_CODES = {
    "United States": "US", "USA": "US", "United States of America": "US", "United Kingdom": "GB", "UK": "GB",
    "Great Britain": "GB", "Germany": "DE", "Deutschland": "DE", "France": "FR", "Italy": "IT", "Italia": "IT",
    "Spain": "ES", "España": "ES", "Netherlands": "NL", "Nederland": "NL", "The Netherlands": "NL", "Belgium": "BE",
    "België": "BE", "Sweden": "SE", "Sverige": "SE", "Denmark": "DK", "Danmark": "DK", "Norway": "NO", "Norge": "NO",
    "Switzerland": "CH", "Schweiz": "CH", "Bulgaria": "BG", "България": "BG", "Australia": "AU", "Canada": "CA",
}  # fmt: skip
NAME_PART = 35


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One source's export."""

    key_column: str
    key_style: str  # "salesforce", "prefixed", "zero-padded", "guid", "number"
    modified_column: str
    columns: dict[str, str]  # column to canonical attribute, in file order
    delimiter: str = ","
    iso_countries: bool = False
    name_columns: tuple[str, ...] = ()  # the name cut into pieces of NAME_PART
    extra: dict[str, str] = field(default_factory=dict)  # column to a constant the system always writes

    def header(self) -> list[str]:
        """Return the columns in file order."""
        return [self.key_column, *self.name_columns, *self.columns, *self.extra, self.modified_column]

    def cells(self, values: dict[str, str]) -> list[str]:
        """Return a record's cells after the key, in file order."""
        pieces = cut_at_words(values["name"], len(self.name_columns))
        cells = [values.get(attribute, "") for attribute in self.columns.values()]
        if self.iso_countries:
            place = list(self.columns.values()).index("country")
            cells[place] = ISO_CODES.get(cells[place], "")
        return [*pieces, *cells, *self.extra.values(), values["modified_at"]]

    def line(self, values: dict[str, str]) -> str:
        """Return a record as the CSV line after its key."""
        return self.delimiter.join(self.quoted(cell) for cell in self.cells(values))

    def quoted(self, cell: str) -> str:
        """Return a cell in quotes where it needs them (RFC 4180)."""
        if self.delimiter in cell or '"' in cell:
            return '"' + cell.replace('"', '""') + '"'
        return cell

    def key(self, number: int) -> str:
        """Return the source's key of its `number`-th account; distinct for distinct numbers below a billion."""
        if self.key_style == "salesforce":
            return f"001Hs{number:010d}AAA"
        if self.key_style == "prefixed":
            return f"cus_{number * 7919 % 10**10:010d}"
        if self.key_style == "zero-padded":
            return f"{number + 100000:010d}"
        if self.key_style == "guid":
            mixed = number * 0x9E3779B97F4A7C15 % 2**64
            return f"{mixed >> 32:08x}-{mixed >> 16 & 0xFFFF:04x}-4{mixed & 0xFFF:03x}-8000-{number:012x}"
        return str(number + 1000)

    def mapping(self) -> str:
        """Return the mapping file that reads this export."""
        lines = [
            f'key = "{self.key_column}"', f'modified_at = "{self.modified_column}"', 'mode = "delta"', 'format = "csv"',
            'encoding = "utf-8"', f'delimiter = "{self.delimiter}"', "", "[columns]",
        ]  # fmt: skip
        if self.name_columns:
            listed = ", ".join(f'"{column}"' for column in self.name_columns)
            lines.append(f"name = {{ columns = [{listed}] }}")
        lines += [f'{attribute} = "{column}"' for column, attribute in self.columns.items()]
        return "\n".join(lines) + "\n"


def cut_at_words(name: str, count: int) -> list[str]:
    """Return `name` in `count` pieces of at most NAME_PART characters, cut at a space where there is one."""
    pieces = []
    for _ in range(count):
        at = len(name) if len(name) <= NAME_PART else max(name.rfind(" ", 0, NAME_PART + 1), 0) or NAME_PART
        pieces.append(name[:at])
        name = name[at:].lstrip()
    return pieces


LAYOUTS: dict[str, dict[Source, Layout]] = {
    "A": {
        "crm": Layout(
            key_column="Id", key_style="salesforce", modified_column="LastModifiedDate",
            columns={
                "Name": "name", "BillingStreet": "street", "BillingCity": "city", "BillingState": "region",
                "BillingPostalCode": "postcode", "BillingCountry": "country", "Phone": "phone", "Website": "website",
                "Email__c": "email", "DunsNumber": "duns", "Industry": "sector",
            },
        ),
        "billing": Layout(
            key_column="id", key_style="prefixed", modified_column="updated", iso_countries=True,
            columns={
                "name": "name", "email": "email", "phone": "phone", "address_line1": "street", "address_city": "city",
                "address_postal_code": "postcode", "address_country": "country", "eu_vat": "vat", "tax_id": "tax_id",
                "currency": "currency",
            },
        ),
        "erp": Layout(
            key_column="KUNNR", key_style="zero-padded", modified_column="AEDAT", delimiter=";", iso_countries=True,
            columns={
                "NAME1": "name", "STRAS": "street", "ORT01": "city", "REGIO": "region", "PSTLZ": "postcode",
                "LAND1": "country", "TELF1": "phone", "STCEG": "vat", "STCD1": "tax_id", "HREG": "register_no",
                "LEI": "lei", "DUNS": "duns", "WAERS": "currency", "ZTERM": "payment_terms",
            },
        ),
    },
    "B": {
        "crm": Layout(
            key_column="accountid", key_style="guid", modified_column="modifiedon",
            columns={
                "accountname": "name", "address1_composite": "street", "address1_country": "country",
                "telephone1": "phone", "websiteurl": "website",
            },
            extra={"statecode": "Active"},
        ),
        "billing": Layout(
            key_column="AccountNumber", key_style="prefixed", modified_column="UpdatedDate", delimiter="\t",
            columns={
                "Name": "name", "BillTo.WorkEmail": "email", "BillTo.Address1": "street", "BillTo.City": "city",
                "BillTo.State": "region", "BillTo.PostalCode": "postcode", "BillTo.Country": "country", "VATId": "vat",
                "Currency": "currency",
            },
        ),
        "erp": Layout(
            key_column="internalid", key_style="number", modified_column="lastmodified", delimiter="|",
            iso_countries=True, name_columns=("entity_name_1", "entity_name_2"),
            columns={
                "legacyname": "former_names", "addr1": "street", "city": "city", "zip": "postcode",
                "country": "country", "phone": "phone", "url": "website", "vatregnumber": "vat", "taxnumber": "tax_id",
                "registrationnumber": "register_no", "terms": "payment_terms",
            },
        ),
    },
}  # fmt: skip
