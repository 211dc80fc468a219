"""What everybody can use: axe over every screen and state in both themes, targets, 320 px, focus."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.base.actors import Actor
from apps.base.ids import uuid7
from apps.pipeline.models import Run, RunStage
from apps.pipeline.proposals import Act, propose
from apps.pipeline.runs import journal
from apps.stewardship.services import add_person
from tests.stewardship.conftest import SmallHub, make_small_hub
from tests.stewardship.test_pages import paths

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RUN = """async () => (await axe.run(document, {runOnly: %s})).violations.flatMap(
    (found) => found.nodes.map((node) => `${found.id}: ${node.target} ${node.failureSummary}`))"""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SMALL_TARGETS = """() => {
    const seen = [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')]
        .filter((one) => one.checkVisibility({visibilityProperty: true}))
        .filter((one) => !one.closest('.skip, p, td, dd, th .meta, li > div'))
        .map((one) => [one.closest('label') || one, one]);
    return seen.map(([box, one]) => [box.getBoundingClientRect(), one])
        .filter(([box]) => box.width && (box.width < 24 || box.height < 24))
        .map(([box, one]) => `${one.outerHTML.slice(0, 90)} ${box.width}x${box.height}`);
}"""
OVERFLOW = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
HIDDEN_FOCUS = """() => {
    const one = document.activeElement, box = one.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + Math.min(box.width / 2, 40), box.y + box.height / 2);
    return one === document.body || !(one.contains(top) || (top && top.contains(one)));
}"""


@pytest.fixture
def hub(transactional_db: None) -> SmallHub:
    return make_small_hub()


@pytest.fixture
def log_in(page: Page, live_server: LiveServer, transactional_db: None) -> Callable[[str], None]:
    """Log a person of a role in by cookie: the log-in page has a test of its own."""

    def _log_in(role: str) -> None:
        user = add_person(username=f"a-{role}", password="long-enough-9", role=role, actor=Actor.hub("test"))
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])

    return _log_in


def screens(hub: SmallHub) -> list[str]:
    troubles = ["/customers/nothing/", "/customers/?q=zzzz", "/no/such/page/", "/review/?kind=growth"]
    acme = f"/customers/{hub.acme.gid}/"
    split, picks = f"{acme}split/?records=erp:88-12", f"{acme}why/?not=praezision"
    compared = f"{acme}history/?from=2020-01-01T00:00:00Z&to=2099-01-01T00:00:00Z"
    as_of = f"{acme}?at=2099-01-01T00:00:00Z"
    asked = propose(
        act=Act("merge", {"gid": hub.acme.gid, "others": [hub.billed.gid]}),
        versions={golden.gid: golden.version for golden in (hub.acme, hub.billed)},
        reason="one contract",
        actor=Actor.person("berta", None),
    )
    with journal(kind="load", arguments={"files": [["crm", "crm.csv"]]}, actor=Actor.hub("test")) as done:
        done.count(rows=1, new=1)
    under_way = Run.objects.create(kind="rematch", actor="hub:test", correlation_id=uuid7())
    RunStage.objects.create(run=under_way, position=0, name="score", done=1, total=4)
    jobs = ["/jobs/", f"/jobs/{done.run_id}/", f"/jobs/{under_way.pk}/"]
    others = [split, picks, compared, as_of, *jobs, "/rules/", "/components/"]
    return [*paths(hub), f"/approvals/{asked}/", *others, *troubles]


def find_violations(page: Page) -> list[str]:
    # Evaluated by the debugger, which the page's content policy doesn't bind.
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(RUN % TAGS)
    return found


def forgive(page: Page, console: list[str]) -> None:
    """Answers of 404 are asked for here; the console reports each."""
    console[:] = [line for line in console if "404" not in line]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_screen(
    page: Page,
    live_server: LiveServer,
    log_in: Callable[[str], None],
    theme: Literal["light", "dark"],
    console: list[str],
) -> None:
    hub = make_small_hub()
    page.emulate_media(color_scheme=theme)
    page.goto(f"{live_server.url}/log-in/")
    found = {"/log-in/": find_violations(page)}
    log_in("senior_steward")
    for path in screens(hub):
        page.goto(live_server.url + path)
        found[path] = find_violations(page)
    page.goto(f"{live_server.url}/components/")
    for state, opens in STATES.items():
        opens(page)
        found[state] = find_violations(page)
        page.keyboard.press("Escape")
    forgive(page, console)
    assert {path: faults for path, faults in found.items() if faults} == {}


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Page, action or customer").fill("re")
    expect(page.get_by_role("option").first).to_be_visible()


def open_keys(page: Page) -> None:
    page.locator("h1").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys", exact=True)).to_be_visible()


def open_drawer(page: Page) -> None:
    page.get_by_role("link", name="Drawer", exact=True).click()
    expect(page.get_by_role("heading", name="Your keys")).to_be_visible()


def open_suggestions(page: Page) -> None:
    page.locator("#find").press_sequentially("praezision")
    expect(page.locator("#find-list [role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")


STATES: dict[str, Callable[[Page], None]] = {
    "palette": open_palette,
    "keys": open_keys,
    "drawer": open_drawer,
    "suggestions": open_suggestions,
}


def test_targets_are_large_enough_and_nothing_scrolls_sideways_at_320_px(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in: Callable[[str], None], console: list[str]
) -> None:
    log_in("senior_steward")
    small, wide = {}, {}
    page.set_viewport_size({"width": 1440, "height": 900})
    for width in (1440, 320):
        page.set_viewport_size({"width": width, "height": 800})
        for path in screens(hub):
            page.goto(live_server.url + path)
            small[width, path] = page.evaluate(SMALL_TARGETS)
            wide[width, path] = page.evaluate(OVERFLOW)
    forgive(page, console)
    assert {place: targets for place, targets in small.items() if targets} == {}
    assert {place: pixels for place, pixels in wide.items() if pixels > 0} == {}


def test_focus_is_never_lost_nor_covered(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in: Callable[[str], None]
) -> None:
    log_in("steward")
    page.goto(f"{live_server.url}/review/{hub.case.pk}/")
    page.wait_for_load_state("load")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement === document.body"):
            break  # the end of the page
        assert not page.evaluate(HIDDEN_FOCUS), page.evaluate("() => document.activeElement.outerHTML")
    page.locator("h1").focus()
    page.keyboard.press("n")
    expect(page.locator(".toast").first).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_the_palette_opens_pages_and_customers_and_gives_focus_back(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in: Callable[[str], None]
) -> None:
    log_in("steward")
    page.goto(live_server.url)
    page.wait_for_load_state("load")
    page.locator("h1").focus()
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    expect(page.locator("h1")).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("rvw")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live_server.url}/review/")
    page.keyboard.press("Control+k")
    page.keyboard.type("praezision")
    expect(page.get_by_role("option", name="Acme Praezision Hamburg")).to_be_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.get_by_role("option", name="Acme Praezision Hamburg").click()
    expect(page).to_have_url(f"{live_server.url}/customers/{hub.billed.gid}/")


def test_a_verdict_key_of_one_s_own_judges_and_the_usual_one_no_longer(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in: Callable[[str], None]
) -> None:
    log_in("steward")
    page.goto(f"{live_server.url}/me/preferences/")
    page.get_by_label("Same customer").fill("y")
    page.get_by_role("button", name="Save keys").click()
    expect(page.locator(".toast")).to_contain_text("Your keys are saved")
    page.goto(f"{live_server.url}/review/{hub.case.pk}/")
    page.wait_for_load_state("load")
    page.keyboard.press("m")
    page.keyboard.press("y")
    expect(page.locator(".toast").first).to_contain_text("Merged into")


def test_keys_switched_off_in_the_preferences_are_off_at_once(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in: Callable[[str], None]
) -> None:
    log_in("steward")
    page.goto(f"{live_server.url}/me/preferences/")
    page.get_by_label("Single keys act").uncheck()
    page.get_by_role("button", name="Save keys").click()
    expect(page.locator(".toast")).to_contain_text("Your keys are saved")
    page.get_by_role("link", name="Review", exact=False).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 open case")
    page.keyboard.press("s")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 open case")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_the_menu_stays_folded(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in: Callable[[str], None]
) -> None:
    log_in("steward")
    page.goto(live_server.url)
    page.get_by_role("button", name="Fold the menu").click()
    page.reload()
    box = page.locator("#rail").bounding_box()
    assert box is not None
    assert box["width"] == 56
