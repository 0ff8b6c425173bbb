"""The table of every config key, as the Markdown page docs/parameters.md."""

from collections.abc import Iterator
from typing import get_args

from simulation.investors import ROSTER
from simulation.investors.heterogeneity import Lognormal
from simulation.market.standard import STANDARD_MARKETS, AnyMarket
from simulation.scenario.config.parameter_rows import Nested, Row, first_line, rows
from simulation.scenario.config.shape import unwrapped
from simulation.scenario.event import Event
from simulation.scenario.scenario import Scenario

HEAD = """# Every config key

<!-- Written by `carryflow config table --out docs/parameters.md`; a test holds it equal to the schema. -->

What a scenario file may say, read off the schema that checks it. Keys stand under the table that they belong to; `[]` is an
item of a list, `NAME` a name of your own choice. *required* means that the config or what it extends must say it, *none* that
nothing is said by default. An empty unit is a plain number or word. Every default has a source, or says that it is an
assumption and why; what the scenario itself states it also sources, and switches are the modeller's choice. Rates carry their
unit in the value: `25bp`, `0.25%`. MODEL and CALIBRATION in the last column are the briefs that the model was built from;
CLAIMS and its number is a claim in `configs/claims.yaml` (`carryflow claims`). Posterior medians:
[calibration](calibration.md).

To change one value: `carryflow run SCENARIO --set KEY=VALUE`. To see what a file comes to: `carryflow config show FILE --origin`.
"""
COLUMNS = ("Key", "Meaning", "Unit", "Default", "Allowed", "Source")
STANDARD_SOURCE = "standard market: simulation/market/standard.py"
OWN_SECTIONS = ("markets", "populations")


def parameter_table() -> str:
    """Return the page: one section for each table of a scenario, then what only events say."""
    sections = [HEAD, *scenario_sections(), *market_sections(), *population_sections()]
    only_events = [item for item in rows(Nested("", Event)) if top(item) not in Scenario.model_fields]
    sections += [section("Events only", first_line(Event), only_events)]
    note = f"{first_line(Lognormal)}. Keys whose default shows a median take a table of this kind"
    return "\n".join([*sections, section("Distributions", note, list(rows(Nested("", Lognormal))))])


def scenario_sections() -> Iterator[str]:
    """Yield the section of plain keys, then one for each table."""
    items = list(rows(Nested("", Scenario)))
    yield section("Scenario", first_line(Scenario), [item for item in items if isinstance(item, Row)])
    for item in items:
        if isinstance(item, Nested) and top(item) not in OWN_SECTIONS:
            yield table_section(item)


def market_sections() -> Iterator[str]:
    """Yield a section for each standard market with its own defaults."""
    kinds = {kind.model_fields["kind"].default: kind for kind in get_args(unwrapped(AnyMarket).kind)}
    for name, values in STANDARD_MARKETS.items():
        kind = kinds[values["kind"]]
        yield table_section(Nested(f"markets.{name}", kind, kind.model_validate(values), source=STANDARD_SOURCE))


def population_sections() -> Iterator[str]:
    """Yield a section for each kind of population."""
    for population in ROSTER:
        kind = population.Parameters
        yield table_section(Nested(f"populations.{kind.model_fields['kind'].default}", kind))


def table_section(table: Nested) -> str:
    """Return the section of one table with everything below it, keys relative to it."""
    return section(f"`{table.path}`", first_line(table.model), flat(rows(table)), table.path + ".")


def flat(items: Iterator[Row | Nested]) -> list[Row | Nested]:
    """Return rows with those of the tables below them in place."""
    found: list[Row | Nested] = []
    for item in items:
        found += [item] if isinstance(item, Row) else flat(rows(item))
    return found


def section(title: str, about: str, items: list[Row | Nested], prefix: str = "") -> str:
    """Return a heading, a sentence and a table of rows."""
    lines = [f"## {title}", "", f"{about}.", "", line(COLUMNS), line(["---"] * len(COLUMNS))]
    for item in flat(iter(items)):
        if isinstance(item, Row):
            key = item.key.removeprefix(prefix)
            lines.append(line((f"`{key}`", item.meaning, item.unit, item.default, item.allowed, item.source)))
    return "\n".join([*lines, ""])


def line(cells: "tuple[str, ...] | list[str]") -> str:
    """Return one line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |"


def top(item: Row | Nested) -> str:
    """Return the first key of a path."""
    path = item.key if isinstance(item, Row) else item.path
    return path.split(".")[0].removesuffix("[]")
