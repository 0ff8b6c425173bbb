"""Figures state findings from the data, come with their data, and leave matplotlib's settings unchanged."""

import csv
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from simulation.day.recorder import Record
from simulation.results.figures import charts
from simulation.results.figures.flow_charts import stack_edges, sum_over_groups
from simulation.results.figures.style import (
    COLOURS,
    DPI,
    SPARE_COLOURS,
    Drawing,
    Heading,
    decision_text,
    figure_style,
    new_figure,
    policy_dates,
    population_colour,
    tick_days,
)
from simulation.results.findings import format_percent, format_usd_bn, price_change_text, scenario_finding
from simulation.results.run_results import Result
from tests.results.conftest import MakeRecord


def texts(figure: Figure) -> list[str]:
    return [artist.get_text() for artist in figure.findobj(Text) if artist.get_text()]


def column(drawing: Drawing, name: str) -> list[float]:
    return [float(value) for value in drawing.numbers[name]]


def chart(record: Record, name: str) -> Drawing:
    """One figure of a batch."""
    with figure_style():
        drawing = charts.CHARTS[name](record)
    assert drawing is not None
    return drawing


@pytest.fixture(scope="module")
def all_drawn(small_record: Record) -> dict[str, Drawing]:
    """Every figure of a small batch, and a comparison of two batches."""
    return charts.draw_figures(small_record) | {
        "compare": charts.comparison_figure({"One": small_record, "Two": small_record})
    }


def test_every_figure_states_finding_units_and_source(all_drawn: dict[str, Drawing]) -> None:
    for name in charts.CHARTS:
        found = " | ".join(texts(all_drawn[name].figure))
        assert "Source: carryflow simulation, scenario small, 1 Dec 2025 to 30 Dec 2025, seed 7, 6 runs" in found
        assert any(unit in found for unit in ("yen per dollar", "USD bn", "start = 100"))


def test_findings_change_with_the_data(make_record: MakeRecord) -> None:
    record = make_record()
    assert "USDJPY falls 0.7 % at the median; the 10-year spread narrows by 15 bp" in texts(
        chart(record, "fan_usdjpy_spread").figure
    )
    record.market["usdjpy"][:, -1] = 165.0
    record.market["spread_10y_pp"][:, -1] = 2.5
    assert "USDJPY rises 10.0 % at the median; the 10-year spread widens by 30 bp" in texts(
        chart(record, "fan_usdjpy_spread").figure
    )


def test_numbers_beside_the_fan_are_quantiles(make_record: MakeRecord) -> None:
    fan = chart(make_record(), "fan_usdjpy_spread")
    assert column(fan, "usdjpy_p50") == [150.0, 151.0, 143.0, 146.0, 149.0]
    assert column(fan, "usdjpy_p10")[-1] == pytest.approx(147.4)


def test_stacked_bars_add_up_to_the_net(make_record: MakeRecord) -> None:
    bars = chart(make_record(), "yen_flows")
    assert column(bars, "carry_funds") == [12.0] * 4
    assert column(bars, "net") == [14.0] * 4
    assert "dealers" not in bars.numbers


def test_stack_piles_purchases_up_and_sales_down() -> None:
    edges = stack_edges([np.array([1.0, -1.0]), np.array([2.0, -3.0]), np.array([-4.0, 5.0])])
    assert [(list(bottom), list(top)) for bottom, top in edges] == [
        ([0.0, 0.0], [1.0, -1.0]),
        ([1.0, -1.0], [3.0, -4.0]),
        ([0.0, 0.0], [-4.0, 5.0]),
    ]


def test_long_scenarios_are_shown_in_groups_of_days() -> None:
    np.testing.assert_array_equal(sum_over_groups(np.arange(5.0), 2), [1.0, 5.0, 4.0])


