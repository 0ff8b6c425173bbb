"""The house style: one look for every figure, without touching the settings of whoever imports this package.

The source line under every figure and the words for how many runs it shows.

Policy meetings as dashed lines with a label each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32
import matplotlib
import numpy as np
from matplotlib import dates as mdates
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray
from typing import TYPE_CHECKING
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
"""By how much a line that is too long is made smaller at least."""
LABEL_POINTS = 11
"""Height of one line of small labels above a panel."""
SIGN_POINTS = 3
"""Room between a sign and its name above a panel."""

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
    "text.parse_math": False,  # a dollar sign is a dollar
    "path.simplify": True,
}

# Okabe and Ito's colours and Tol's muted ones, dark enough for text, which people with any common colour blindness tell apart.
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
    """A figure and the numbers it shows, column by column."""

    figure: Figure
    numbers: Columns


@dataclass(frozen=True)
class Heading:
    """What a figure says: the finding, how to read it with its units, and where the numbers come from."""

    finding: str
    subtitle: str
    source: str


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw with the house style and leave matplotlib's settings as they were."""
    with matplotlib.rc_context():
        settings: Any = matplotlib.rcParams
        settings.update(STYLE)
        yield


def population_colour(population: str) -> str:
    """Return the one colour of a population; an unlisted name always meets the same spare colour."""
    return COLOURS.get(population) or SPARE_COLOURS[crc32(population.encode()) % len(SPARE_COLOURS)]


def text_colour_on(shade: tuple[float, ...]) -> str:
    """Return black or white, whichever is read better on a colour: one of them has a contrast of 4.5 on any.

    Source: relative luminance and contrast of WCAG 2.
    """
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in shade[:3]]
    light = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
    return "black" if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) else "white"


def with_minus_sign(number: str) -> str:
    """Return a number with the sign that axes have: a minus and not a hyphen."""
    return number.replace("-", "−")


def new_figure(heading: Heading) -> Figure:
    """Return an empty figure with its finding, subtitle and source line."""
    figure = Figure(figsize=SIZE_INCHES)
    FigureCanvasAgg(figure)
    title = figure.text(0.03, 0.945, heading.finding, fontsize=14, fontweight="bold", va="center")
    subtitle = figure.text(0.03, 0.893, heading.subtitle, fontsize=9.5, color=GREY, va="center")
    source = figure.text(0.03, 0.022, heading.source, fontsize=7.5, color=GREY, va="center")
    for text in (title, subtitle, source):
        _shrink_to_width(text, 0.94)
    return figure


def _shrink_to_width(text: Text, share: float) -> None:
    """Make a long line smaller rather than let it run off the slide."""
    # Letters are fitted to dots, so that a line does not shrink as its size does: once is not enough.
    while (width := _width(text) / share) > 1.0:
        text.set_fontsize(float(text.get_fontsize()) / max(width, LEAST_SHRINKING))


def _width(text: Text) -> float:
    """Width of a text as a share of the figure, the larger of that on a screen and that in a file."""
    figure = text.get_figure(root=True)
    assert isinstance(figure, Figure)
    screen, found = figure.dpi, []
    for dots in (DPI, screen):
        figure.set_dpi(dots)
        # A text keeps the renderer that measured it, and with it the size of its dots: give it the right one, the screen's last.
        found.append(text.get_window_extent(FigureCanvasAgg(figure).get_renderer()).width / figure.bbox.width)
    figure.set_dpi(screen)
    return max(found)


def remove_frame(axes: Axes) -> None:
    """Strip the frame; keep a horizontal grid and the y labels on the right."""
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_color(LIGHT)
    axes.yaxis.tick_right()
    axes.tick_params(length=0, labelsize=8.5)
    axes.grid(axis="y", color=LIGHT, linewidth=0.7)
    axes.set_axisbelow(True)


def display_scale(unit: str) -> float:
    """What a number is multiplied with to be shown: 100 for a share, which reads as percent."""
    return 100.0 if unit.startswith("share") else 1.0


def tick_days(first: np.datetime64, last: np.datetime64, most: int) -> Dates:
    """Return round days between two days, at most so many: every few days, half months, months or years."""
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
    """Return the first of every so many months, counted from January; half months have the 15th too."""
    step = max(1, months)
    start, end = (int(day.astype("datetime64[M]").astype(int)) for day in (first, last))
    days = np.arange(start - start % step, end + 1, step).astype("datetime64[M]").astype("datetime64[D]")
    return np.sort(np.concatenate([days, days + 14 * ONE_DAY])) if months == HALF_A_MONTH else days


def format_date_axis(axes: Axes, dates: Dates, ticks: int = 7, margin_days: float = 0.0) -> None:
    """Label dates in few words and end the axis with the data, or with a margin for the width of bars."""
    first, last = dates[0], dates[-1]
    short = (last - first) < np.timedelta64(300, "D")
    days = tick_days(first, last, ticks)
    # The day without a leading zero has no format code that every platform knows.
    labels = [f"{day.item().day} {day.item():%b}" if short else f"{day.item():%b %Y}" for day in days]
    axes.set_xticks([date_number(day) for day in days], labels)
    axes.set_xlim(date_number(first) - margin_days, date_number(last) + margin_days)


