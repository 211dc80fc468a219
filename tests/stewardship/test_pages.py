"""Who gets in, what every page promises: few queries, few bytes, no inline style or script."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.base.actors import Actor
from apps.pipeline.runs import journal
from tests.factories import make_batch
from tests.stewardship.conftest import SmallHub, middle

MOST_QUERIES = 15
MOST_BYTES = 60_000
TEMPLATES = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html"))


def paths(hub: SmallHub) -> list[str]:
    customer = f"/customers/{hub.acme.gid}/"
    tabs = [customer + tab for tab in ("", "sources/", "why/", "company-codes/", "history/")]
    why_not = f"{customer}why/?not={hub.billed.gid}"
    return [
        "/",
        "/me/preferences/",
        "/me/decisions/",
        "/customers/",
        "/customers/?q=acme",
        "/approvals/",
        "/review/",
        "/review/?kind=pair&order=oldest",
        "/review/walk/?in=kind%3Dpair%26at%3D1%26of%3D1",
        f"/review/{hub.case.pk}/?in=kind%3Dpair%26at%3D1%26of%3D1",
        f"/review/{hub.case.pk}/",
        f"/review/cluster/{hub.case.pk}/",
        *tabs,
        f"/customers/compare/?a={hub.acme.gid}&b={hub.billed.gid}",
        f"{customer}fields/name/",
        f"{customer}fields/city/",
        why_not,
    ]


def test_a_stranger_is_sent_to_the_log_in_and_back_afterwards(client: Client, small_hub: SmallHub) -> None:
    for path in paths(small_hub):
        response = client.get(path)
        assert response.status_code == 302, path
        assert response["Location"].startswith("/log-in/?next=%2F"), path


def test_a_stranger_s_htmx_request_leads_the_whole_browser_to_the_log_in(client: Client, db: None) -> None:
    response = client.get("/review/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/customers/"})
    assert response["HX-Redirect"].startswith("/log-in/?next=")


def test_a_wrong_password_is_told_and_the_name_kept(client: Client, db: None) -> None:
    response = client.post("/log-in/", {"username": "anna", "password": "wrong"})
    assert response.status_code == 200
    assert 'value="anna"' in response.content.decode()
    assert 'role="alert"' in response.content.decode()


def test_somebody_without_a_role_sees_no_page_and_reads_which_role_to_ask_for(
    log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    nobody = log_in("")
    for path in paths(small_hub):
        response = nobody.get(path)
        assert response.status_code == 403, path
        assert "viewer or steward" in response.content.decode()
        assert "Präzision" not in response.content.decode()


def test_every_page_takes_few_queries_and_few_bytes(steward: Client, small_hub: SmallHub) -> None:
    measured = {}
    for path in paths(small_hub):
        steward.get(path)  # the rule set version is read once per process
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = steward.get(path)
        assert response.status_code == 200, path
        measured[path] = (len(queries), len(response.content))
    slow = {path: sizes for path, sizes in measured.items() if sizes[0] > MOST_QUERIES or sizes[1] > MOST_BYTES}
    assert not slow


def test_htmx_gets_the_middle_of_the_page_and_a_browser_the_whole(steward: Client, small_hub: SmallHub) -> None:
    path = f"/customers/{small_hub.acme.gid}/"
    whole, part = steward.get(path), steward.get(path, headers={"HX-Request": "true"})
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert middle(whole) == middle(part)
    assert "HX-Request" in whole["Vary"]
    assert whole["Cache-Control"] == "no-store"


def test_a_drawer_gets_the_page_alone_so_that_nothing_around_it_changes(steward: Client, db: None) -> None:
    headers = {"HX-Request": "true", "HX-Target": "drawer-body"}
    text = steward.get("/me/preferences/", headers=headers).content.decode()
    assert "Your keys" in text
    assert "hx-swap-oob" not in text
    assert "<title" not in text


def test_going_back_in_the_browser_gets_the_whole_page(steward: Client, small_hub: SmallHub) -> None:
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in steward.get("/review/", headers=headers).content.decode()


def test_the_policy_forbids_inline_code_and_no_page_has_any(steward: Client, small_hub: SmallHub) -> None:
    for path in paths(small_hub):
        response = steward.get(path)
        policy = response["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert inline_code(response.content.decode()) == [], path


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_inline_style_or_script(template: Path) -> None:
    assert inline_code(template.read_text(encoding="utf-8")) == []


def test_inline_code_is_found_where_it_is() -> None:
    assert inline_code('<p style="x">')
    assert inline_code("<script>1</script>")
    assert inline_code('<a onclick="x">')


@pytest.mark.parametrize("path", ["/customers/GC-000000000000-0/", "/customers/rubbish/", "/review/999999/"])
def test_what_is_not_there_is_a_page_that_says_so(steward: Client, path: str) -> None:
    response = steward.get(path)
    assert response.status_code == 404
    assert '<h1 tabindex="-1">' in response.content.decode()
    assert "Search customers" in response.content.decode()


def test_an_unknown_address_gets_the_hub_s_own_page(client: Client, db: None) -> None:
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert "There is nothing at this address" in response.content.decode()


def inline_code(text: str) -> list[str]:
    return re.findall(r"""<style|\sstyle=|<script>|<script (?![^>]*src)[^>]*>|\son[a-z]+=|javascript:|hx-on""", text)


def test_the_busiest_home_page_still_takes_few_queries(steward: Client, small_hub: SmallHub) -> None:
    make_batch()
    with journal(kind="load", arguments={}, actor=Actor.hub("test")) as log, log.stage("intake"):
        pass
    steward.post(f"/review/{small_hub.case.pk}/judge/", {"verdict": "different"})
    steward.get("/")
    with CaptureQueriesContext(connection) as queries:
        response = steward.get("/")
    assert "Your latest decisions" in response.content.decode()
    assert "load by the hub (test)" in response.content.decode()
    assert len(queries) <= MOST_QUERIES
