"""How much carry unwinds at a 10-year spread of X, and does the speed of the narrowing matter?

The 10-year spread of the article scenario (1.81 pp) follows an imposed path, without other policy news. Two unwind rules
are compared. Under `threshold`, the article's rule, an investor closes its position when the spread falls below an
individual threshold (24 % have closed at 1.5 pp; the band covers several standard deviations of the thresholds, which one
point does not identify). Under `structural`, the decision follows from carry relative to risk, losses, margins and stops
(the band shows noise, and with --posterior also parameter uncertainty).

The narrowing from 1.81 to 1.50 pp then takes 250, 60, 10 and 1 days, or comes as a surprise announcement. Under the
structural rule every amount is an effect: the difference from the same scenario without policy (`policy: none`), run by run
with the same news, 20 business days after the narrowing is complete. Funds also close positions in quiet times, when noise
triggers their stops. Under the threshold rule nobody leaves without policy, so the amount is the effect.

`carryflow run december_2025_article` with the settings of a variant (manifest.json lists them) gives the same effects.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import simulation as cf
from simulation.investors.population import CARRY_ROLES
from simulation.results.estimates import EstimateWithError, finding_text, more_or_less, paired_difference
from simulation.results.figures.style import (
    INK,
    Drawing,
    Heading,
    legend_line,
    new_figure,
    panel_title,
    remove_frame,
)
from simulation.results.findings import format_usd_bn
from simulation.results.metrics import FinishedRuns
from simulation.studies.experiment import figures as shapes
from simulation.studies.experiment.answer import Quantity, point_columns, point_estimate, point_table
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
LABEL_NAMES = ["rule", "threshold_sd_pp", "spread_pp", "delivery"]
NO_POLICY = "no policy"
ANSWER = (
    Quantity("unwound_usd_bn", "$bn", "unwound", band=True),
    Quantity("levered_usd_bn", "$bn", "levered"),
    Quantity("retail_usd_bn", "$bn", "retail"),
    Quantity("home_usd_bn", "$bn", "residents, home"),
    Quantity("abroad_usd_bn", "$bn", "residents, hedged abroad"),
)
SHARES = (
    Quantity("share_pct", "% of the carry stock", "unwound"),
    Quantity("levered_share_pct", "% of the levered stock", "levered"),
)
USES = dict(zip(shapes.EXIT_COLOURS, ("levered_usd_bn", "retail_usd_bn", "home_usd_bn", "abroad_usd_bn"), strict=True))


def design(scale: ExperimentScale) -> Sequence[ExperimentVariant]:
    """Return the variants: the counterfactual without policy, both rules over the spreads, and the speeds."""
    base = (*NO_POLICY_SETTINGS, *(with_investors(ARTICLE, 60, carry_alone=True) if scale.quick else ()))
    twin = counterfactual(base)
    spreads = [pp for pp in scale.choose(SPREADS, QUICK_SPREADS) if pp != ANCHOR]
    curve = [structural(f"{CURVE_DAYS} days", pp, (CURVE_DAYS, base)) for pp in spreads]
    speeds = [structural(name, ANCHOR, (days, base)) for name, days in SPEEDS.items()]
    fine = (*NO_POLICY_SETTINGS, *with_investors(ARTICLE, THRESHOLD_INVESTORS, carry_alone=scale.quick))
    threshold_spreads = scale.choose(SPREADS, QUICK_THRESHOLD_SPREADS)
    exits = [threshold(pp, deviation, (scale, fine)) for deviation in DEVIATIONS for pp in threshold_spreads]
    return [twin, *curve, *speeds, *exits]


def counterfactual(base: tuple[str, ...]) -> ExperimentVariant:
    """Return the scenario without policy, long enough for the slowest narrowing."""
    end = end_setting(ARTICLE, max(SPEEDS.values()) + AFTER_DAYS)
    labels: Labels = {"rule": "structural", "threshold_sd_pp": None, "spread_pp": START, "delivery": NO_POLICY}
    return ExperimentVariant(labels, (*base, "policy=none", end), ARTICLE)


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
    """Return differences from the counterfactual without policy, `AFTER_DAYS` days after the narrowing is complete."""
    own = table[(table["rule"] == "structural") & (table["delivery"] != NO_POLICY)]
    twin = table[(table["rule"] == "structural") & (table["delivery"] == NO_POLICY)]
    at = own[own["day"] == own["delivery"].map(SPEEDS) + AFTER_DAYS]
    return paired_differences(at, twin, AMOUNTS, on=["run", "day", "role"])


def by_threshold(table: pd.DataFrame) -> pd.DataFrame:
    """Return the closed positions under the article's rule once every exit is complete."""
    own = table[table["rule"] == "threshold"]
    return own[own["day"] == own.groupby("spread_pp")["day"].transform("max")]


