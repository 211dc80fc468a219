from pathlib import Path
from typing import Any

import pytest

from apps.sources.intake import ColumnRule, MappingError, list_presets, load_mapping
from apps.sources.intake.mapping import mapping_from_document
from tests.sources.intake.conftest import ACCOUNTS, Take, taken


def _write(folder: Path, text: str) -> Path:
    path = folder / "crm.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_mapping_file_is_read_in_full(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        """
        key = { columns = ["Client", "No"], join = "-", transforms = ["trim"], pattern = "[0-9]+-[0-9]+" }
        modified_at = { column = "Changed", format = "%d.%m.%Y", zone = "Europe/Berlin" }
        mode = "snapshot"
        format = "csv"
        encoding = "windows-1252"
        delimiter = ";"
        ignore = ["Seen"]
        [columns]
        name = "Name"
        street = { columns = ["Street", "No"], join = " " }
        country = { constant = "DE" }
        vat = { first_of = ["VAT", "Tax"], transforms = ["upper"], optional = true }
        """,
    )
    mapping = load_mapping(path)
    assert (mapping.name, mapping.mode, mapping.encoding, mapping.delimiter) == ("crm.toml", "snapshot", "cp1252", ";")
    assert mapping.key.columns == ("Client", "No")
    assert mapping.columns["name"] == ColumnRule("name", ("Name",))
    assert mapping.columns["vat"] == ColumnRule("vat", ("VAT", "Tax"), True, " ", ("upper",), None, True)
    assert mapping.required_columns() == ("Client", "No", "Changed", "Name", "Street")
    assert mapping.used_columns() == ("Client", "No", "Changed", "Name", "Street", "VAT", "Tax")


def test_delta_is_the_default_mode() -> None:
    assert mapping_from_document(ACCOUNTS, name="m").mode == "delta"


def test_a_mapping_extends_a_preset_key_by_key(tmp_path: Path) -> None:
    path = _write(
        tmp_path, 'preset = "salesforce_account"\nmode = "snapshot"\n[columns]\nvat = "VAT__c"\nduns = false\n'
    )
    mapping, preset = load_mapping(path), load_mapping("salesforce_account")
    assert (mapping.key, mapping.mode) == (preset.key, "snapshot")
    assert mapping.columns["vat"].columns == ("VAT__c",)
    assert set(mapping.columns) == set(preset.columns) - {"duns"} | {"vat"}


@pytest.mark.parametrize(
    ("changes", "key", "advice"),
    [
        ({"key": None}, "key", "this|write|name the column"),
        ({"key": {"columns": []}}, "key.columns", "at least one"),
        ({"key": {"column": "Id", "pattern": "(?=x)"}}, "key.pattern", "RE2"),
        ({"columns": {}}, "columns", "at least one attribute"),
        ({"columns": {"Name": "Name"}}, "columns.Name", "lower case"),
        ({"columns": {"raw": "Name"}}, "columns.raw", "reserved"),
        ({"columns": {"name": 7}}, "columns.name", "Source Column"),
        ({"columns": {"name": {"colum": "Name"}}}, "columns.name.colum", "known here"),
        ({"columns": {"name": {"column": "A", "columns": ["B"]}}}, "columns.name", "exactly one"),
        ({"columns": {"name": {"column": "A", "transforms": ["shout"]}}}, "columns.name.transforms", "known are"),
        ({"columns": {"name": {"constant": "A", "column": "B"}}}, "columns.name", "alone"),
        ({"mode": "full"}, "mode", "delta, snapshot"),
        ({"format": "xml"}, "format", "csv"),
        ({"encoding": "latin-99"}, "encoding", "no known encoding"),
        ({"encoding": "base64"}, "encoding", "no known encoding"),
        ({"delimiter": "::"}, "delimiter", "one ASCII character"),
        ({"modified_at": {"column": "C", "format": "%d.%m.%y"}}, "modified_at.format", "ambiguous"),
        ({"modified_at": {"column": "C", "zone": "Mars/Base"}}, "modified_at.zone", "no known time zone"),
        ({"preset": "sugar"}, "preset", "salesforce_account"),
        ({"ignore": ["Name"]}, "ignore", "ignored and mapped"),
        ({"deleted": "IsDeleted"}, "deleted", "known here"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_do(changes: dict[str, Any], key: str, advice: str) -> None:
    with pytest.raises(MappingError, match=advice) as error:
        mapping_from_document({**ACCOUNTS, **changes}, name="crm.toml")
    assert (error.value.file, error.value.key) == ("crm.toml", key)


@pytest.mark.parametrize(("text", "advice"), [("key = ", "not valid TOML"), ("[columns]\nname = 'N'", 'key = "Id"')])
def test_a_file_that_is_no_mapping_is_refused_by_name(tmp_path: Path, text: str, advice: str) -> None:
    with pytest.raises(MappingError, match=advice) as error:
        load_mapping(_write(tmp_path, text))
    assert error.value.file == "crm.toml"


def test_a_missing_file_names_the_presets(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="netsuite_customer, salesforce_account, sap_customer, stripe_customer"):
        load_mapping(tmp_path / "none.toml")


SALESFORCE = (
    '"Id","Name","BillingStreet","BillingCity","BillingState","BillingPostalCode","BillingCountry","Phone","Website",'
    '"SystemModstamp","LastViewedDate"\n'
    '"001A000001LgmKzIAJ","Acme, Inc.","1 Main St\nSuite 2","Springfield","IL","00501","USA","(217) 555-0100",'
    '"acme.example","2026-01-02T03:04:05.000Z","2026-01-03"\n'
)
STRIPE = (
    '{"id":"cus_1","object":"customer","name":"Jo","business_name":"Acme GmbH","email":"AP@Acme.example","phone":null,'
    '"address":{"line1":"Weg 1","line2":"Hof","city":"Bonn","postal_code":"01234","state":null,"country":"de"},'
    '"tax_ids":{"data":[{"type":"eu_vat","value":"DE123456788"}]},"currency":"eur","tax_exempt":"reverse"}\n'
)
NETSUITE = (
    "id,companyName,addr1,addr2,city,state,zip,country,phone,email,vatRegNumber,currency,terms,subsidiary,lastModifiedDate\n"
    "1007,Acme GmbH,Weg 1,,Bonn,,01234,DE,,,DE123456788,EUR,Net 30,2,2026-01-02 03:04:05\n"
)
SAP = (
    "BusinessPartner;OrganizationBPName1;OrganizationBPName2;OrganizationBPName3;OrganizationBPName4;StreetName;HouseNumber;"
    "CityName;PostalCode;Country;VATRegistration;LastChangeDate;LastChangeTime;Currency;PaymentTerms\n"
    "0000100007;Acme Werkzeug;und Maschinen GmbH;;;Weg;1;Bonn;01234;DE;DE123456788;20260102;03:04:05;EUR;NT30\n"
)


def _first_row(folder: Path, preset: str, name: str, content: str) -> dict[str, Any]:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    found = taken(path, load_mapping(preset))
    assert found.faults == []
    return found.rows[0]


def test_the_salesforce_preset_reads_an_account_export(tmp_path: Path) -> None:
    row = _first_row(tmp_path, "salesforce_account", "a.csv", SALESFORCE)
    assert (row["source_key"], row["name"], row["street"]) == ("001A000001LgmKzIAJ", "Acme, Inc.", "1 Main St, Suite 2")
    assert (row["region"], row["postcode"], row["duns"]) == ("IL", "00501", None)
    assert "LastViewedDate" not in row["raw"]


def test_the_stripe_preset_reads_api_objects(tmp_path: Path) -> None:
    row = _first_row(tmp_path, "stripe_customer", "a.jsonl", STRIPE)
    assert (row["source_key"], row["name"], row["street"]) == ("cus_1", "Acme GmbH", "Weg 1, Hof")
    assert (row["country"], row["vat"], row["email"]) == ("DE", "DE123456788", "ap@acme.example")


def test_the_netsuite_preset_reads_a_customer_query(tmp_path: Path) -> None:
    row = _first_row(tmp_path, "netsuite_customer", "a.csv", NETSUITE)
    assert (row["source_key"], row["name"], row["street"]) == ("1007", "Acme GmbH", "Weg 1")
    assert (row["postcode"], row["payment_terms"]) == ("01234", "Net 30")


def test_the_sap_preset_joins_names_and_reads_date_and_time(tmp_path: Path) -> None:
    row = _first_row(tmp_path, "sap_customer", "bp.csv", SAP)
    assert (row["source_key"], row["name"], row["street"]) == (
        "0000100007",
        "Acme Werkzeug und Maschinen GmbH",
        "Weg 1",
    )
    assert row["modified_at"].isoformat() == "2026-01-02T03:04:05+00:00"


def test_every_shipped_preset_says_what_it_is_for() -> None:
    for name in list_presets():
        assert load_mapping(name).document["about"]


def test_a_stripe_export_from_the_dashboard_is_read_too(take: Take) -> None:
    preset = dict(load_mapping("stripe_customer").document)
    content = "id,Description,Email,Name,Created (UTC),Currency\ncus_2,,AP@Acme.example,Acme,2026-01-02 03:04,usd\n"
    row = take(content, modified_at=False, key=preset["key"], columns=preset["columns"]).rows[0]
    assert (row["name"], row["currency"], row["email"]) == ("Acme", "USD", "ap@acme.example")
