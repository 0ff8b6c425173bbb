"""How much carry unwinds at a 10-year spread of X, and does the speed of the narrowing matter?

The 10-year spread of the article scenario (1.81 pp) follows an imposed path, without other policy news. Two unwind rules
are compared. Under `threshold`, the article's rule, an investor closes its position when the spread falls below an
individual threshold (24 % have closed at 1.5 pp; the band covers several standard deviations of the thresholds, which one
point does not identify). Under `structural`, the decision follows from carry relative to risk, losses, margins and stops
(the band shows noise, and with --posterior also parameter uncertainty).

The narrowing from 1.81 to 1.50 pp then takes 250, 60, 10 and 1 days, or comes as a surprise announcement. Under the
structural rule every amount is the difference from a baseline with a constant spread, run by run, 20 business days after
the narrowing is complete: funds also close positions in quiet times, when noise triggers their stops.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import simulation as cf
from simulation.investors.population import CARRY_ROLES
from simulation.results.figures.style import (
    INK,
    Columns,
    Drawing,
    Heading,
    legend_line,
    new_figure,
    panel_title,
    remove_frame,
)
from simulation.results.findings import format_percent, format_usd_bn
from simulation.results.metrics import FinishedRuns
from simulation.studies.experiment import figures as shapes
from simulation.studies.experiment.design import (
    ARTICLE,
    NO_POLICY_SETTINGS,
    ExperimentFindings,
    ExperimentScale,
    ExperimentVariant,
    Labels,
    end_setting,
    indistinct_neighbours,
    paired_differences,
    quantile_table,
    run_table,
    with_investors,
)

RUNS, QUICK_RUNS = 200, 16
START, ANCHOR, LOW_SPREAD = 1.81, 1.5, 1.0  # the range of the threshold rule is reported at the low spread
SPREADS = (2.2, 2.0, START, 1.75, 1.5, 1.25, 1.0, 0.75, 0.5)
QUICK_SPREADS, QUICK_THRESHOLD_SPREADS = (2.2, START, 1.5, 0.5), (2.2, START, 1.5, 1.25, 1.0, 0.5)
QUICK_NOTE = "carry holders only, with 60 investors each under the structural rule; fewer spreads; exits within a day"
DEVIATIONS, CURVE_DAYS, AFTER_DAYS = (0.45, 0.3, 0.6), 60, 20
SPEEDS = {"250 days": 250, "60 days": 60, "10 days": 10, "1 day": 1, "surprise": 1}
THRESHOLD_RUNS, THRESHOLD_INVESTORS = 4, 1000  # exits depend on the imposed spread only: runs hardly differ
PLACES = ((0.03, 0.53, 0.42, 0.27), (0.03, 0.12, 0.42, 0.27), (0.56, 0.59, 0.40, 0.18), (0.56, 0.12, 0.40, 0.32))
AMOUNTS = ("unwound_usd_bn", "repatriated_usd_bn")


def design(scale: ExperimentScale) -> Sequence[ExperimentVariant]:
    """Return the variants: the baseline without narrowing, both rules over the spreads, and the speeds."""
    base = (*NO_POLICY_SETTINGS, *(with_investors(ARTICLE, 60, carry_alone=True) if scale.quick else ()))
    twin = structural("twin", START, (max(SPEEDS.values()), base))
    spreads = [pp for pp in scale.choose(SPREADS, QUICK_SPREADS) if pp not in (START, ANCHOR)]
    curve = [structural(f"{CURVE_DAYS} days", pp, (CURVE_DAYS, base)) for pp in spreads]
    speeds = [structural(name, ANCHOR, (days, base)) for name, days in SPEEDS.items()]
    fine = (*NO_POLICY_SETTINGS, *with_investors(ARTICLE, THRESHOLD_INVESTORS, carry_alone=scale.quick))
    threshold_spreads = scale.choose(SPREADS, QUICK_THRESHOLD_SPREADS)
    exits = [threshold(pp, deviation, (scale, fine)) for deviation in DEVIATIONS for pp in threshold_spreads]
    return [twin, *curve, *speeds, *exits]


def structural(delivery: str, spread: float, how: tuple[int, tuple[str, ...]]) -> ExperimentVariant:
    """Return a variant under the structural rule; `how` is the number of days and the common settings."""
    days, base = how
    path = f"spread_path={{target_pp: {spread}, over_days: {days}, surprise: {str(delivery == 'surprise').lower()}}}"
    labels: Labels = {"rule": "structural", "threshold_sd_pp": None, "spread_pp": spread, "delivery": delivery}
    return ExperimentVariant(labels, (*base, path, end_setting(ARTICLE, days + AFTER_DAYS)), ARTICLE)


def threshold(spread: float, width: float, how: tuple[ExperimentScale, tuple[str, ...]]) -> ExperimentVariant:
    """Return a variant under the article's threshold rule, long enough for every exit to be complete."""
    scale, base = how
    days, exits = scale.choose((20, 10), (2, 1))
    rule = f"unwind={{rule: threshold, threshold_sd_pp: {width}, exit_days: {exits}}}"
    path = f"spread_path={{target_pp: {spread}, over_days: {days}}}"
    labels: Labels = {"rule": "threshold", "threshold_sd_pp": width, "spread_pp": spread, "delivery": "imposed"}
    return ExperimentVariant(
        labels, (*base, rule, path, end_setting(ARTICLE, days + exits)), ARTICLE, most_runs=THRESHOLD_RUNS
    )


