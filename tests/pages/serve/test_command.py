"""``carryflow serve`` reports errors with the cure and shuts down cleanly."""

from __future__ import annotations

import importlib.util
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from click.testing import CliRunner

from simulation.cli import program
from simulation.pages.loopback import HOST

CLI = (sys.executable, "-m", "simulation", "serve")


def run_serve(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(program, ["serve", *arguments])
    return done.exit_code, done.output


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    code, text = run_serve()
    assert code == 2
    assert "starlette, uvicorn" in text
    assert "carryflow[serve]" in text


def test_an_occupied_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, text = run_serve("--port", str(port))
    assert code == 2
    assert f"port {port} on 127.0.0.1 is not free" in " ".join(text.split())
    assert "--port" in text


@pytest.mark.parametrize(
    ("option", "value", "limits"),
    [
        ("--port", "70000", "0<=x<=65535"),
        ("--runs", "7", "8<=x<=256"),
        ("--runs", "1000", "8<=x<=256"),
        ("--first-runs", "1", "2<=x<=64"),
        ("--workers", "0", "1<=x<=64"),
        ("--seconds", "0", "1<=x<=600"),
        ("--seconds", "601", "1<=x<=600"),
    ],
)
def test_numbers_out_of_range_are_refused(option: str, value: str, limits: str) -> None:
    code, text = run_serve(option, value)
    assert code == 2
    assert option in text
    assert value in text
    assert limits in text


def test_nan_is_refused() -> None:
    assert run_serve("--seconds", "nan")[0] == 2


@pytest.mark.slow
def test_ctrl_c_exits_with_130_and_frees_the_port() -> None:
    process = subprocess.Popen([*CLI, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
    assert found is not None
    with urllib.request.urlopen(found[0], timeout=60) as answer:
        assert "connect-src 'self'" in answer.headers["content-security-policy"]
    process.send_signal(signal.SIGINT)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in messages
    with socket.socket() as again, pytest.raises(ConnectionRefusedError):
        again.connect((HOST, int(found[1])))
