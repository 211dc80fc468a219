"""Count what a person does: one click, one key press (a sequence such as `g r` is two), or one field typed."""

from playwright.sync_api import Locator, Page


class Counter:
    """Acts on a page and counts; `count` is the number of interactions so far."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def click(self, target: Locator | str) -> None:
        """Click something: one interaction."""
        self.count += 1
        self._find(target).click()

    def press(self, keys: str) -> None:
        """Press keys, one after the other where a blank parts them, once the page's scripts have run."""
        for key in keys.split():
            self.count += 1
            self.page.wait_for_load_state("load")
            self.page.keyboard.press(key)

    def type(self, target: Locator | str | None, text: str) -> None:
        """Type a text into one field, into the one that has the focus where none is given: one interaction."""
        self.count += 1
        if target is None:
            self.page.keyboard.type(text)
        else:
            self._find(target).fill(text)

    def _find(self, target: Locator | str) -> Locator:
        return self.page.locator(target) if isinstance(target, str) else target
