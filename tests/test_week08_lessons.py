"""What week 8's lessons call beside the questions: the dashboard's page."""

from __future__ import annotations

import pandas as pd
from wardround.course.given import given


def test_the_page_escapes_what_it_is_given_and_opens_its_tables():
    from wardround.evaluation import figure, lines

    table = pd.DataFrame({"x": [1.0, 2.0]}, ["a", "b"])
    shown = {"<i>": figure(lines(table, ylabel="y", xlabel="x"), says="It rises from one to two.", table=table)}
    page = given(8).lessons().one_page("<b>", pd.DataFrame({"signal": ["<u>"]}), "<s>", shown)
    assert not any(f"<{tag}>" in page for tag in "biu") and "&lt;u&gt;" in page and "<s>" not in page
    assert "<details open>" in page and '<th scope="col">signal' in page and "<html lang=" in page
    assert "<script" not in page and "http" not in page.replace("http://www.w3.org", "")
