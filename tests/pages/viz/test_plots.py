"""The plots of the page show the model to its current day, on the dates of the whole scenario."""

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from simulation.day.model import CapitalFlowModel
from simulation.pages.viz import plots
from simulation.results.figures.style import date_number
from simulation.results.metrics import FinishedRuns
from tests.pages.viz.test_slider_model import OFFICIAL


@pytest.fixture
def model() -> CapitalFlowModel:
    model = CapitalFlowModel(OFFICIAL.resolved(), range(3))
    model.step()
    model.step()
    return model


def title(axes: Axes) -> str:
    return axes.get_title("left")


def test_the_median_and_every_run_are_drawn(model: CapitalFlowModel) -> None:
    (axes,) = plots.plot_usdjpy(model).axes
    paths = model.result().market["usdjpy"][:, :3]
    drawn = [np.asarray(line.get_ydata()) for line in axes.lines]
    assert sum(any(np.array_equal(path, line) for line in drawn) for path in paths) == 3
    middle = np.median(paths, axis=0)
    assert any(np.array_equal(middle, line) for line in drawn)
    assert f"{middle[-1]:.1f} on 2 Dec 2025" in title(axes)


def test_the_date_axis_covers_the_whole_scenario(model: CapitalFlowModel) -> None:
    for draw, margin in (
        (plots.plot_usdjpy, 0.0),
        (plots.plot_unwound, 0.0),
        (plots.plot_flows, plots.BAR_MARGIN_DAYS),
    ):
        (axes,) = draw(model).axes
        first, last = date_number(model.dates[0]) - margin, date_number(model.dates[-1]) + margin
        assert axes.get_xlim() == (first, last)


def test_the_share_is_relative_to_the_initial_stock(model: CapitalFlowModel) -> None:
    finished = FinishedRuns(plots.record_to_date(model))
    share = plots.unwound_share(finished, ["carry_funds"])
    table = model.result().flows["carry_funds"]
    expected = table["unwound_usd_bn"][:, :3].sum(axis=1) / table["stock_usd_bn"][:, 0]
    np.testing.assert_allclose(share[:, -1], expected)


def test_plots_exist_before_the_first_step() -> None:
    fresh = CapitalFlowModel(OFFICIAL.resolved(), range(2))
    for draw in (plots.plot_usdjpy, plots.plot_unwound, plots.plot_flows):
        (axes,) = draw(fresh).axes
        assert title(axes)


def test_bars_add_up_to_the_net_flow(model: CapitalFlowModel) -> None:
    (axes,) = plots.plot_flows(model).axes
    spot = sum(table["spot_usd_bn"][:, 1:3].mean(axis=0) for table in traders(model))
    (net,) = [line for line in axes.lines if line.get_marker() == "D"]
    np.testing.assert_allclose(np.asarray(net.get_ydata()), -spot, atol=1e-9)


def traders(model: CapitalFlowModel) -> list[dict[str, Any]]:
    record = model.result()
    return [record.flows[name] for name in FinishedRuns(record).customers()]


def test_plots_report_that_all_runs_have_stopped() -> None:
    request = OFFICIAL.resolved().model_copy(deep=True)
    model = CapitalFlowModel(request, range(1))
    model.stop([0], "test", "stopped by the test")
    for draw in (plots.plot_usdjpy, plots.plot_unwound, plots.plot_flows):
        (words,) = draw(model).texts
        assert "all runs have stopped" in words.get_text()
