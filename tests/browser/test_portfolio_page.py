"""The report in a browser: no barrier that axe can find, light and dark, wide and narrow, and nothing from a net."""

from __future__ import annotations

import pytest
from conftest import require
from report_samples import whole_report
from wardround.operations.portfolio import render, report

pytestmark = pytest.mark.browser
LOOKS = [("light", 1100), ("dark", 1100), ("light", 390)]


def broken():
    made = whole_report()
    made.kept["call_list"][0]["calls_a_week"] = 55.0
    del made.kept["periods"]
    return made


def test_the_report_has_no_barrier_fits_a_telephone_and_needs_no_network(tmp_path):
    require("chromium")
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, sample in {"whole": whole_report(), "draft": broken()}.items():
            path = tmp_path / f"{name}.html"
            path.write_text(render(report(sample)), encoding="utf-8")
            for scheme, width in LOOKS:
                page, asked = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900}), []
                page.on("request", lambda request, asked=asked: asked.append(request.url))
                page.goto(path.as_uri())
                found = Axe().run(page)
                assert found.violations_count == 0, f"{name}, {scheme}, {width}: {found.generate_report()}"
                assert asked == [path.as_uri()]
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                page.close()
        browser.close()
