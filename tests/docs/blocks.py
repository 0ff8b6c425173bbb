"""The fenced blocks of README.md and docs/, and how a command of theirs is made small enough to run in a test."""

import ast
import re
import shlex
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click

from simulation.cli import program
from tests.support.places import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SMALLER = {"--runs": "2", "--replications": "2", "--resamples": "20"}
"""Values of options in a test, whatever the page says."""
LAST_DAY = "end=2025-12-22"
"""The December scenarios are cut just after the hike."""
ADDED = {
    "run": ["--set", LAST_DAY, "--quiet", "--no-figures", "--workers", "1"],
    "compare": ["--set", LAST_DAY, "--runs", "2", "--quiet", "--workers", "1"],
    "sweep": ["--replications", "2", "--quiet", "--workers", "1"],
    "analyse": ["--resamples", "20", "--quiet"],
    "verify": ["--quiet"],
    "config": [],
    "list": [],
}
"""Commands that are run, with what is put after them (a later option overrides an earlier one). All others are only parsed: they
take longer than a test may, and have tests of their own."""
DOCTEST = ">>> "


@dataclass(frozen=True)
class Block:
    """A fenced block: its language (the first word after the fence) and its text."""

    page: Path
    line: int
    language: str
    text: str


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page in order."""
    text = page.read_text(encoding="utf-8")
    found = re.finditer(r"^```([^\n`]*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [Block(page, text.count("\n", 0, one.start()) + 1, (one[1].split() or [""])[0], one[2]) for one in found]


@dataclass(frozen=True)
class Command:
    """A line of a bash block: its words and the exit code that its comment announces."""

    words: tuple[str, ...]
    code: int

    @property
    def name(self) -> str:
        """The subcommand of carryflow, empty for another program."""
        return self.words[1] if Path(self.words[0]).name == "carryflow" and len(self.words) > 1 else ""

    @property
    def arguments(self) -> list[str]:
        """What follows the program's name."""
        return list(self.words[1:])

    @property
    def is_run(self) -> bool:
        """Whether a test runs it: quick when small, no placeholder in it; of sweeps only those that a page writes itself."""
        own = self.name != "sweep" or self.words[2].endswith(".yaml")
        return self.name in ADDED and own and not any(is_placeholder(word) for word in self.words)

    def small(self) -> list[str]:
        """Arguments for a test: the page's, at a small size."""
        words = self.arguments
        for at, word in enumerate(words[:-1]):
            if word in SMALLER:
                words[at + 1] = SMALLER[word]
        return words + ADDED[self.name]


def is_placeholder(word: str) -> bool:
    """Whether a word stands for something of the reader's own: SCENARIO, FILE, $SLURM_ARRAY_TASK_ID/30."""
    return "$" in word or re.fullmatch(r"[A-Z][A-Z_]*", word) is not None


def commands_in(text: str) -> list[Command]:
    """The commands of a bash block: one a line, a backslash continues it, ``# exit code N`` says how it ends."""
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]
    ends = [re.search(r"# exit code (\d+)", line) for line in lines]
    return [
        Command(tuple(shlex.split(line.removesuffix("&"), comments=True)), int(end[1]) if end else 0)
        for line, end in zip(lines, ends, strict=True)
    ]


def parsed(arguments: list[str]) -> click.Context:
    """Parse arguments of carryflow without running anything; click raises on what it does not know.

    Raises
    ------
    click.UsageError
        If a command, an option or a value is wrong.
    """
    context = click.Context(program, info_name="carryflow")
    name, command, rest = program.resolve_command(context, arguments)
    while isinstance(command, click.Group) and rest:
        context = command.make_context(name, rest[:0], parent=context, resilient_parsing=True)
        name, command, rest = command.resolve_command(context, rest)
    if command is None:
        raise click.UsageError(f"no such command: {name}")
    return command.make_context(name, rest, parent=context)


def missing_libraries(code: str) -> list[str]:
    """Libraries that a python block imports and that are not installed."""
    return [name for name in sorted({name.split(".")[0] for name in imported(code)}) if find_spec(name) is None]


def imported(code: str) -> list[str]:
    """Modules and names that a python block imports, with dots."""
    names: list[str] = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def small_python(code: str) -> str:
    """A python block at the size of a test."""
    return re.sub(r"\bruns=\d+", "runs=2", code)