def measure(result: cf.Result) -> pd.DataFrame:
    """Return cumulative amounts by role of holder, $bn, on the days on which a narrowing may be complete and on the last day."""
    finished, last = FinishedRuns(result.record), len(result.record.dates) - 1
    days = sorted({days + AFTER_DAYS for days in SPEEDS.values()} & set(range(last)) | {last})
    parts = []
    for day, role in product(days, [role for role in CARRY_ROLES if finished.populations(role)]):
        names = finished.populations(role)
        columns = {"day": day, "role": role, "start_stock_usd_bn": finished.flow("stock_usd_bn", names)[:, 0]}
        amounts = {name: finished.flow(name, names)[:, : day + 1].sum(axis=1) for name in AMOUNTS}
        parts.append(run_table(result.record, columns | amounts))
    return pd.concat(parts, ignore_index=True)


def structural_effects(table: pd.DataFrame) -> pd.DataFrame:
    """Return differences from the baseline without narrowing, `AFTER_DAYS` days after the narrowing is complete."""
    own = table[table["rule"] == "structural"]
    twin = own[own["delivery"] == "twin"]
    moved = pd.concat([twin.assign(delivery=f"{CURVE_DAYS} days"), own])
    at = moved[moved["day"] == moved["delivery"].map(SPEEDS) + AFTER_DAYS]
    return paired_differences(at, twin, AMOUNTS, on=["run", "day", "role"])


def by_threshold(table: pd.DataFrame) -> pd.DataFrame:
    """Return the closed positions under the article's rule once every exit is complete."""
    own = table[table["rule"] == "threshold"]
    return own[own["day"] == own.groupby("spread_pp")["day"].transform("max")]


def shares(rows: pd.DataFrame, roles: Sequence[str] = CARRY_ROLES) -> pd.DataFrame:
    """Return the unwound share of the roles' initial stock by run, percent."""
    by, amounts = ["threshold_sd_pp", "spread_pp", "delivery", "run"], ["unwound_usd_bn", "start_stock_usd_bn"]
    sums = rows[rows["role"].isin(roles)].groupby(by, sort=False, dropna=False)[amounts].sum().reset_index()
    return sums.assign(share_pct=100.0 * sums["unwound_usd_bn"] / sums["start_stock_usd_bn"])


