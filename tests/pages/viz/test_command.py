"""``carryflow viz`` reports errors with the cure."""

import importlib.util
import socket

import pytest
from click.testing import CliRunner

from simulation.cli import program
from simulation.pages.loopback import HOST, ServingError, bind_loopback
from simulation.pages.viz import server


def run_viz(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(program, ["viz", *arguments])
    return done.exit_code, done.output


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    code, text = run_viz()
    assert code == 2
    assert "solara" in text
    assert "carryflow[viz]" in text


def test_missing_assets_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(server, "data_prefixes", lambda: [str(tmp_path)])
    code, text = run_viz()
    assert code == 2
    assert "solara-assets" in text


def test_an_occupied_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServingError, match=f"port {port} on 127.0.0.1 is not free.*--port"):
            bind_loopback(port)


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--runs", "0"], ["--runs", "101"]])
def test_numbers_out_of_range_are_refused(arguments: list[str]) -> None:
    code, text = run_viz(*arguments)
    assert code == 2
    assert arguments[0] in text
    assert arguments[1] in text
