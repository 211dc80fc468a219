"""A headless Chromium of the system's own; without one these tests are skipped."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from apps.base.actors import Actor
from apps.stewardship.services import add_person

MOST_SECONDS = 10
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


# Ends with its module: the event loop it keeps would be in the way of tests that run one of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no Chromium on PATH ({', '.join(PROGRAMS)}); the browser tests need one")
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(autouse=True)
def all_answered(transactional_db: None, page: Page) -> Iterator[None]:
    """Let the hub answer what a page still asked for, before the database is emptied under it."""
    waits: set[Request] = set()

    def asked(request: Request) -> None:
        waits.add(request)

    def answered(request: Request) -> None:
        waits.discard(request)

    page.on("request", asked)
    page.on("requestfinished", answered)
    page.on("requestfailed", answered)
    yield
    until = time.monotonic() + MOST_SECONDS
    while waits and time.monotonic() < until:
        page.wait_for_timeout(50)


@pytest.fixture
def console() -> list[str]:
    """Return the complaints of a test's page so far; what is left in it at the end fails the test."""
    return []


@pytest.fixture
def page(browser: Browser, console: list[str]) -> Iterator[Page]:
    """Return a fresh page; what the console complains of fails the test, breaches of the content policy included."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("console", lambda message: console.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: console.append(str(error)))
    yield page
    context.close()
    assert console == []


@pytest.fixture
def log_in_as(live_server: LiveServer, transactional_db: None) -> Callable[[Page, str], None]:
    """Log a person of a role in by cookie, in the context of a page: the log-in page has a test of its own."""

    def _log_in_as(page: Page, role: str) -> None:
        client = Client()
        client.force_login(
            add_person(username=f"a-{role}", password="long-enough-9", role=role, actor=Actor.hub("test"))
        )
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])

    return _log_in_as