def run_amounts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per variant and run: amounts by holder and use of the proceeds, $bn, and shares of the stock, percent."""
    columns = (*AMOUNTS, "start_stock_usd_bn")
    wide = rows.pivot_table(index=[*LABEL_NAMES, "run"], columns="role", values=list(columns))
    absent = [(name, role) for name in columns for role in CARRY_ROLES if (name, role) not in wide]
    if absent:
        wide = wide.join(pd.DataFrame(0.0, index=wide.index, columns=pd.MultiIndex.from_tuples(absent)))
    unwound, home, stock = ({role: wide[name, role] for role in CARRY_ROLES} for name in columns)
    total, held = sum(unwound.values(), start=0.0 * wide.iloc[:, 0]), sum(stock.values(), start=0.0 * wide.iloc[:, 0])
    amounts = {
        "unwound_usd_bn": total,
        "levered_usd_bn": unwound["levered"],
        "retail_usd_bn": unwound["retail"],
        "home_usd_bn": home["resident"],
        "abroad_usd_bn": unwound["resident"] - home["resident"],
        "stock_usd_bn": held,
        "share_pct": 100.0 * total / held,
        "levered_share_pct": 100.0 * unwound["levered"] / stock["levered"],
    }
    return pd.DataFrame(amounts).reset_index().sort_values(LABEL_NAMES[2:3], ascending=False, kind="stable")


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """Return amounts and shares of both rules by variant and run."""
    parts = [by_threshold(table).assign(threshold_sd_pp=lambda rows: rows["threshold_sd_pp"].astype(float))]
    parts.append(structural_effects(table).assign(threshold_sd_pp=-1.0))
    amounts = run_amounts(pd.concat(parts, ignore_index=True))
    order = ["threshold imposed", f"structural {CURVE_DAYS} days", *(f"structural {name}" for name in SPEEDS)]
    places = (amounts["rule"] + " " + amounts["delivery"]).map(order.index)
    amounts = amounts.assign(place=places).sort_values("place", kind="stable").drop(columns="place")
    return amounts.assign(threshold_sd_pp=amounts["threshold_sd_pp"].where(amounts["threshold_sd_pp"] > 0.0))


def points(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per rule, spread, speed and quantity; other widths of the thresholds give shares only."""
    amounts = effects(table)
    main = amounts[~amounts["threshold_sd_pp"].isin(DEVIATIONS[1:])]
    shown = point_table(main, LABEL_NAMES, ANSWER)
    return pd.concat([shown, point_table(amounts, LABEL_NAMES, SHARES)], ignore_index=True)


def estimate(table: pd.DataFrame, quantity: str, rule: str, delivery: str) -> EstimateWithError:
    """Return one quantity at the anchor: mean over runs with its standard error."""
    return point_estimate(anchor_points(table), quantity, rule=rule, delivery=delivery)


