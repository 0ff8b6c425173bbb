"""Every block of README.md and docs/ is true.

The rule. A page's blocks are taken in order, in one empty folder and one Python namespace.

* A block says its language. Commands stand in ``bash`` blocks and nowhere else.
* ``yaml`` whose first line is a comment with a file's name becomes that file; any other is checked by the test of its page.
* ``bash``: commands of carryflow that are quick when small are run in this process with two runs; they must end as the page says
  (0, or ``# exit code N``). The others, and those with a placeholder in capitals, are parsed: command, options and values must
  exist. ``make``: the target exists. ``pip install .[x]``: the extra exists. ``python FILE``: file and options exist.
  Programs of others (dask) are named in `STRANGERS` and left alone.
* ``python`` is run with two runs. It is only read, and what it imports of ours must exist, where it needs a library that is
  not installed or stands in `ONLY_READ` with its reason. A page with doctests has a test of its own.
"""

import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest

from simulation.cli import program, run_command_line
from tests.docs.blocks import (
    DOCTEST,
    PAGES,
    Block,
    Command,
    blocks_of,
    commands_in,
    imported,
    missing_libraries,
    parsed,
    small_python,
)
from tests.support.places import ROOT

LANGUAGES = {"bash", "python", "yaml", "text", "bibtex", "{eval-rst}", "{toctree}"}
COMMAND = re.compile(r"^(\S*/)?(carryflow|make|pip|python3?|dask) ", flags=re.MULTILINE)
STRANGERS = {"dask"}
OWN_TESTS = {
    "explain.md": "test_explain_and_report.py",
    "extending.md": "test_extending.py",
    "fire_sale.md": "test_fire_sale.py",
}
ONLY_READ = {
    "calibration.md": "twenty generations of replays take minutes",
    "sweeps.md": "run by test_sweeps.py",
    "scaling.md": "starts a cluster",
}
STORES_ELSEWHERE = {"gallery.md"}
"""Pages whose sweeps are too large to be run here, so that what analyses their stores is only parsed: run by test_gallery.py."""
SLOW = {"analysis_and_search.md"}
"""Pages whose Python takes more than a few seconds even when small."""
NAMED = re.compile(r"`carryflow ([a-z][a-z-]*)([^`\n]*)`")


def name_of(page: Path) -> str:
    return page.name


