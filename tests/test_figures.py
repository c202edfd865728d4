"""Figures reach a screen reader, or are not drawn."""

import pandas as pd
import pytest
from wardround.evaluation import Estimate, Figure, FigureError, direct_label, figure, intervals, lanes, lines, palette

SAYS = "Eastbank pages three times as often as Quillmere."


def draw(axes):
    axes.plot([1, 2], [3, 4])
    axes.plot([1, 2], [1, 2])
    direct_label(axes, 2, 4, "Eastbank")
    axes.set(xlabel="week", ylabel="pages")


def test_the_message_is_caption_alternative_text_and_repr():
    made = figure(draw, says=SAYS)
    assert f'alt="{SAYS}"' in made._repr_html_() and f"<figcaption>{SAYS}" in made._repr_html_()
    assert SAYS in repr(made)


def test_the_message_cannot_break_out_of_its_attribute():
    made = figure(draw, says='He said "one" <b>and</b> then two more & left')
    assert 'alt="He said &quot;one&quot; &lt;b&gt;and' in made._repr_html_()


@pytest.mark.parametrize("says", ["", "pages", "pages by week"])
def test_no_message_no_figure(says):
    with pytest.raises(FigureError, match="no message"):
        figure(draw, says=says)


def test_an_axis_without_a_label_is_refused():
    with pytest.raises(FigureError, match="y axis"):
        figure(lambda axes: axes.set_xlabel("week"), says=SAYS)


def test_lines_differ_by_more_than_colour():
    seen = []

    def spy(axes):
        draw(axes)
        seen.extend((line.get_color(), line.get_linestyle(), line.get_marker()) for line in axes.lines)

    figure(spy, says=SAYS)
    assert seen[0][0] == palette[0]
    assert all(a != b for a, b in zip(*seen, strict=True))


def test_same_figure_same_bytes():
    assert figure(draw, says=SAYS).image == figure(draw, says=SAYS).image


def test_many_marks_become_a_png():
    def crowd(axes):
        axes.scatter(range(3000), range(3000))
        axes.set(xlabel="x", ylabel="y")

    assert figure(crowd, says=SAYS).mime == "image/png"
    assert figure(draw, says=SAYS).mime == "image/svg+xml"


def test_the_numbers_fold_below():
    made = figure(draw, says=SAYS, table=pd.DataFrame({"pages": [16]}))
    assert isinstance(made, Figure) and "<details>" in made._repr_html_() and ">16<" in made._repr_html_()


def test_lines_name_each_column_beside_its_end():
    table = pd.DataFrame({"Eastbank": [1, 2], "Quillmere": [2, 1]}, index=pd.Index([1, 2], name="week"))
    seen = []

    def spy(axes):
        lines(table, ylabel="pages")(axes)
        seen.extend(text.get_text() for text in axes.texts)
        assert axes.get_legend() is None and axes.get_xlabel() == "week"

    figure(spy, says=SAYS)
    assert seen == ["Eastbank", "Quillmere"]


def test_intervals_show_each_name_its_dot_and_zero_where_it_is_in_sight():
    def shown(*values):
        seen = []
        found = {f"row {n}": Estimate(value, value - 0.1, value + 0.1) for n, value in enumerate(values)}
        figure(lambda axes: (intervals(found, xlabel="gain")(axes), seen.append(axes)), says=SAYS)
        return seen[0]

    across, beyond = shown(0.05, 0.5), shown(0.3, 0.5)
    assert [text.get_text() for text in across.get_yticklabels()] == ["row 0", "row 1"]
    assert [line.get_xdata()[0] for line in across.lines if line.get_marker() == "o"] == [0.05, 0.5]
    assert [len(axes.lines) for axes in (across, beyond)] == [5, 4]  # a bar and a dot each; across also zero


def test_several_panels_are_one_figure_and_each_needs_its_labels():
    def both(panels):
        for axes in panels:
            axes.plot([0, 1], [0, 1])
            axes.set(xlabel="days", ylabel="stays")

    made = figure(both, says="Two views of one thing say the same.", grid=(1, 2))
    assert made.image.count(b'<g id="axes_') == 2
    with pytest.raises(FigureError, match="x axis"):
        figure(lambda panels: panels[0].set(xlabel="a", ylabel="b"), says="Two views of one thing say.", grid=(1, 2))


def test_lanes_hold_who_does_what_and_dash_what_nobody_does_any_more():
    steps = pd.DataFrame(
        {
            "who": ["nurse", "nurse", "list"],
            "begins": [9, 10, 8],
            "ends": [10, 11.5, 9],
            "what": ["calls", "teaching", "is made"],
            "stops": [False, True, False],
        }
    )
    held = []
    figure(
        lambda axes: (lanes(steps, xlabel="time of day")(axes), held.append(axes)),
        says="The nurse calls and no longer teaches.",
    )
    axes = held[0]
    assert [text.get_text() for text in axes.texts] == ["calls", "teaching", "is made"]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["nurse", "list"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["08:00", "09:00", "10:00", "11:00", "12:00"]
    assert [bar.get_linestyle() for bar in axes.patches] == ["-", "--", "-"]