def anchor_points(table: pd.DataFrame) -> pd.DataFrame:
    """Return the points at the anchor, without other widths of the thresholds."""
    shown = points(table)
    return shown[(shown["spread_pp"] == ANCHOR) & ~shown["threshold_sd_pp"].isin(DEVIATIONS[1:])]


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return the results of both rules at the anchor, and of the five speeds."""
    values = threshold_values(table) | structural_values(table)
    levered, retail, home, kept = (format_usd_bn(values[f"threshold_{part}_usd_bn"]) for part in shapes.EXIT_COLOURS)
    text = (
        f"At a 10-year spread of {ANCHOR:g} pp the article's threshold rule unwinds {values['threshold_share_pct']:.1f} % "
        f"of the {format_usd_bn(values['stock_usd_bn'])} carry stock, or {format_usd_bn(values['threshold_usd_bn'])}: {levered} "
        f"by levered holders, {retail} by retail margin traders, {home} repatriated by residents, and {kept} that residents sold "
        f"but kept abroad or hedged. The rule is calibrated at that spread only: at {LOW_SPREAD:g} pp it unwinds "
        f"{values['low_share_pct_min']:.0f}-{values['low_share_pct_max']:.0f} % for standard deviations of the thresholds of "
        f"{min(DEVIATIONS):g}-{max(DEVIATIONS):g} pp. Under the structural rule the same narrowing over {CURVE_DAYS} days "
        f"{structural_clause(estimate(table, 'share_pct', 'structural', f'{CURVE_DAYS} days'))} of the carry stock "
        f"({estimate(table, 'unwound_usd_bn', 'structural', f'{CURVE_DAYS} days')} $bn; 80 % of runs "
        f"{values['structural_p10']:.1f} to {values['structural_p90']:.1f} %). {speed_sentences(table)} Effects under the "
        f"structural rule are differences from the same scenario without policy, {AFTER_DAYS} business days after the narrowing, "
        "means of paired differences ± standard errors."
    )
    return ExperimentFindings(text, values)


def structural_clause(share: EstimateWithError) -> str:
    """Return what the structural rule unwinds, in percent, or that the change is not clear."""
    return finding_text(
        share,
        f"unwinds {share.text(signed=False)} %",
        f"adds {share.size.text(signed=False)} %",
        f"does not clearly unwind any share ({share} %)",
    )


def speed_shares(table: pd.DataFrame) -> pd.DataFrame:
    """Return the share that levered holders unwind under the structural rule, one row per run, one column per speed."""
    amounts = effects(table)
    own = amounts[(amounts["rule"] == "structural") & (amounts["spread_pp"] == ANCHOR)]
    return own.pivot(index="run", columns="delivery", values="levered_share_pct")[list(SPEEDS)]


def speed_sentences(table: pd.DataFrame) -> str:
    """Return what levered holders unwind at each speed, and which speeds differ clearly."""
    wide = speed_shares(table)
    means = {name: EstimateWithError.of(wide[name].dropna().to_numpy()) for name in SPEEDS}
    by_speed = ", ".join(
        f"{means[name].text()} % {'after a' if name == 'surprise' else 'over'} {name}" for name in SPEEDS
    )
    slowest, *_, last = SPEEDS
    step = paired_difference(wide[last].to_numpy(), wide[slowest].to_numpy())
    surprise = f"A surprise unwinds {more_or_less(step, 'points')} than the same narrowing over {slowest}."
    long = wide.melt(ignore_index=False, value_name="share_pct").reset_index()
    alike = indistinct_neighbours(long, ("delivery", "share_pct"), list(SPEEDS))
    rest = f" Not clearly different: {'; '.join(alike)}." if alike else " All neighbouring speeds differ clearly."
    return f"Of their stock, levered holders unwind {by_speed}. {surprise}{rest}"


def threshold_values(table: pd.DataFrame) -> dict[str, float]:
    """Return the results of the article's rule: means over runs, and the range at a lower spread."""
    amounts = effects(table).query("rule == 'threshold'")
    low = amounts[amounts["spread_pp"] == LOW_SPREAD].groupby("threshold_sd_pp")["share_pct"].mean()
    middle = amounts[(amounts["spread_pp"] == ANCHOR) & (amounts["threshold_sd_pp"] == DEVIATIONS[0])].mean(
        numeric_only=True
    )
    return {f"threshold_{part}_usd_bn": float(middle[name]) for part, name in USES.items()} | {
        "stock_usd_bn": float(middle["stock_usd_bn"]),
        "threshold_share_pct": float(middle["share_pct"]),
        "threshold_usd_bn": float(middle["unwound_usd_bn"]),
        "low_share_pct_min": float(low.min()),
        "low_share_pct_max": float(low.max()),
    }


def structural_values(table: pd.DataFrame) -> dict[str, float]:
    """Return the results of the structural rule: means, standard errors and bands of effects."""
    at = anchor_points(table).query("rule == 'structural'")
    levered = at[at["quantity"] == "levered_share_pct"].set_index("delivery")
    slow = at[at["delivery"] == f"{CURVE_DAYS} days"].set_index("quantity")
    return (
        {f"levered_share_pct {name}": float(levered["mean"][name]) for name in SPEEDS}
        | {f"levered_share_pct_error {name}": float(levered["se"][name]) for name in SPEEDS}
        | {
            "structural_share_pct": float(slow["mean"]["share_pct"]),
            "structural_share_pct_error": float(slow["se"]["share_pct"]),
            "structural_usd_bn": float(slow["mean"]["unwound_usd_bn"]),
            "structural_p10": float(slow["p10"]["share_pct"]),
            "structural_p90": float(slow["p90"]["share_pct"]),
            "surprise_p10": float(levered["p10"]["surprise"]),
            "surprise_p90": float(levered["p90"]["surprise"]),
        }
    )