def test_who_unwound_keeps_levered_and_repatriated_apart(make_record: MakeRecord) -> None:
    drawing = chart(make_record(), "who_unwound")
    assert list(drawing.numbers["population"]) == ["carry_funds", "life_insurers"]
    assert column(drawing, "unwound_usd_bn_p50") == [40.0, 12.0]
    assert column(drawing, "repatriated_usd_bn_p50") == [0.0, 8.0]
    assert column(drawing, "stop_usd_bn_mean") == [40.0, 12.0]
    assert "Levered investors reduce positions by $40 bn (16 %); residents repatriate $8.0 bn" in texts(drawing.figure)


def test_missing_bitcoin_leaves_its_panel_out(make_record: MakeRecord) -> None:
    panel = chart(make_record(without=("bitcoin_usd",)), "asset_prices")
    assert len(panel.figure.axes) == 5
    assert not any(name.startswith("bitcoin") for name in panel.numbers)


def test_stopped_runs_are_named_and_left_out(make_record: MakeRecord) -> None:
    panel = chart(make_record(stopped=(0,)), "asset_prices")
    assert any("4 runs (1 stopped early, excluded)" in text for text in texts(panel.figure))


def test_nothing_to_draw_when_all_runs_stopped(make_record: MakeRecord) -> None:
    stopped = make_record(stopped=(0, 1, 2, 3, 4))
    assert charts.draw_figures(stopped) == {}
    assert "No run reached its last day" in texts(charts.comparison_figure({"A": stopped, "B": stopped}).figure)


def test_one_population_is_enough(make_record: MakeRecord) -> None:
    record = make_record()
    for name in list(record.flows):
        if name != "dealers":
            del record.flows[name]
    assert set(charts.draw_figures(record)) == {"fan_usdjpy_spread", "asset_prices"}


def test_comparison_uses_one_scale(make_record: MakeRecord) -> None:
    other = make_record()
    other.market["usdjpy"][:, -1] = 120.0
    other.flows["carry_funds"]["unwound_usd_bn"][:, 1:] *= 3.0
    drawing = charts.comparison_figure({"Article": make_record(), "Official": other})
    left, left_below, right, right_below = drawing.figure.axes
    assert left.get_ylim() == right.get_ylim()
    assert left_below.get_ylim() == right_below.get_ylim()
    assert column(drawing, "official_levered_unwound_usd_bn_p50")[-1] == 120.0
    assert (
        "Article: positions reduced by $52 bn, USDJPY −0.7 %; Official: positions reduced by $132 bn, USDJPY −20.0 %"
        in texts(drawing.figure)
    )


def test_labels_do_not_run_off_the_picture(all_drawn: dict[str, Drawing]) -> None:
    for name, drawing in all_drawn.items():
        width, height = drawing.figure.get_size_inches()
        box = drawing.figure.get_tightbbox()
        assert box.x0 >= 0.0, name
        assert box.y0 >= 0.0, name
        assert box.x1 <= width, name
        assert box.y1 <= height, name


