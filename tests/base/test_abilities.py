"""The table of roles, and how an actor is held to it."""

import pytest

from apps.base.abilities import (
    ABILITIES,
    EVERYTHING,
    NOTHING,
    Ability,
    AbilityMissing,
    Role,
    abilities_of,
    nothing_stored,
    roles_with,
    words_for,
)
from apps.base.actors import Actor

# The law, written apart from the code: who may what.
LAW: dict[Ability, set[str]] = {
    Ability.JUDGE: {"steward", "senior_steward"},
    Ability.RESHAPE: {"steward", "senior_steward"},
    Ability.FIX: {"steward", "senior_steward"},
    Ability.DECIDE_ALONE: {"senior_steward"},
    Ability.UNDO_OTHERS: {"senior_steward"},
    Ability.APPROVE: {"senior_steward"},
    Ability.DRAFT_RULES: {"steward", "senior_steward", "administrator"},
    Ability.TRY_RULES: {"senior_steward", "administrator"},
    Ability.APPROVE_RULES: {"senior_steward", "administrator"},
    Ability.PUBLISH_RULES: {"administrator"},
}


@pytest.mark.parametrize("ability", Ability)
def test_each_ability_is_carried_by_the_roles_of_the_law(ability: Ability) -> None:
    assert roles_with(ability) == LAW[ability]


def test_every_role_is_in_the_table() -> None:
    assert set(ABILITIES) == set(Role)


def test_several_roles_may_what_each_of_them_may() -> None:
    both = abilities_of({Role.STEWARD, Role.ADMINISTRATOR})
    assert both == ABILITIES[Role.STEWARD] | ABILITIES[Role.ADMINISTRATOR]
    assert abilities_of(()) == NOTHING


def test_the_refusal_names_the_role_to_ask_for() -> None:
    viewer = Actor.person("vera", 7, abilities_of({Role.VIEWER}))
    with pytest.raises(AbilityMissing) as refused:
        viewer.refuse_without(Ability.RESHAPE)
    assert refused.value.detail == "To merge and split customers takes the role steward or senior steward."
    assert (refused.value.status, refused.value.facts["ability"]) == (403, "reshape")
    assert words_for(roles_with(Ability.PUBLISH_RULES)) == "administrator"


def test_nobody_logged_in_and_no_system_may_anything_unless_told() -> None:
    assert Actor.person("anna", 7).abilities == NOTHING
    assert Actor("system", "crm").abilities == NOTHING
    assert Actor("person", "anna").abilities == NOTHING


def test_the_hub_and_who_sits_at_its_server_may_everything() -> None:
    assert Actor.hub("job").abilities == EVERYTHING
    assert Actor.person("root", None).may(*Ability)


def test_what_is_taken_back_again_needs_nobody_s_leave() -> None:
    viewer = Actor.person("vera", 7)
    with nothing_stored():
        viewer.refuse_without(Ability.RESHAPE)
    with pytest.raises(AbilityMissing):
        viewer.refuse_without(Ability.RESHAPE)


def test_abilities_are_no_part_of_who_acts() -> None:
    assert Actor.person("anna", 7) == Actor.person("anna", 7, EVERYTHING)
    assert "abilities" not in repr(Actor.person("anna", 7, EVERYTHING))