def title(table: pd.DataFrame) -> str:
    """Return the title: what each rule unwinds at the anchor, and whether they differ clearly."""
    threshold, structural = (
        estimate(table, "share_pct", rule, delivery)
        for rule, delivery in (("threshold", "imposed"), ("structural", f"{CURVE_DAYS} days"))
    )
    step = EstimateWithError(threshold.value - structural.value, float(np.hypot(threshold.error, structural.error)))
    share = f"{structural.text(signed=False)} %"
    share = finding_text(structural, share, share, f"no clear share ({share})")
    start = f"At {ANCHOR:g} pp the article's rule unwinds {threshold.value:.0f} % of the carry stock"
    return finding_text(
        step,
        f"{start}, the structural rule {'only ' if structural.is_clear else ''}{share}",
        f"{start}, the structural rule more: {share}",
        f"{start}, the structural rule about the same: {share}",
    )


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw the curves of both rules, the use of the proceeds, and the five speeds."""
    subtitle = (
        f"Purple: threshold rule; band: threshold sd {min(DEVIATIONS):g}–{max(DEVIATIONS):g} pp. Green: structural rule, effect "
        f"against no policy; mean, band: 80 % of runs ({shapes.band_description(table)})"
    )
    figure = new_figure(Heading(title(table), subtitle, source))
    all_holders, levered, proceeds, speeds = (figure.add_axes(place) for place in PLACES)
    shown = points(table)
    draw_curves(all_holders, shown[shown["quantity"] == "share_pct"])
    draw_curves(levered, shown[shown["quantity"] == "levered_share_pct"])
    panel_title(all_holders, "All holders: unwound, % of the carry stock, by 10-year spread (pp)")
    panel_title(levered, "Levered holders only: unwound, % of their stock")
    draw_proceeds(proceeds, anchor_points(table))
    draw_speeds(speeds, anchor_points(table))
    return Drawing(figure, point_columns(shown))


def draw_curves(axes: Axes, shares: pd.DataFrame) -> None:
    """Draw a share against the spread under both rules."""
    unwound = shares[shares["rule"] == "threshold"].pivot(index="spread_pp", columns="threshold_sd_pp", values="mean")
    own = shares[(shares["rule"] == "structural") & (shares["delivery"] == f"{CURVE_DAYS} days")].sort_values(
        "spread_pp"
    )
    heights = unwound.min(axis=1), unwound[DEVIATIONS[0]], unwound.max(axis=1)
    shapes.draw_banded_line(axes, unwound.index, heights, "#AA4499")
    shapes.draw_banded_line(axes, own["spread_pp"], (own["p10"], own["mean"], own["p90"]), "#117733")
    style_curve_axes(axes)


def style_curve_axes(axes: Axes) -> None:
    """Style a panel with narrower spreads to the right, and mark the start and the anchor."""
    remove_frame(axes)
    axes.set(xlim=(max(SPREADS), min(SPREADS)), yticks=[0, 25, 50, 75, 100])
    axes.set_ylim(top=100)
    shapes.mark_position(axes, START, f"start {START:g}")
    shapes.mark_position(axes, ANCHOR, f"{ANCHOR:g}")


def draw_proceeds(axes: Axes, at: pd.DataFrame) -> None:
    """Draw the unwound amount at the anchor by holder and use of the proceeds under both rules."""
    rows = at[at["delivery"].isin(["imposed", f"{CURVE_DAYS} days"])].set_index(["rule", "quantity"])["mean"]
    parts = {
        rule: {part: float(rows[rule, name]) for part, name in USES.items()} for rule in ("threshold", "structural")
    }
    shapes.draw_stacked_bars(axes, parts, shapes.EXIT_COLOURS)
    panel_title(axes, f"Unwound at {ANCHOR:g} pp by holder and use, USD bn", lines_below=1)
    legend_line(axes, [(f"■ {part}", shade) for part, shade in shapes.EXIT_COLOURS.items()])


def draw_speeds(axes: Axes, at: pd.DataFrame) -> None:
    """Draw the five speeds of the same narrowing: levered share as bars with the band over runs, residents as text."""
    own = at[at["rule"] == "structural"]
    levered = own[own["quantity"] == "levered_share_pct"].set_index("delivery").loc[list(SPEEDS)]
    rows = np.arange(len(SPEEDS))
    axes.barh(rows, levered["mean"], height=0.6, color=shapes.LEVERED_COLOUR)
    axes.hlines(rows, levered["p10"], levered["p90"], color=INK, linewidth=1.2)
    for row, name in enumerate(SPEEDS):
        home = point_estimate(own, "home_usd_bn", delivery=name)
        share = EstimateWithError(float(levered["mean"][name]), float(levered["se"][name]))
        text = f"{share.text()} %; residents home {home.text()} $bn"
        shapes.label_beside(axes, (float(levered["p90"][name]), row), text)
    shapes.style_bar_axes(axes, list(SPEEDS))
    axes.set_xlim(min(0.0, float(levered["p10"].min())), 200)
    axes.set_xticks([0, 25, 50, 75, 100])
    panel_title(axes, f"{100 * (START - ANCHOR):.0f} bp by speed: levered unwind, % (line: 80 % of runs)")
