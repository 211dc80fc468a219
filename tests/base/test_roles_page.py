"""docs/reference/roles.md says what the table says."""

from pathlib import Path

from apps.base.abilities import ROLE_WORDS, Ability, Role, roles_with

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "roles.md"


def test_the_page_of_roles_shows_the_table_as_it_is() -> None:
    rows = [
        f"| {ability.value} | {' | '.join('yes' if role in roles_with(ability) else '–' for role in Role)} |"
        for ability in Ability
    ]
    head = f"| to | {' | '.join(ROLE_WORDS[role].lower() for role in Role)} |"
    assert "\n".join([head, "| --- | --- | --- | --- | --- |", *rows]) in PAGE.read_text()
