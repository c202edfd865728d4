"""How the figures of the two lessons are drawn. What is in them is computed in the lessons; here are only axes and marks.

Each function takes the numbers and returns ``draw(axes)`` for :func:`wardround.evaluation.figure`.
"""

from __future__ import annotations

import pandas as pd
from wardround.evaluation import lines

BLUE, RED, GREY = "#0072B2", "#D55E00", "#5F5F5F"


def rows_decide(of_100):
    """Share of samples with a small p, by rows in the sample; one line a shift."""

    def draw(axes):
        for (name, one), style, place in zip(of_100.items(), ("o-", "^--"), ((12000, 30), (640, 55)), strict=True):
            axes.annotate(name, place, color=axes.plot(one, style)[0].get_color())
        axes.set(xscale="log", xlabel="rows in each sample", ylabel="of 100, p < .001", ylim=(-4, 108))
        axes.set(xticks=of_100.index, xticklabels=[f"{n:,}" for n in of_100.index])

    return draw


def quarter(one):
    """Each p of a quarter (``week input p``), those below .05 marked."""
    low = one.p < 0.05

    def draw(axes):
        axes.plot(one.week[~low] + 1, one.p[~low], "o", color=BLUE, linestyle="", markersize=3)
        axes.plot(one.week[low] + 1, one.p[low], "^", color=RED, linestyle="", markersize=6)
        axes.axhline(0.05, color=GREY, linestyle=":", linewidth=1, marker="")
        axes.set(xlabel="week of a quarter in which nothing happened", ylabel="p of each of forty inputs")
        axes.set(yscale="log", xticks=range(1, 14))

    return draw


def control(charts):
    """A panel a chart (``flagged low high`` by week), points outside of the limits marked; a dotted line at week 26."""

    def draw(panels):
        for axes, (name, one) in zip(panels, charts.items(), strict=True):
            outside = one.flagged[(one.flagged < one.low) | (one.flagged > one.high)]
            axes.fill_between(one.index, one.low, one.high, color="#E4E4E4")
            axes.plot(one.flagged, "o-", color=BLUE, markersize=3, linewidth=1)
            axes.plot(outside, "^", color=RED, linestyle="", markersize=6)
            axes.axvline(25.5, color=GREY, linestyle=":", linewidth=1, marker="")
            axes.set(title=name, xlabel="week of 2025", ylabel="flagged, of 100 going home", ylim=(0, 62))

    return draw


def bends(late):
    """O/E by month of discharge, one line a morning on which it was looked at."""

    def draw(axes):
        for (name, one), style in zip(late.items(), ("o--", "s--", "^--", "D-"), strict=True):
            one = one.dropna()
            colour = GREY if name == "in the end" else None
            axes.plot(range(1, len(one) + 1), one, style, markersize=4, color=colour)
            axes.annotate(name, (len(one), one.iloc[-1]), (6, -3), textcoords="offset points")
        axes.set(xlabel="month of discharge, 2025", ylabel="returns over promised")
        axes.set(ylim=(0, 1.4), xlim=(0.5, 14), xticks=range(1, 13))

    return draw


def loud(table):
    """Two panels: the largest PSI of an input of each year, and its O/E."""

    def draw(panels):
        names = [f"{name}: {title}" for name, title in table.year[::-1].items()]
        bars = panels[0].barh(names, table["largest PSI of an input"][::-1], color=BLUE)
        panels[0].bar_label(bars, fmt="%.3f", padding=3)
        panels[0].set(xlabel="largest PSI of an input", ylabel="year", xlim=(0, 0.85))
        panels[1].plot(table["O/E"][::-1], names, "D", color=RED, linestyle="")
        panels[1].axvline(1, color=GREY, linestyle=":", linewidth=1, marker="")
        panels[1].set(xlabel="returns over promised", ylabel="the same years", xlim=(0.6, 1.9), yticks=[])
        panels[1].set(ylim=panels[0].get_ylim())

    return draw


def decay(ratio):
    """O/E of half-years, ``{whose: table of value, low, high by week in which it ends}``; the interval of the tickets."""

    def draw(axes):
        tickets = ratio["tickets"]
        axes.fill_between(tickets.index, tickets.low, tickets.high, color=RED, alpha=0.15)
        told = {name: one.value[::4] for name, one in ratio.items()}
        lines(pd.DataFrame(told), ylabel="returns over promised", ylim=(0, 1.4))(axes)
        axes.set(xlabel="week in which the half-year ends; the model calls from week 0 on")
        axes.set(xlim=(-27, 41), xticks=[-26, -13, 0, 13, 26])
        axes.axvline(0, color="black", linewidth=0.8, linestyle=":")

    return draw


def dose(doses):
    """A panel for each of three columns, by the share of returns that calls averted."""

    def draw(panels):
        for axes, name, ends in zip(panels, doses, ((0.5, 0.8), (0, 110), (0, 40)), strict=True):
            axes.plot(doses.index, doses[name])
            axes.set(xlabel="of 100 returns, averted by calls", ylabel=name, ylim=ends, xticks=doses.index)

    return draw


def race(averted):
    """Returns averted so far, week by week, one line a house; what happens is marked below."""

    def draw(axes):
        lines(averted, ylabel="returns averted so far", xlabel="week of the year")(axes)
        axes.axvspan(10, 32, ymax=0.04, color="#56B4E9", alpha=0.6)
        axes.axvspan(26, 46, ymin=0.04, ymax=0.08, color=RED, alpha=0.6)
        axes.annotate("new analyser", (10.4, 0.3), fontsize=8)
        axes.annotate("µmol/L", (26.4, 2.1), fontsize=8)
        axes.set(xlim=(1, 60), xticks=range(1, 53, 6), ylim=(0, 45))

    return draw