FOLLOWED = [
    pytest.param(page, id=page.name, marks=[pytest.mark.slow] if page.name in SLOW else [])
    for page in PAGES
    if page.name not in OWN_TESTS
]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_blocks_say_their_language(page: Path) -> None:
    for block in blocks_of(page):
        assert block.language in LANGUAGES, f"{page.name}:{block.line}"
        if block.language not in ("bash", "python"):
            assert COMMAND.search(block.text) is None, f"{page.name}:{block.line}: a command outside a bash block"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_named_in_the_text_exist(page: Path) -> None:
    for name, rest in NAMED.findall(page.read_text(encoding="utf-8")):
        command = program.get_command(click.Context(program), name)
        assert command is not None, f"{page.name}: carryflow {name}"
        if isinstance(command, click.Group) and rest.split():
            command = command.get_command(click.Context(command), rest.split()[0]) or command
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, f"{page.name}: carryflow {name}{rest}"


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize("page", FOLLOWED)
def test_a_page_can_be_followed(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks_of(page):
        if block.language == "yaml":
            written(block)
        elif block.language == "bash":
            for command in commands_in(block.text):
                followed(command, block, monkeypatch)
        elif block.language == "python":
            read_or_run(block, names)


def written(block: Block) -> None:
    """Write a yaml block that names its file."""
    name = re.match(r"# (\w+\.yaml)$", block.text, flags=re.MULTILINE)
    if name:
        Path(name[1]).write_text(block.text, encoding="utf-8")


def followed(command: Command, block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run or parse one command."""
    place = f"{block.page.name}:{block.line}: {' '.join(command.words)}"
    if command.is_run and not (command.name == "analyse" and block.page.name in STORES_ELSEWHERE):
        monkeypatch.setattr("sys.argv", ["carryflow", *command.small()])
        assert run_command_line(command.small()) == command.code, place
    elif command.name:
        for word in command.words:
            if word.startswith("results/"):
                Path(word).mkdir(parents=True, exist_ok=True)  # the parser asks whether stores exist
        parsed(command.arguments)
    else:
        assert is_known(command), place


def is_known(command: Command) -> bool:
    """Whether a command of another program leads somewhere."""
    program_name, arguments = Path(command.words[0]).name, command.arguments
    if program_name == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
        return {word for word in arguments if "=" not in word} <= set(targets)
    if program_name.startswith("python") and arguments[:2] == ["-m", "venv"]:
        return True
    if program_name == "pip" or arguments[:2] == ["-m", "pip"]:
        extras = re.findall(r"\[([\w,]+)\]", " ".join(arguments))
        return {name for group in extras for name in group.split(",")} <= set(extras_of_project())
    if program_name.startswith("python"):
        return is_our_script(arguments)
    return program_name in STRANGERS


def is_our_script(arguments: list[str]) -> bool:
    """Whether a file, or a package or module after ``-m``, is there and knows the options."""
    if arguments[0] == "-m":
        path = ROOT.joinpath(*arguments[1].split("."))
        files = sorted(path.glob("*.py")) or [path.with_suffix(".py")]
    else:
        files = [ROOT / arguments[0]]
    text = "".join(file.read_text(encoding="utf-8") for file in files if file.is_file())
    options = {word for word in arguments if word.startswith("--")} - {"--help"}
    return bool(text) and all(word in text for word in options)


def extras_of_project() -> dict[str, list[str]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras: dict[str, list[str]] = tomllib.load(file)["project"]["optional-dependencies"]
    return extras


def read_or_run(block: Block, names: dict[str, Any]) -> None:
    """Run a python block, or read it where it cannot be run here."""
    if block.page.name in ONLY_READ or missing_libraries(block.text):
        for name in imported(block.text):
            if name.startswith("simulation"):
                assert exists(name), f"{block.page.name}:{block.line}: {name}"
        return
    assert DOCTEST not in block.text, f"{block.page.name} needs a test of its own, as it has doctests"
    exec(compile(small_python(block.text), f"{block.page.name}:{block.line}", "exec"), names)


def exists(name: str) -> bool:
    """Whether a module, or a name in a module, is there."""
    home, _, last = name.rpartition(".")
    return not home or hasattr(import_module(home), last)


def test_what_is_left_out_is_there_for_a_reason() -> None:
    pages = {page.name for page in PAGES}
    assert set(ONLY_READ) | set(OWN_TESTS) | SLOW <= pages
    assert all((Path(__file__).parent / test).is_file() for test in OWN_TESTS.values())


@pytest.mark.parametrize(
    "line",
    [
        "carryflow run x --rums 3",
        "carryflow runn x",
        "carryflow config chek x",
        "carryflow replay x --runs no",
        "carryflow experiment",
    ],
)
def test_a_wrong_command_is_found(line: str) -> None:
    (command,) = commands_in(line)
    with pytest.raises(click.UsageError):
        parsed(command.arguments)


@pytest.mark.parametrize(
    "line",
    ["make nothing", "pip install '.[nothing]'", "rm -r results", "python README.md --no-such", "python -m nothing"],
)
def test_another_programs_wrong_command_is_found(line: str) -> None:
    (command,) = commands_in(line)
    assert not is_known(command)


def test_sizes_are_cut_and_ends_are_read() -> None:
    first, second = commands_in("carryflow run a --runs 500\ncarryflow config check b  # exit code 2\n")
    assert first.small()[:4] == ["run", "a", "--runs", "2"]
    assert (second.code, second.words[-1]) == (2, "b")
    assert not commands_in("carryflow run SCENARIO")[0].is_run
