"""``carryflow viz`` refuses what it cannot serve, with the cure."""

import importlib.util
import socket

import pytest
from click.testing import CliRunner

from simulation.cli import program
from simulation.pages.loopback import HOST, ServingError, bind_loopback
from simulation.pages.viz import server


def told(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(program, ["viz", *arguments])
    return done.exit_code, done.output


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    code, text = told()
    assert code == 2
    assert "solara" in text
    assert "carryflow[viz]" in text


def test_without_the_assets_it_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(server, "data_prefixes", lambda: [str(tmp_path)])
    code, text = told()
    assert code == 2
    assert "solara-assets" in text


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServingError, match=f"port {port} on 127.0.0.1 is not free.*--port"):
            bind_loopback(port)


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--runs", "0"], ["--runs", "101"]])
def test_numbers_out_of_range_are_refused(arguments: list[str]) -> None:
    code, text = told(*arguments)
    assert code == 2
    assert arguments[0] in text
    assert arguments[1] in text
