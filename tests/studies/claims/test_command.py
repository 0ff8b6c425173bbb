"""``carryflow claims``: output, files and errors."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulation.cli.claims_command import claims
from simulation.results.output_folder import OutputError
from simulation.studies.claims.assessment import ClaimsLedger
from tests.studies.claims.conftest import case_of, claim_of, counterpart, ledger_of

Claims = Callable[..., Result]


@pytest.fixture
def held() -> ClaimsLedger:
    return ledger_of(claim_of(1), claim_of(2, model=[], untested="a name"))


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: ClaimsLedger) -> Claims:
    """Return a function that runs the command on a ledger of two claims, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("simulation.studies.claims.assessment.load_ledger", lambda: held)
    return lambda *arguments: CliRunner().invoke(claims, ["--runs", "2", *arguments])


def test_table_and_files(command: Claims, tmp_path: Path) -> None:
    outcome = command("--out", "here")
    assert outcome.exit_code == 0
    assert "statement 1" in outcome.stdout
    assert "model: agrees" in outcome.stdout
    assert "Markdown and CSV in here" in outcome.stderr
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == ["claims.csv", "claims.md", "manifest.json"]
    manifest = json.loads((tmp_path / "here" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["kind"], manifest["runs"], manifest["seed"]) == ("claims", 2, {"base": 7})
    assert set(manifest["files"]) == {"claims.csv", "claims.md"}


def test_json_is_a_pure_list(command: Claims) -> None:
    outcome = command("--json", "--quiet")
    assert [claim["id"] for claim in json.loads(outcome.stdout)] == [1, 2]
    assert outcome.stderr == ""


def test_the_same_claims_are_found_not_piled_up(command: Claims, tmp_path: Path) -> None:
    first, again, other = command(), command(), command("--seed", "8")
    assert first.exit_code == again.exit_code == other.exit_code == 0
    assert first.stderr == again.stderr != other.stderr
    assert len(list((tmp_path / "results").iterdir())) == 2


def test_a_folder_of_other_claims_is_refused_unless_forced(command: Claims) -> None:
    command("--out", "here")
    refused = command("--out", "here", "--seed", "8")
    assert isinstance(refused.exception, OutputError)
    assert refused.stdout == ""
    assert command("--out", "here", "--seed", "8", "--force").exit_code == 0


def test_workers_change_nothing(command: Claims, tmp_path: Path) -> None:
    command("--out", "one", "--workers", "1")
    command("--out", "two", "--workers", "2")
    assert (tmp_path / "one" / "claims.csv").read_bytes() == (tmp_path / "two" / "claims.csv").read_bytes()


def test_failed_runs_end_with_three(command: Claims, monkeypatch: pytest.MonkeyPatch) -> None:
    wild = ("markets.usdjpy.fast_impact_pct_per_usd_bn=100", "markets.usdjpy.fast_scale_usd_bn=1000000")
    ledger = ledger_of(claim_of(1, model=[counterpart(), counterpart(case="wild")]), wild=case_of(*wild))
    monkeypatch.setattr("simulation.studies.claims.assessment.load_ledger", lambda: ledger)
    outcome = command()
    assert outcome.exit_code == 3
    assert "Runs that stopped early and are excluded: " in outcome.stdout
    assert "in wild" in outcome.stdout


def test_no_run_left_is_not_tested(command: Claims, monkeypatch: pytest.MonkeyPatch) -> None:
    margin = (
        "populations.carry_funds.leverage_x={median: 90, highest: 100}",
        "populations.carry_funds.leverage_cap_x=100",
    )
    ledger = ledger_of(claim_of(1, model=[counterpart(case="broke"), counterpart()]), broke=case_of(*margin))
    monkeypatch.setattr("simulation.studies.claims.assessment.load_ledger", lambda: ledger)
    outcome = command("--json", "--quiet")
    found = json.loads(outcome.stdout)[0]["model"][0]
    assert (outcome.exit_code, found["outcome"], found["reason"], found["p50"]) == (
        3,
        "not tested",
        "no run finished",
        None,
    )
