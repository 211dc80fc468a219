"""The page of parts, and the rows the palette asks for."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.stewardship.conftest import SmallHub


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("steward", 403), ("senior_steward", 200), ("administrator", 200)]
)
def test_the_parts_are_shown_to_those_who_keep_them(log_in: Callable[[str], Client], role: str, status: int) -> None:
    client = log_in(role)
    assert client.get("/components/").status_code == status
    assert ('href="/components/"' in client.get("/").content.decode()) == (status == 200)


def test_every_partial_a_page_includes_is_on_the_page_of_parts(log_in: Callable[[str], Client]) -> None:
    shown = {template.name for template in log_in("senior_steward").get("/components/").templates}
    parts = "badge verdict runs value track waterfall toast stale empty loading failed forbidden drawer palette keys"
    parts += " pair_row result compare_rows candidates matrix lanes group_buttons group_choice graph claim not_saved"
    parts += " verb_why blind approval_state"
    assert {f"stewardship/{part}.html" for part in parts.split()} <= shown


def test_a_few_letters_find_customers_for_the_palette(steward: Client, small_hub: SmallHub) -> None:
    text = steward.get("/customers/suggest/?q=praezision").content.decode()
    assert f'href="/customers/{small_hub.acme.gid}/"' in text
    assert 'role="option"' in text


@pytest.mark.parametrize("query", ["", "a", "zzzzzz", "x" * 300])
def test_too_little_or_nothing_found_is_no_row(steward: Client, small_hub: SmallHub, query: str) -> None:
    assert steward.get("/customers/suggest/", {"q": query}).content.strip() == b""


def test_the_larger_parts_stand_in_each_of_their_states(log_in: Callable[[str], Client]) -> None:
    page = log_in("senior_steward").get("/components/")
    text = page.content.decode()
    results = [row.result for row in page.context["samples"].results]
    assert {bool(cell.takes) for cell in results} == {cell.is_pinned for cell in results} == {True, False}
    states = (
        "Chosen",
        "Protected",
        "No record gives this field.",
        "berta looks at this case",
        "What you entered is kept",
    )
    for words in (*states, "Takes a second person", "You said: Same customer", "Refused by clara", "can't be reached"):
        assert words in text, words