def split(rows: pd.DataFrame) -> dict[str, float]:
    """Return the unwound amount at the anchor by holder and use of the proceeds: means over runs, $bn."""
    at = rows[(rows["spread_pp"] == ANCHOR) & ~rows["threshold_sd_pp"].isin(DEVIATIONS[1:])]
    at = at[at["delivery"].isin([f"{CURVE_DAYS} days", "imposed"])]
    by_role = at.groupby("role", sort=False)[list(AMOUNTS)].mean().reindex(list(CARRY_ROLES), fill_value=0.0)
    unwound, home = by_role["unwound_usd_bn"], by_role["repatriated_usd_bn"]["resident"]
    amounts = (unwound["levered"], unwound["retail"], home, unwound["resident"] - home)
    return dict(zip(shapes.EXIT_COLOURS, amounts, strict=True))


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return the results of both rules at the anchor, and of the five speeds."""
    values = threshold_values(table) | structural_values(table)
    speeds = ", ".join(f"{values[f'levered_share_pct {name}']:.1f} % over {name}" for name in list(SPEEDS)[:-1])
    levered_shares = shares(structural_effects(table).query(f"spread_pp == {ANCHOR}"), ["levered"])
    alike = indistinct_neighbours(levered_shares, ("delivery", "share_pct"), list(SPEEDS))
    distinct = (
        f"The differences between {', '.join(alike)} are not significant."
        if alike
        else "All differences between neighbouring speeds are significant."
    )
    levered, retail, home, kept = (format_usd_bn(values[f"threshold_{part}_usd_bn"]) for part in shapes.EXIT_COLOURS)
    text = (
        f"At a 10-year spread of {ANCHOR:g} pp the article's threshold rule unwinds {values['threshold_share_pct']:.1f} % "
        f"of the {format_usd_bn(values['stock_usd_bn'])} carry stock, or {format_usd_bn(values['threshold_usd_bn'])}: {levered} "
        f"by levered holders, {retail} by retail margin traders, {home} repatriated by residents, and {kept} that residents sold "
        f"but kept abroad or hedged. The rule is calibrated at that spread only: at {LOW_SPREAD:g} pp it unwinds "
        f"{values['low_share_pct_min']:.0f}-{values['low_share_pct_max']:.0f} % for standard deviations of the thresholds of "
        f"{min(DEVIATIONS):g}-{max(DEVIATIONS):g} pp. Under the structural rule the same narrowing over {CURVE_DAYS} days "
        f"unwinds {values['structural_share_pct']:.1f} % ({format_usd_bn(values['structural_usd_bn'])}; middle 80 % of runs "
        f"{values['structural_p10']:.1f} to {values['structural_p90']:.1f} %). Depending on the speed, levered holders reduce "
        f"their positions by {speeds}, and by {values['levered_share_pct surprise']:.0f} % (middle 80 % of runs "
        f"{values['surprise_p10']:.0f}-{values['surprise_p90']:.0f} %) after a surprise, relative to a baseline without "
        f"narrowing, {AFTER_DAYS} business days later. {distinct}"
    )
    return ExperimentFindings(text, values)


def threshold_values(table: pd.DataFrame) -> dict[str, float]:
    """Return the results of the article's rule: means over runs, and the range at a lower spread."""
    rows = by_threshold(table)
    middle = shares(rows).groupby(["threshold_sd_pp", "spread_pp"])[["share_pct", "unwound_usd_bn"]].mean()
    low = middle["share_pct"].xs(LOW_SPREAD, level="spread_pp")
    return {f"threshold_{part}_usd_bn": value for part, value in split(rows).items()} | {
        "stock_usd_bn": float(rows.groupby("role")["start_stock_usd_bn"].mean().sum()),
        "threshold_share_pct": float(middle["share_pct"][DEVIATIONS[0], ANCHOR]),
        "threshold_usd_bn": float(middle["unwound_usd_bn"][DEVIATIONS[0], ANCHOR]),
        "low_share_pct_min": float(low.min()),
        "low_share_pct_max": float(low.max()),
    }


