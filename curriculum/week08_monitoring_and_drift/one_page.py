"""A dashboard as one HTML file: a table of signals, what is not watched, figures with their sentences and open tables.

It needs no network and no script, is read in one column on a telephone, and by a screen reader from the top.
"""

from __future__ import annotations

from html import escape

STYLE = """
body { font: 1rem/1.5 sans-serif; max-width: 60rem; margin: auto; padding: 1rem; color: #111; background: #fff }
th, td { text-align: left; padding: .2rem .6rem }
.wide { overflow-x: auto }
"""


def one_page(heading, signals, unseen, figures):
    """Return the page as text.

    Parameters
    ----------
    heading, unseen : str
        What it is and as of when; what nobody watches.
    signals : DataFrame
        One row a signal.
    figures : dict
        By heading what :func:`wardround.evaluation.figure` returned.
    """
    table = signals.to_html(index=False, border=0).replace("<th>", '<th scope="col">')  # escapes what it holds
    sections = "".join(f"<section><h2>{escape(name)}</h2>{_open(one)}</section>" for name, one in figures.items())
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(heading)}</title><style>{STYLE}</style></head>
<body><main><h1>{escape(heading)}</h1>
<div class="wide" tabindex="0" role="region" aria-label="signals">{table}</div>
<p>{escape(unseen)}</p>
{sections}</main></body></html>
"""


def line(what, now, window, limits, *rest):
    """A row of the page: signal, window, limit, ``now`` (value, low, high) in words, state, and what stands behind it."""
    value, low, high = now
    said = f"{value:.2f}" if low == high else f"{value:.2f} ({low:.2f}-{high:.2f})"
    if limits is None:
        return what, window, "none", said, "no limit", *rest
    state = "ALARM" if high < limits[0] or low > limits[1] else "within"
    return what, window, f"{limits[0]} to {limits[1]}", said, state, *rest


def _open(figure):
    """A figure with its table unfolded, for paper."""
    return figure._repr_html_().replace("<details>", "<details open>").replace("<th></th>", "<td></td>")
