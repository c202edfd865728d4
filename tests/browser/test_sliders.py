"""The explorer in a browser, without a mouse: an arrow key moves a slider, and figure, message and numbers with it."""

from __future__ import annotations

import pathlib

import nbformat
import pytest
from test_lab import lab, opened, page  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]
HELPERS = pathlib.Path(__file__).resolve().parents[2] / "helpers"
SOURCE = f"""import sys; sys.path.insert(0, {str(HELPERS)!r})
import numpy as np
from wardround import explorer
dice = np.random.default_rng(6)
risk = dice.beta(1.6, 12, 1500)
explorer(dice.random(1500) < risk, risk, 80, threshold=0.10, capacity=40)"""


def test_arrow_keys_move_a_slider_and_everything_with_it(lab, page, tmp_path):  # noqa: F811
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SOURCE)])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    (tmp_path / "work").mkdir(exist_ok=True)
    nbformat.write(made, tmp_path / "work" / "try.ipynb")
    opened(page, lab.replace("week01/README.md", "try.ipynb"))
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=90_000)
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    status = page.get_by_role("status").filter(has_text="Called from a risk of")
    status.wait_for(timeout=90_000)
    assert "Called from a risk of 10% on" in status.inner_text()
    image = page.locator(".jp-OutputArea img[alt^='Called from']")
    assert image.get_attribute("alt") == status.inner_text()
    assert page.get_by_role("slider").count() == 4
    before = image.get_attribute("src")
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("status").filter(has_text="Called from a risk of 10.5% on").wait_for(timeout=30_000)
    assert image.get_attribute("src") != before
    field = page.get_by_role("spinbutton", name="Capacity: calls a week")
    field.fill("5")
    field.press("Enter")
    page.get_by_role("status").filter(has_text="5 of 80 who go home").wait_for(timeout=30_000)
    for name in ("Threshold", "Harm ratio", "Prevalence"):
        assert page.get_by_role("spinbutton", name=name).count() == 1, name
    page.screenshot(path=tmp_path / "sliders.png", full_page=True)