def contrast_on_white(text: Text) -> float:
    """Contrast of WCAG 2 between text and a white background."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(text.get_color())
    )
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def test_words_are_dark_enough_to_read(all_drawn: dict[str, Drawing]) -> None:
    for name, drawing in all_drawn.items():
        words = [text for text in drawing.figure.findobj(Text) if any(map(str.isalpha, text.get_text()))]
        assert {text.get_text(): contrast_on_white(text) for text in words if contrast_on_white(text) < 4.5} == {}, name


def test_policy_dates_come_from_the_scenario(small_record: Record) -> None:
    marks = policy_dates(small_record.scenario, small_record.dates)
    assert [(str(mark.day), mark.label) for mark in marks] == [
        ("2025-12-10", "Fed −25 bp"),
        ("2025-12-19", "BOJ +25 bp"),
    ]
    assert decision_text("BOJ", 0.0) == "BOJ holds"
    assert decision_text("BOJ", 12.5) == "BOJ +12.5 bp"


def test_drawing_changes_no_setting_and_opens_no_window(small_record: Record) -> None:
    before = dict(matplotlib.rcParams)
    imported = "matplotlib.pyplot" in sys.modules
    charts.draw_figures(small_record)
    assert dict(matplotlib.rcParams) == before
    assert ("matplotlib.pyplot" in sys.modules) == imported


def test_pictures_and_numbers_are_written_side_by_side(all_drawn: dict[str, Drawing], tmp_path: Path) -> None:
    charts.write_figures(all_drawn, tmp_path)
    for name in all_drawn:
        picture = (tmp_path / f"{name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert b"matplotlib" not in picture.lower()
        with (tmp_path / f"{name}.csv").open(encoding="utf-8") as file:
            rows = list(csv.reader(file))
        assert len(rows) > 1
        assert len({len(row) for row in rows}) == 1


def test_gallery_shows_pictures_in_a_notebook(small_record: Record) -> None:
    gallery = Result(small_record).plot()
    assert list(gallery) == list(charts.CHARTS)
    assert isinstance(gallery, charts.Gallery)
    assert gallery._repr_html_().count('<img src="data:image/png;base64,') == 4


def test_every_population_has_a_colour_of_its_own() -> None:
    assert len(set(COLOURS.values())) == len(COLOURS)
    assert population_colour("carry_funds") == COLOURS["carry_funds"]
    assert population_colour("martians") in SPARE_COLOURS
    assert population_colour("martians") == population_colour("martians")


@pytest.mark.parametrize(
    ("first", "last", "most", "expected"),
    [
        ("2025-12-01", "2025-12-04", 7, ["2025-12-01", "2025-12-02", "2025-12-03", "2025-12-04"]),
        ("2025-11-28", "2026-02-27", 4, ["2025-12-01", "2026-01-01", "2026-02-01"]),
        ("2025-12-01", "2026-02-10", 7, ["2025-12-01", "2025-12-15", "2026-01-01", "2026-01-15", "2026-02-01"]),
        ("1998-05-04", "2001-02-10", 3, ["1999-01-01", "2000-01-01", "2001-01-01"]),
    ],
)
def test_ticks_are_round_days(first: str, last: str, most: int, expected: list[str]) -> None:
    days = tick_days(np.datetime64(first, "D"), np.datetime64(last, "D"), most)
    assert [str(day) for day in days] == expected


@pytest.mark.parametrize("usd_bn", [0.04, -0.04])
def test_small_amounts_have_no_sign(usd_bn: float) -> None:
    assert format_usd_bn(usd_bn) == "$0.0 bn"


def test_words_for_numbers() -> None:
    assert [format_usd_bn(1234.0), format_usd_bn(-56.0), format_usd_bn(7.25)] == ["$1.23 tn", "−$56 bn", "$7.2 bn"]
    assert [format_percent(0.444), format_percent(-0.031)] == ["44 %", "−3.1 %"]
    assert [price_change_text("X", 0.01), price_change_text("X", -2.0), price_change_text("X", None)] == [
        "X is unchanged",
        "X falls 2.0 %",
        "X is not available",
    ]


def test_demo_sentence(make_record: MakeRecord) -> None:
    found = scenario_finding(make_record())
    assert found.startswith(
        "USDJPY falls 0.7 % at the median; reduction in foreign positions $52 bn (6.1 %), of which levered"
    )
    assert scenario_finding(make_record(stopped=(0, 1, 2, 3, 4))) == "no run reached its last day"


@pytest.mark.parametrize("letters", [100, 160, 175, 210, 400])
def test_long_lines_end_before_the_edge_on_a_screen_and_in_a_file(letters: int) -> None:
    """Glyphs are fitted to pixels: a proportional font size once left a line of 160 letters wider than the figure."""
    line = ("levered_unwind_usd_bn; line: mean; inner band: 10-90 % of means at a point (the other parameters); " * 5)[
        :letters
    ]
    with figure_style():
        figure = new_figure(Heading(line[:100], line, line))
        for dots in (figure.dpi, DPI):
            figure.set_dpi(dots)
            assert max(text.get_window_extent().x1 for text in figure.texts) <= 0.98 * figure.bbox.width
