"""A real browser for tests: an installed Chromium driven by Playwright, which downloads none."""

import contextlib
import shutil
import time

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]


@contextlib.contextmanager
def chromium():
    """Give a Chromium; skips, saying what is missing, where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no browser test: pip install playwright")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no browser test: no Chromium here. On Debian and Ubuntu: apt install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def wait(page, expression, seconds=20):
    """Wait until a JavaScript expression is true; the page's own policy forbids Playwright's way of polling."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"not true after {seconds} s: {expression}"
        page.wait_for_timeout(20)


@contextlib.contextmanager
def opened(browser, path, **context):
    """Open a file in a page without a network; fails where the page complains or asks for more than its own files."""
    trouble = []
    view = {"width": 1440, "height": 1000}
    with contextlib.closing(browser.new_context(offline=True, viewport=view, **context)) as here:
        page = here.new_page()
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda message: message.type in ("error", "warning") and trouble.append(message.text))
        page.on("request", lambda request: request.url.startswith(("file:", "blob:")) or trouble.append(request.url))
        page.goto(f"file://{path}")
        wait(page, "player.audio.readyState >= 2 && player.pxPerS > 0")
        yield page
    assert not trouble
