"""Pages in headless Chromium: paint, shifts of the layout, bytes on the wire, and how soon the next case is there.

The figures are the browser's own: largest contentful paint and layout shift (buffered observers, W3C), event timing
for the time from a press to the paint that follows it.
"""

import shutil
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from benchmarks.desk.asking import Screen, UnexpectedPageError
from benchmarks.desk.seeding import PASSWORD

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
RUNS: Final = 5
VERDICTS: Final = 200
READS: Final = 300
"""Milliseconds that a quick person looks at a case that stands there; meanwhile the page may fetch what comes next."""
POLLS: Final = 20
MOST_POLLS: Final = 750
SLOWED: Final = {"cpu": 4, "latency": 40}
"""A processor four times slower and 40 ms there and back: a steward's laptop."""
OBSERVE: Final = """
window.seen = { paint: 0, shift: 0, presses: [], waits: [] };
new PerformanceObserver((list) => { for (const e of list.getEntries()) seen.paint = e.startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) seen.shift += e.value; })
  .observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) if (e.interactionId) seen.presses.push(e.duration);
}).observe({ type: "event", durationThreshold: 16, buffered: true });
// From the press to the frame in which another case stands there.
addEventListener("keydown", (press) => {
  const heading = () => document.querySelector("h1")?.textContent;
  const before = heading();
  const look = () => {
    if (heading() === before) return requestAnimationFrame(look);
    requestAnimationFrame(() => seen.waits.push(performance.now() - press.timeStamp));
  };
  if (press.key === "n") requestAnimationFrame(look);
}, true);
"""
WIRE: Final = """() => {
  const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const scripts = all.filter((e) => e.initiatorType === "script");
  return {
    script: scripts.reduce((sum, e) => sum + e.encodedBodySize, 0),
    nodes: document.querySelectorAll("*").length,
    elsewhere: all.map((e) => e.name).filter((name) => !name.startsWith(location.origin) && !name.startsWith("data:")),
  };
}"""


@dataclass(frozen=True, slots=True)
class Painted:
    """A screen in the browser: milliseconds to its largest paint per run, the largest shift, script bytes, nodes."""

    name: str
    paint: tuple[float, ...]
    shift: float
    script: int
    nodes: int

    @property
    def median(self) -> float:
        """Milliseconds to the largest paint, median of the runs."""
        return statistics.median(self.paint)


@dataclass(frozen=True, slots=True)
class Judged:
    """Verdicts by key: milliseconds until the next case was painted, presses' own, and the heap's growth in bytes."""

    waits: tuple[float, ...]
    presses: tuple[float, ...]
    heap_growth: int


@dataclass
class Watched:
    """What went wrong in the browser: complaints on its console, requests that left for somewhere else."""

    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


class Eyes:
    """A browser that is logged in."""

    def __init__(
        self, browser: Browser, root: str, username: str, *, is_slowed: bool, password: str = PASSWORD
    ) -> None:
        self.root, self.is_slowed, self.watched = root, is_slowed, Watched()
        self._browser = browser
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{root}/log-in/")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{root}/")
        self._state: Any = context.storage_state()
        context.close()

    def look(self, screen: Screen) -> Painted:
        """Open a screen's first addresses, one per run, each in a browser that has kept nothing."""
        paint, shift, script, nodes = [], 0.0, 0, 0
        for path in screen.paths[:RUNS]:
            with self.page() as page:
                answer = page.goto(self.root + path, wait_until="networkidle")
                if answer is None or answer.status != 200:
                    raise UnexpectedPageError(f"{path} answered {answer and answer.status}")
                seen, wire = page.evaluate("seen"), page.evaluate(WIRE)
            paint.append(float(seen["paint"]))
            shift, script, nodes = max(shift, seen["shift"]), max(script, wire["script"]), max(nodes, wire["nodes"])
            self.watched.elsewhere += wire["elsewhere"]
        return Painted(screen.name, tuple(paint), shift, script, nodes)

    def judge(self, first: str, *, verdicts: int = VERDICTS) -> Judged:
        """Judge so many cases by one key each, beginning at the address `first`, as fast as the page follows."""
        with self.page() as page:
            page.goto(self.root + first, wait_until="networkidle")
            tool = page.context.new_cdp_session(page)
            before = _heap(tool)
            for number in range(verdicts):
                page.keyboard.press("n")
                _wait_for_next(page, number)
            seen = page.evaluate("seen")
            growth = _heap(tool) - before
        waits, presses = (tuple(sorted(map(float, seen[name]))) for name in ("waits", "presses"))
        return Judged(waits, presses, growth)

    @contextmanager
    def page(
        self,
        *,
        width: int = 1440,
        height: int = 900,
        theme: Literal["light", "dark"] = "light",
        as_stranger: bool = False,
    ) -> Iterator[Page]:
        """Open a page in a browser that has kept nothing but the log-in, as a stranger not even that.

        Its complaints are noted.
        """
        context = self._browser.new_context(
            storage_state=None if as_stranger else self._state,
            viewport={"width": width, "height": height},
            color_scheme=theme,
        )
        try:
            yield self._watched_page(context)
        finally:
            context.close()

    def _watched_page(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.add_init_script(OBSERVE)
        told = self.watched.complaints
        page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: told.append(str(error)))
        if self.is_slowed:
            tool = context.new_cdp_session(page)
            tool.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED["cpu"]})
            speed = {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1}
            tool.send("Network.enable")
            tool.send("Network.emulateNetworkConditions", {"latency": SLOWED["latency"], **speed})
        return page


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start the system's own Chromium; FileNotFoundError where there is none."""
    program = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if program is None:
        raise FileNotFoundError(f"no Chromium on PATH ({', '.join(PROGRAMS)})")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def share_of(values: Sequence[float], share: float) -> float:
    """Return the value that this share of ascending values stays within (nearest rank); 0 where there is none."""
    if not values:
        return 0.0
    return values[min(len(values) - 1, int(share * len(values)))]


def _wait_for_next(page: Page, judged: int) -> None:
    """Wait until the case after so many judged ones is there, and as long as a quick person reads.

    Asked from here: the page's own policy forbids code from elsewhere that would wait within it.
    """
    for _ in range(MOST_POLLS):
        page.wait_for_timeout(POLLS)
        if page.evaluate("document.querySelector(`#main[aria-busy]`) ? 0 : seen.waits.length") > judged:
            page.wait_for_timeout(READS)
            return
    raise UnexpectedPageError(f"{page.url}: no next case after verdict {judged + 1}: {page.inner_text('h1')}")


def _heap(tool: CDPSession) -> int:
    tool.send("HeapProfiler.collectGarbage")
    tool.send("Performance.enable")
    metrics = {row["name"]: row["value"] for row in tool.send("Performance.getMetrics")["metrics"]}
    return int(metrics["JSHeapUsedSize"])
