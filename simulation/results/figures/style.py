"""Common style and elements of all figures: colours, headings, axes, policy dates and source lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

import matplotlib
import numpy as np
from matplotlib import dates as mdates
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

from simulation.results.metrics import FinishedRuns

if TYPE_CHECKING:
    from simulation.day.recorder import Record
    from simulation.scenario.scenario import Scenario

FloatArray = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Columns = dict[str, NDArray[Any]]

SIZE_INCHES = (10.0, 5.625)
DPI = 200
INK, GREY, LIGHT = "#222222", "#6b6b6b", "#d9d9d9"
ACCENT = "#0072B2"
BAND_OUTER, BAND_INNER = 0.18, 0.32
ONE_DAY = np.timedelta64(1, "D")
HALF_A_MONTH = 0
DAY_STEPS = (1, 2, 7)
MONTH_STEPS = (HALF_A_MONTH, 1, 2, 3, 6, 12, 24, 60, 120)
LEAST_SHRINKING = 1.01
"""Smallest factor by which the font of a too long line is reduced."""
LABEL_INCHES = 0.8
"""Policy-date labels closer than this are drawn on two levels."""
LABEL_POINTS = 11
"""Height of one line of small labels above a panel, points."""
MARKER_POINTS = 3
"""Space between a legend marker and its name, points."""

STYLE: Final = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.unicode_minus": True,
    "text.parse_math": False,  # show a dollar sign as it is
    "path.simplify": True,
}

# Colours of Okabe and Ito and Tol's muted scheme, dark enough for text and distinguishable with common colour blindness.
COLOURS = {
    "carry_funds": "#D55E00",
    "life_insurers": "#0072B2",
    "real_money_japan": "#56B4E9",
    "crypto_traders": "#CC79A7",
    "yen_borrowers": "#E69F00",
    "pension_funds": "#009E73",
    "banks": "#7A6A4F",
    "investment_trusts": "#999933",
    "retail_fx": "#8C510A",
    "bitcoin_etf_holders": "#882255",
    "foreigners_in_japan": "#44AA99",
    "real_money": "#9a9a9a",
    "dealers": "#5c5c5c",
    "money_market": "#c4c4c4",
}
SPARE_COLOURS = ("#332288", "#88CCEE", "#117733", "#967F00", "#AA4499", "#661100")


@dataclass(frozen=True)
class Drawing:
    """A figure and its plotted data by column."""

    figure: Figure
    numbers: Columns


@dataclass(frozen=True)
class Heading:
    """Text of a figure: the finding as title, a subtitle with units, and the source line."""

    finding: str
    subtitle: str
    source: str


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw in the common style; matplotlib's settings are restored afterwards."""
    with matplotlib.rc_context():
        settings: Any = matplotlib.rcParams
        settings.update(STYLE)
        yield


def population_colour(population: str) -> str:
    """Return the colour of a population; an unlisted name always has the same spare colour."""
    return COLOURS.get(population) or SPARE_COLOURS[crc32(population.encode()) % len(SPARE_COLOURS)]


def text_colour_on(shade: tuple[float, ...]) -> str:
    """Return black or white, whichever has the higher contrast on a colour; it is at least 4.5.

    Source: relative luminance and contrast of WCAG 2.
    """
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in shade[:3]]
    light = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
    return "black" if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) else "white"


def with_minus_sign(number: str) -> str:
    """Return a formatted number with a minus sign instead of a hyphen."""
    return number.replace("-", "−")


def new_figure(heading: Heading) -> Figure:
    """Return an empty figure with title, subtitle and source line."""
    figure = Figure(figsize=SIZE_INCHES)
    FigureCanvasAgg(figure)
    title = figure.text(0.03, 0.945, heading.finding, fontsize=14, fontweight="bold", va="center")
    subtitle = figure.text(0.03, 0.893, heading.subtitle, fontsize=9.5, color=GREY, va="center")
    source = figure.text(0.03, 0.022, heading.source, fontsize=7.5, color=GREY, va="center")
    for text in (title, subtitle, source):
        _shrink_to_width(text, 0.94)
    return figure


