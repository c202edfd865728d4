"""A page in a browser: no barrier that axe can find, light and dark, wide and narrow, and nothing from a net."""

from __future__ import annotations

from pathlib import Path

from conftest import require

LOOKS = [("light", 1100), ("dark", 1100), ("light", 390)]


def has_no_barrier(*pages: Path) -> None:
    """Open each page in each look; fail where axe finds a violation, the page is wider, or asks for another file."""
    require("chromium")
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for path in pages:
            for scheme, width in LOOKS:
                page, asked = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900}), []
                page.on("request", lambda request, asked=asked: asked.append(request.url))
                page.goto(path.as_uri())
                found = Axe().run(page)
                assert found.violations_count == 0, f"{path.name}, {scheme}, {width}: {found.generate_report()}"
                assert asked == [path.as_uri()]
                assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path.name}, {width}"
                page.close()
        browser.close()
