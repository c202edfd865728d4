"""The picture of lesson 1, section 5: one man's stays, and a week of March 2023 below them."""

import pandas as pd

NOTES = (
    ("2022-04-12", "planned, on day 10\nA: readmitted. B: no", 60),
    ("2022-10-29", "unplanned, on day 23\nA and B: readmitted", -60),
    ("2023-03-06", "elsewhere, after 16 hours\nA: no. B: readmitted", 60),
    ("2023-05-16", "dies of sepsis", -60),
)


def drawn(beds, left, back):
    """Return what draws ``beds``; the arrow of the lower line runs from the stay ``left`` to the stay ``back``."""

    def draw(axes):
        _in_beds(axes, beds)
        for day, text, height in NOTES:
            place, look = (pd.Timestamp(day, tz="UTC"), 0), {"ha": "center", "va": "center"}
            line = {"arrowstyle": "-", "shrinkB": 8}
            axes.annotate(text, place, (0, height), textcoords="offset points", arrowprops=line, **look)
        axes.set(
            xlabel="black: in our beds, hatched: elsewhere; lower line: a week of March 2023", ylabel="Martín Cabrera"
        )
        axes.set(ylim=(-3.2, 1), xlim=(pd.Timestamp("2022-02-01", tz="UTC"), pd.Timestamp("2023-07-15", tz="UTC")))
        _the_gap(axes.inset_axes([0.08, 0.2, 0.86, 0.22]), beds, beds.discharged_at[left], beds.admitted_at[back])

    return draw


def _in_beds(axes, beds):
    for row in beds.itertuples():
        away = row.hospital == "elsewhere"
        look = {"color": "white" if away else "black", "edgecolor": "black", "hatch": "////" if away else ""}
        axes.barh(0, row.discharged_at - row.admitted_at, 0.3, left=row.admitted_at, **look)
    axes.set(yticks=[], ylim=(-1, 1))


def _the_gap(axes, beds, out, back):
    _in_beds(axes, beds)
    days = pd.date_range("2023-03-03", "2023-03-09", tz="America/New_York")
    axes.annotate("", (back, -0.6), (out, -0.6), arrowprops={"arrowstyle": "<->", "shrinkA": 0, "shrinkB": 0})
    axes.text(back, -0.6, "  16 hours", va="center")
    axes.set_xticks(days, [f"{day.day} March" for day in days])
    axes.set_xlim(days[0], days[-1])
