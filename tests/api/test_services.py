import hashlib
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from apps.api.models import ApiToken
from apps.api.selectors import find_token_holder, list_tokens
from apps.api.services import TokenNameTaken, mint_token, revoke_token
from apps.base.actors import Actor
from apps.base.errors import Invalid, NotFound

ADA = Actor.person("ada", None)
pytestmark = pytest.mark.django_db


def test_only_a_digest_of_the_secret_is_kept() -> None:
    minted = mint_token(name="billing sync", role="integration", actor=ADA)
    row = ApiToken.objects.get()
    assert row.digest == hashlib.sha256(minted.secret.encode()).hexdigest()
    kept = [str(value) for token in (row, *ApiToken.history.all()) for value in vars(token).values()]
    assert not [value for value in kept if minted.secret in value]


def test_minting_and_revoking_leave_history_with_the_actor() -> None:
    mint_token(name="x", role="viewer", actor=ADA)
    revoke_token(name="x", actor=Actor.person("grace", None))
    rows = ApiToken.history.order_by("history_id").values_list("history_actor", "history_type")
    assert list(rows) == [("person:ada", "+"), ("person:grace", "~")]


def test_the_holder_of_a_token_is_found_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    minted = mint_token(name="x", role="steward", actor=ADA)
    with django_assert_num_queries(1):
        holder = find_token_holder(minted.secret)
    assert holder is not None
    assert (holder.name, holder.role) == ("x", "steward")
    with django_assert_num_queries(0):
        assert find_token_holder("no token at all") is None


def test_a_name_is_used_once_even_after_its_token_was_revoked() -> None:
    mint_token(name="x", role="viewer", actor=ADA)
    revoke_token(name="x", actor=ADA)
    with pytest.raises(TokenNameTaken):
        mint_token(name="x", role="viewer", actor=ADA)


@pytest.mark.parametrize(("name", "role"), [("x", "root"), ("", "viewer"), (" ", "viewer"), ("n" * 101, "viewer")])
def test_a_token_needs_a_name_and_a_known_role(name: str, role: str) -> None:
    with pytest.raises(Invalid):
        mint_token(name=name, role=role, actor=ADA)


def test_revoking_twice_keeps_the_first_moment_and_an_unknown_name_is_an_error() -> None:
    mint_token(name="x", role="viewer", actor=ADA)
    first = revoke_token(name="x", actor=ADA).revoked_at
    assert revoke_token(name="x", actor=ADA).revoked_at == first
    with pytest.raises(NotFound):
        revoke_token(name="y", actor=ADA)


def test_the_command_prints_a_secret_that_works_and_revokes_it() -> None:
    out = StringIO()
    call_command("create_token", "crm", "--role", "integration", stdout=out, stderr=StringIO())
    secret = out.getvalue().strip()
    holder = find_token_holder(secret)
    assert holder is not None
    assert holder.role == "integration"
    call_command("create_token", "crm", "--revoke", stdout=out)
    assert find_token_holder(secret) is None
    listing = StringIO()
    call_command("create_token", "--list", stdout=listing)
    assert listing.getvalue().startswith("crm\tintegration\trevoked")
    assert len(list_tokens()) == 1


def test_the_command_says_in_one_line_what_is_wrong() -> None:
    call_command("create_token", "crm", stdout=StringIO(), stderr=StringIO())
    for arguments in (["crm"], [], ["nobody", "--revoke"]):
        with pytest.raises(CommandError):
            call_command("create_token", *arguments, stdout=StringIO(), stderr=StringIO())
