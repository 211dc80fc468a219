"""Proposals as the services keep them: each step in the history, with who took it."""

import pytest
from django.conf import settings

from apps.base.abilities import ABILITIES, Role
from apps.base.actors import Actor
from apps.golden.models import GoldenRecord
from apps.pipeline.models import Proposal
from apps.pipeline.proposals import Act, approve_proposal, propose, refresh_proposal, refuse_proposal
from tests.factories import make_active_rules, make_customer, make_record, make_standard

pytestmark = pytest.mark.django_db
ANNA = Actor.person("anna", None, ABILITIES[Role.STEWARD])
SEN = Actor.person("sen", None, ABILITIES[Role.SENIOR_STEWARD])


@pytest.fixture
def two(db: None) -> tuple[GoldenRecord, GoldenRecord]:
    make_active_rules()
    made = []
    for source in ("crm", "erp"):
        record = make_record({"name": "ACME GmbH", "city": "Hamburg", "country": "DE"}, source=source, key="1")
        make_standard(record)
        made.append(make_customer(record))
    return made[0], made[1]


def ask(two: tuple[GoldenRecord, GoldenRecord]) -> int:
    named = {"gid": two[0].gid, "others": [two[1].gid]}
    versions = {one.gid: one.version for one in two}
    return propose(act=Act("merge", named), versions=versions, reason="one contract", actor=ANNA)


def steps(proposal_id: int) -> list[tuple[str, str, str, str]]:
    kept = Proposal.history.filter(id=proposal_id).order_by("history_id")
    return [(one.history_type, one.history_actor, one.history_change_reason, one.state) for one in kept]


@pytest.mark.parametrize("limit", [1, 20])
def test_every_step_of_a_proposal_is_kept_with_who_took_it_and_why(
    limit: int, two: tuple[GoldenRecord, GoldenRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.MDM, "SECOND_PERSON_RECORDS", limit)
    number = ask(two)
    refresh_proposal(proposal_id=number, actor=SEN)
    approve_proposal(proposal_id=number, revision=2, reason="checked", actor=SEN)
    assert steps(number) == [
        ("+", "person:anna", "one contract", "open"),
        ("~", "person:sen", f"proposal {number} looked at anew", "open"),
        ("~", "person:sen", "checked", "approved"),
    ]


def test_a_refusal_is_kept_with_its_reason(two: tuple[GoldenRecord, GoldenRecord]) -> None:
    number = ask(two)
    refuse_proposal(proposal_id=number, reason="two contracts", actor=SEN)
    assert steps(number)[-1] == ("~", "person:sen", "two contracts", "refused")