def date_number(day: np.datetime64) -> float:
    """Return a day as a number on matplotlib's axis."""
    return float(mdates.date2num(day))


def panel_title(axes: Axes, text: str, lines_below: int = 0) -> None:
    """Write a panel's own title, with its unit, at its upper left, above so many lines of small labels."""
    axes.set_title(text, loc="left", fontsize=9.5, fontweight="bold", pad=6 + 1.15 * LABEL_POINTS * lines_below)


def legend_line(axes: Axes, entries: Iterable[tuple[str, str]], lines_below: int = 0) -> None:
    """Write names side by side above the panel, each behind its sign in its colour, instead of a legend box.

    Names have the colour of text, since many a colour that is plain on a bar or a line is too pale to read.

    Parameters
    ----------
    entries
        Pairs of a sign and a name, with a space between, and the colour of the sign.
    lines_below
        Lines of small labels between the panel and these names.
    """
    points = 72.0 / axes.figure.dpi
    between = 0.02 * axes.get_window_extent().width * points
    height = 6 + LABEL_POINTS * lines_below
    left = 0.0
    for entry, shade in entries:
        sign, name = entry.split(" ", 1)
        for text, tone, room in ((sign, shade, SIGN_POINTS), (name, INK, between)):
            label = axes.annotate(
                text, (0, 1), xycoords="axes fraction", xytext=(left, height), textcoords="offset points",
                color=tone, fontsize=9, va="baseline",
            )  # fmt: skip
            left += label.get_window_extent().width * points + room


def draw_fan(axes: Axes, dates: Dates, quantiles: FloatArray, shade: str = ACCENT) -> None:
    """Draw the median line in its 25-75 % and 10-90 % bands; `quantiles` has five rows from low to high."""
    axes.fill_between(dates, quantiles[0], quantiles[4], color=shade, alpha=BAND_OUTER, linewidth=0)
    axes.fill_between(dates, quantiles[1], quantiles[3], color=shade, alpha=BAND_INNER, linewidth=0)
    axes.plot(dates, quantiles[2], color=shade, linewidth=1.8, solid_capstyle="round")


def run_count_text(finished: FinishedRuns) -> str:
    """Return the number of runs shown, with the stopped ones named."""
    shown = "1 run" if finished.count == 1 else f"{finished.count:,} runs"
    stopped = len(finished.record.stopped)
    return f"{shown} ({stopped} stopped early, left out)" if stopped else shown


def band_description(parameter_sets: str) -> str:
    """Return what a band over runs holds."""
    return "simulation noise and parameter uncertainty" if parameter_sets else "simulation noise"


def source_line(record: Record) -> str:
    """Return where the numbers come from: this model, the scenario and its seed."""
    scenario = record.scenario
    first, last = (day.item().strftime("%d %b %Y").lstrip("0") for day in (record.dates[0], record.dates[-1]))
    return (
        f"Source: carryflow simulation, scenario {scenario.name}, {first} to {last}, "
        f"seed {scenario.seed}, {len(record.runs):,} runs"
        + (f", parameter sets {record.parameter_sets}" if record.parameter_sets else "")
    )


LABEL_INCHES = 0.8
"""Labels nearer to each other than this stand on two levels."""


@dataclass(frozen=True)
class PolicyDate:
    """A meeting: its day and what the axis says of it."""

    day: np.datetime64
    label: str


def decision_text(bank: str, decision_bp: float | None) -> str:
    """Return the label of a decision: ``BOJ +25 bp``, ``Fed holds``, or ``Fed meets`` when each run draws its own."""
    if decision_bp is None:
        return f"{bank} meets"
    if decision_bp == 0:
        return f"{bank} holds"
    sign = "+" if decision_bp > 0 else "−"
    return f"{bank} {sign}{abs(decision_bp):g} bp"


def policy_dates(scenario: Scenario, dates: Dates) -> list[PolicyDate]:
    """Return the meetings of both banks that fall into the scenario, in order of date."""
    found = [
        PolicyDate(np.datetime64(meeting.date, "D"), decision_text(bank, meeting.decision))
        for bank, meetings in (("Fed", scenario.fed.meetings), ("BOJ", scenario.boj.meetings))
        for meeting in meetings
    ]
    inside = [mark for mark in found if dates[0] <= mark.day <= dates[-1]]
    return sorted(inside, key=lambda mark: (mark.day, mark.label))


def mark_policy_dates(axes: Axes, marks: list[PolicyDate], labels: bool = True) -> int:
    """Draw the dashed lines with labels above the panel; return how many levels the labels take."""
    left, right = axes.get_xlim()
    figure = axes.get_figure(root=True)
    assert figure is not None
    crowded = LABEL_INCHES / (axes.get_position().width * figure.get_figwidth()) * (right - left)
    free_from = [-np.inf, -np.inf]
    for mark in marks:
        at = date_number(mark.day)
        axes.axvline(at, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1.5)
        level = 0 if at >= free_from[0] else 1
        free_from[level] = at + crowded
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