def _shrink_to_width(text: Text, share: float) -> None:
    """Reduce the font size until a line fits the width."""
    # Glyphs are fitted to pixels, so the width is not proportional to the font size: repeat.
    while (width := _width(text) / share) > 1.0:
        text.set_fontsize(float(text.get_fontsize()) / max(width, LEAST_SHRINKING))


def _width(text: Text) -> float:
    """Return the width of a text as a share of the figure, the larger of the widths on screen and in a file."""
    figure = text.get_figure(root=True)
    assert isinstance(figure, Figure)
    screen, widths = figure.dpi, []
    for dots in (DPI, screen):
        figure.set_dpi(dots)
        # A text keeps the renderer that measured it, with its resolution: measure with the screen's renderer last.
        widths.append(text.get_window_extent(FigureCanvasAgg(figure).get_renderer()).width / figure.bbox.width)
    figure.set_dpi(screen)
    return max(widths)


def remove_frame(axes: Axes) -> None:
    """Remove the frame; keep a horizontal grid and y labels on the right."""
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_color(LIGHT)
    axes.yaxis.tick_right()
    axes.tick_params(length=0, labelsize=8.5)
    axes.grid(axis="y", color=LIGHT, linewidth=0.7)
    axes.set_axisbelow(True)


def display_scale(unit: str) -> float:
    """Return the display factor of a unit: 100 for shares, which are shown in percent."""
    return 100.0 if unit.startswith("share") else 1.0


def tick_days(first: np.datetime64, last: np.datetime64, most: int) -> Dates:
    """Return at most `most` tick dates: every few days, half months, months or years."""
    for count in DAY_STEPS:
        step = np.timedelta64(count, "D")
        if (last - first) / step < most:
            return np.arange(first, last + ONE_DAY, step)
    for months in MONTH_STEPS:
        days = _month_days(first, last, months)
        inside: Dates = days[(days >= first) & (days <= last)]
        if len(inside) <= most:
            return inside
    return np.array([first, last])


def _month_days(first: np.datetime64, last: np.datetime64, months: int) -> Dates:
    """Return the first of every `months` months, counted from January; for half months also the 15th."""
    step = max(1, months)
    start, end = (int(day.astype("datetime64[M]").astype(int)) for day in (first, last))
    days = np.arange(start - start % step, end + 1, step).astype("datetime64[M]").astype("datetime64[D]")
    return np.sort(np.concatenate([days, days + 14 * ONE_DAY])) if months == HALF_A_MONTH else days


def format_date_axis(axes: Axes, dates: Dates, ticks: int = 7, margin_days: float = 0.0) -> None:
    """Format a date axis: short labels, and limits at the data plus an optional margin."""
    first, last = dates[0], dates[-1]
    short = (last - first) < np.timedelta64(300, "D")
    days = tick_days(first, last, ticks)
    # No portable format code gives the day without a leading zero.
    labels = [f"{day.item().day} {day.item():%b}" if short else f"{day.item():%b %Y}" for day in days]
    axes.set_xticks([date_number(day) for day in days], labels)
    axes.set_xlim(date_number(first) - margin_days, date_number(last) + margin_days)


def date_number(day: np.datetime64) -> float:
    """Return a day as a number on matplotlib's axis."""
    return float(mdates.date2num(day))


def panel_title(axes: Axes, text: str, lines_below: int = 0) -> None:
    """Write the title of a panel at its upper left, above `lines_below` lines of small labels."""
    axes.set_title(text, loc="left", fontsize=9.5, fontweight="bold", pad=6 + 1.15 * LABEL_POINTS * lines_below)


def legend_line(axes: Axes, entries: Iterable[tuple[str, str]], lines_below: int = 0) -> None:
    """Write legend entries side by side above the panel: a coloured marker and a name in the text colour.

    Parameters
    ----------
    entries
        Marker and name separated by a space, and the colour of the marker.
    lines_below
        Lines of small labels between the panel and the legend.
    """
    points = 72.0 / axes.figure.dpi
    between = 0.02 * axes.get_window_extent().width * points
    height = 6 + LABEL_POINTS * lines_below
    left = 0.0
    for entry, shade in entries:
        marker, name = entry.split(" ", 1)
        for text, tone, room in ((marker, shade, MARKER_POINTS), (name, INK, between)):
            label = axes.annotate(
                text, (0, 1), xycoords="axes fraction", xytext=(left, height), textcoords="offset points",
                color=tone, fontsize=9, va="baseline",
            )  # fmt: skip
            left += label.get_window_extent().width * points + room


