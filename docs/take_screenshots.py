# ruff: noqa: INP001 - a script on its own
"""Take the pictures of the handbook from a running hub.

    make demo                                   # in another terminal, or make up after a load
    python docs/take_screenshots.py --user anna --password-stdin

Drives the system's Chromium; nothing is changed in the hub. The pages shown are found, not named: the first open case,
and the customer with the most source records among those in question.
"""

import argparse
import getpass
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
# Besides every page on a light desktop.
SHOWN = {("desktop", "dark"): ("pair", "customer"), ("phone", "dark"): ("pair",)}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def main(words: Sequence[str]) -> int:
    """Take every picture; return 1 with one line where Chromium or the hub is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--hub", default="http://127.0.0.1:8600", help="address of the running hub")
    parser.add_argument("--user", required=True)
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    parser.add_argument("--into", type=Path, default=IMAGES)
    options = parser.parse_args(words)
    password = sys.stdin.readline().rstrip("\n") if options.password_stdin else getpass.getpass()
    program = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    if program is None:
        sys.stderr.write("no Chromium on PATH\n")
        return 1
    options.into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        for size, (width, height) in SIZES.items():
            for theme in ("light", "dark"):
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
                page = context.new_page()
                if not _log_in(page, options.hub, options.user, password):
                    sys.stderr.write("the hub refused that log-in\n")
                    return 1
                for name, path in _find_pages(page, options.hub).items():
                    if name in SHOWN.get((size, theme), ()) or (size, theme) == ("desktop", "light"):
                        page.goto(options.hub + path, wait_until="networkidle")
                        page.screenshot(path=options.into / f"{name}-{size}-{theme}.png")
                context.close()
        browser.close()
    sys.stdout.write(f"pictures are in {options.into}\n")
    return 0


def _log_in(page: Page, hub: str, user: str, password: str) -> bool:
    page.goto(f"{hub}/log-in/")
    page.get_by_label("Log-in name").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_load_state()
    return "/log-in/" not in page.url


def _find_pages(page: Page, hub: str) -> dict[str, str]:
    """Return the addresses to show, by the picture's name."""
    pages = {"home": "/", "queue": "/review/"}
    page.goto(f"{hub}/review/")
    cases = [link.get_attribute("href") or "" for link in page.locator("a.pair-link").all()[:12]]
    customers: dict[str, int] = {}
    for case in cases:
        page.goto(hub + case)
        for link in page.locator(".pair-grid thead a").all():
            records = link.evaluate("link => parseInt(link.nextSibling.textContent.replace(/\\D/g, ''))")
            customers[link.get_attribute("href") or ""] = int(records)
    if cases:
        pages |= {"pair": cases[0], "cluster": cases[0].replace("/review/", "/review/cluster/")}
    if customers:
        first, second, *_ = (address.strip("/").split("/")[-1] for address in customers)
        pages["compare"] = f"/customers/compare/?a={first}&b={second}"
        customer = max(customers, key=lambda address: (customers[address], address))
        pages |= {"customer": customer, "sources": f"{customer}sources/", "why": f"{customer}why/"}
        pages |= {"company-codes": f"{customer}company-codes/", "history": f"{customer}history/"}
        pages |= {"value": f"{customer}fields/name/", "split": _split_of(page, hub, customer)}
    return pages


def _split_of(page: Page, hub: str, customer: str) -> str:
    """Return the address that shows a customer split, its last record ticked."""
    page.goto(f"{hub}{customer}split/")
    ticked = page.locator("input[name=records]").last.get_attribute("value")
    return f"{customer}split/?records={ticked}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