def structural_values(table: pd.DataFrame) -> dict[str, float]:
    """Return the results of the structural rule: mean differences from the baseline."""
    at = structural_effects(table).query(f"spread_pp == {ANCHOR}")
    levered = quantile_table(shares(at, ["levered"]), ["delivery"], "share_pct").set_index("delivery")
    slow = shares(at.query(f"delivery == '{CURVE_DAYS} days'"))
    return {f"levered_share_pct {name}": float(levered["mean"][name]) for name in SPEEDS} | {
        "structural_share_pct": float(slow["share_pct"].mean()),
        "structural_usd_bn": float(slow["unwound_usd_bn"].mean()),
        "structural_p10": float(slow["share_pct"].quantile(0.1)),
        "structural_p90": float(slow["share_pct"].quantile(0.9)),
        "surprise_p10": float(levered["p10"]["surprise"]),
        "surprise_p90": float(levered["p90"]["surprise"]),
    }


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw the curves of both rules, the use of the proceeds, and the five speeds."""
    values = findings(table).values
    finding = (
        f"At {ANCHOR:g} pp the article's rule unwinds {values['threshold_share_pct']:.0f} % of the carry stock, the structural "
        f"rule {values['structural_share_pct']:.1f} %"
    )
    subtitle = (
        f"Purple: threshold rule; band: threshold sd {min(DEVIATIONS):g}–{max(DEVIATIONS):g} pp. "
        f"Green: structural rule; mean, band: middle 80 % of runs ({shapes.band_description(table)})"
    )
    figure = new_figure(Heading(finding, subtitle, source))
    all_holders, levered, proceeds, speeds = (figure.add_axes(place) for place in PLACES)
    columns = draw_curves(all_holders, table, CARRY_ROLES)
    columns |= {f"levered_{name}": column for name, column in draw_curves(levered, table, ["levered"]).items()}
    panel_title(all_holders, "All holders: unwound, % of the carry stock, by 10-year spread (pp)")
    panel_title(levered, "Levered holders only: unwound, % of their stock")
    return Drawing(figure, columns | draw_proceeds(proceeds, table) | draw_speeds(speeds, table))


def draw_curves(axes: Axes, table: pd.DataFrame, roles: Sequence[str]) -> Columns:
    """Draw the unwound share of some roles against the spread under both rules; return what is shown."""
    unwound = shares(by_threshold(table), roles).groupby(["spread_pp", "threshold_sd_pp"])["share_pct"].mean().unstack()
    slow = structural_effects(table).query(f"delivery == '{CURVE_DAYS} days'")
    own = quantile_table(shares(slow, roles), ["spread_pp"], "share_pct").sort_values("spread_pp")
    heights = unwound.min(axis=1), unwound[DEVIATIONS[0]], unwound.max(axis=1)
    shapes.draw_banded_line(axes, unwound.index, heights, "#AA4499")
    shapes.draw_banded_line(axes, own["spread_pp"], (own["p10"], own["mean"], own["p90"]), "#117733")
    style_curve_axes(axes)
    columns = {"spread_pp": unwound.index.to_numpy(), "structural_spread_pp": own["spread_pp"].to_numpy()}
    for name, column in zip(("low", "middle", "high"), heights, strict=True):
        columns[f"threshold_share_pct_{name}"] = column.to_numpy()
    return columns | {f"structural_share_pct_{name}": own[name].to_numpy() for name in ("p10", "mean", "p90")}


def style_curve_axes(axes: Axes) -> None:
    """Style a panel with narrower spreads to the right, and mark the start and the anchor."""
    remove_frame(axes)
    axes.set(xlim=(max(SPREADS), min(SPREADS)), yticks=[0, 25, 50, 75, 100])
    axes.set_ylim(top=100)
    shapes.mark_position(axes, START, f"start {START:g}")
    shapes.mark_position(axes, ANCHOR, f"{ANCHOR:g}")


def draw_proceeds(axes: Axes, table: pd.DataFrame) -> Columns:
    """Draw the unwound amount at the anchor by holder and use of the proceeds under both rules; return what is shown."""
    parts = {"threshold": split(by_threshold(table)), "structural": split(structural_effects(table))}
    shapes.draw_stacked_bars(axes, parts, shapes.EXIT_COLOURS)
    panel_title(axes, f"Unwound at {ANCHOR:g} pp by holder and use, USD bn", lines_below=1)
    legend_line(axes, [(f"■ {part}", shade) for part, shade in shapes.EXIT_COLOURS.items()])
    columns = {f"{part} usd_bn": np.array([sums[part] for sums in parts.values()]) for part in shapes.EXIT_COLOURS}
    return {"fate_rule": np.array(list(parts))} | columns


def draw_speeds(axes: Axes, table: pd.DataFrame) -> Columns:
    """Draw the five speeds of the same narrowing: levered share as bars with noise, residents as text; return what is shown."""
    at = structural_effects(table).query(f"spread_pp == {ANCHOR}")
    quantiles = (
        quantile_table(shares(at, ["levered"]), ["delivery"], "share_pct").set_index("delivery").loc[list(SPEEDS)]
    )
    home = at[at["role"] == "resident"].groupby("delivery")["repatriated_usd_bn"].mean().loc[list(SPEEDS)]
    rows = np.arange(len(SPEEDS))
    axes.barh(rows, quantiles["mean"], height=0.6, color=shapes.LEVERED_COLOUR)
    axes.hlines(rows, quantiles["p10"], quantiles["p90"], color=INK, linewidth=1.2)
    for row, name in enumerate(SPEEDS):
        text = f"{format_percent(quantiles['mean'][name] / 100)}; residents repatriate {format_usd_bn(home[name])}"
        shapes.label_beside(axes, (float(quantiles["p90"][name]), row), text)
    shapes.style_bar_axes(axes, list(SPEEDS))
    axes.set_xlim(min(0.0, float(quantiles["p10"].min())), 200)
    axes.set_xticks([0, 25, 50, 75, 100])
    panel_title(axes, f"{100 * (START - ANCHOR):.0f} bp narrowing by speed: levered unwind, %")
    columns = {f"delivery_levered_share_pct_{name}": quantiles[name].to_numpy() for name in ("p10", "mean", "p90")}
    return {"delivery": np.array(list(SPEEDS))} | columns | {"delivery_repatriated_usd_bn": home.to_numpy()}