def draw_fan(axes: Axes, dates: Dates, quantiles: FloatArray, shade: str = ACCENT) -> None:
    """Draw the median with its 25-75 % and 10-90 % bands; `quantiles` has five rows from low to high."""
    axes.fill_between(dates, quantiles[0], quantiles[4], color=shade, alpha=BAND_OUTER, linewidth=0)
    axes.fill_between(dates, quantiles[1], quantiles[3], color=shade, alpha=BAND_INNER, linewidth=0)
    axes.plot(dates, quantiles[2], color=shade, linewidth=1.8, solid_capstyle="round")


# Headings and source lines


def run_count_text(finished: FinishedRuns) -> str:
    """Return the number of finished runs as text, with the number of stopped runs."""
    shown = "1 run" if finished.count == 1 else f"{finished.count:,} runs"
    stopped = len(finished.record.stopped)
    return f"{shown} ({stopped} stopped early, excluded)" if stopped else shown


def band_description(parameter_sets: str) -> str:
    """Return which uncertainty the bands over runs show."""
    return "simulation noise and parameter uncertainty" if parameter_sets else "simulation noise"


def source_line(record: Record) -> str:
    """Return the source line: model, scenario, period, seed and number of runs."""
    scenario = record.scenario
    first, last = (day.item().strftime("%d %b %Y").lstrip("0") for day in (record.dates[0], record.dates[-1]))
    return (
        f"Source: carryflow simulation, scenario {scenario.name}, {first} to {last}, "
        f"seed {scenario.seed}, {len(record.runs):,} runs"
        + (f", parameter sets {record.parameter_sets}" if record.parameter_sets else "")
    )


# Policy dates


@dataclass(frozen=True)
class PolicyDate:
    """Day and label of a policy meeting."""

    day: np.datetime64
    label: str


def decision_text(bank: str, decision_bp: float | None) -> str:
    """Return the label of a decision: ``BOJ +25 bp``, ``Fed holds``, or ``Fed meets`` if each run draws the decision."""
    if decision_bp is None:
        return f"{bank} meets"
    if decision_bp == 0:
        return f"{bank} holds"
    sign = "+" if decision_bp > 0 else "−"
    return f"{bank} {sign}{abs(decision_bp):g} bp"


def policy_dates(scenario: Scenario, dates: Dates) -> list[PolicyDate]:
    """Return the meetings of both central banks within the scenario, by date."""
    meetings_of_both = [
        PolicyDate(np.datetime64(meeting.date, "D"), decision_text(bank, meeting.decision))
        for bank, meetings in (("Fed", scenario.fed.meetings), ("BOJ", scenario.boj.meetings))
        for meeting in meetings
    ]
    inside = [mark for mark in meetings_of_both if dates[0] <= mark.day <= dates[-1]]
    return sorted(inside, key=lambda mark: (mark.day, mark.label))


def mark_policy_dates(axes: Axes, marks: list[PolicyDate], labels: bool = True) -> int:
    """Draw dashed lines with labels above the panel; return the number of label lines."""
    left, right = axes.get_xlim()
    figure = axes.get_figure(root=True)
    assert figure is not None
    label_days = LABEL_INCHES / (axes.get_position().width * figure.get_figwidth()) * (right - left)
    free_from = [-np.inf, -np.inf]
    for mark in marks:
        at = date_number(mark.day)
        axes.axvline(at, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1.5)
        level = 0 if at >= free_from[0] else 1
        free_from[level] = at + label_days
        if labels:
            _draw_label(axes, at, mark.label, level)
    return sum(bool(np.isfinite(edge)) for edge in free_from) if labels else 0


def _draw_label(axes: Axes, at: float, text: str, level: int) -> None:
    left, right = axes.get_xlim()
    share = (at - left) / (right - left)
    side = "left" if share < 0.05 else "right" if share > 0.95 else "center"
    axes.annotate(
        text,
        (at, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3 + LABEL_POINTS * level),
        textcoords="offset points",
        ha=side,
        va="bottom",
        fontsize=8,
        color=GREY,
    )
