"""Expected text of the page, computed from its content independently of its script."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from simulation.pages.explore.columns import PANEL_LABELS, unpack_steps
from simulation.pages.explore.html import Content
from tests.support.places import ROOT

MINUS = "−"
ASSETS = ("us_equity", "japan_equity", "bitcoin_usd")


class Reading:
    """Expected numbers of a page by state and day."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.days = len(content["dates"])
        self.whole = unpack_steps(content["data"], (len(content["states"]), len(content["columns"]), self.days))

    def value(self, state: int, series: str, quantile: str = "p50", day: int = -1) -> str:
        """A formatted number."""
        at, one = next(
            (at, one)
            for at, one in enumerate(self.content["columns"])
            if (one["series"], one["quantile"]) == (series, quantile)
        )
        number = int(self.whole[state, at, day]) / 10 ** one["decimals"]
        text = f"{abs(number):,.{one['decimals']}f}"
        return f"{MINUS}{text}" if number < 0 and float(np.abs(number)) > 0 else text

    def findings(self, state: int, day: int = -1) -> dict[str, list[str]]:
        """Numbers that the summary of each panel must contain."""
        share, base = "levered_unwind_share_to_date", self.content["baseline"]
        there = {one["series"] for one in self.content["columns"]}
        band = ("p10", "p50", "p90")
        usdjpy = [self.value(state, "usdjpy", one, day) for one in band]
        levered = [self.value(state, share, one, day) for one in band]
        return {
            "usdjpy": [*usdjpy, self.value(base, "usdjpy", day=day)],
            "unwound": [*levered, self.value(state, "unwound_share_to_date", day=day)],
            "risk": [self.value(state, name, day=day) for name in ASSETS if name in there],
        }

    def bars(self, state: int, panel: str, day: int = -1) -> list[str]:
        """Signed values beside the bars of a panel."""
        names = [one["series"] for one in self.content["columns"] if one["panel"] == panel]
        texts = [self.value(state, name, day=day) for name in names]
        return [
            f"+{text}" if text[0] != MINUS and any(sign in text for sign in "123456789") else text for text in texts
        ]

    def day_words(self, day: int) -> str:
        """Formatted date of a day."""
        one = date.fromisoformat(self.content["dates"][day])
        return f"{one.day} {one:%B %Y}"

    def of_day(self, state: int, day: int) -> dict[tuple[str, str], str]:
        """Every number of a day, by row label of the copied command and quantile."""
        return {
            (PANEL_LABELS.get(one["series"]) or f"{one['words']}, USD bn", one["quantile"]): self.value(
                state, one["series"], one["quantile"], day
            )
            for one in self.content["columns"]
        }

    def table(self, state: int) -> list[list[str]]:
        """Cells of the table: three quantiles and the median of the baseline."""
        numbers = self.content["numbers"]
        base = numbers[self.content["baseline"]]
        return [
            [cell.replace("-", MINUS) for cell in (*cells, before[1])]
            for cells, before in zip(numbers[state], base, strict=True)
        ]

    def state(self, levels: list[int]) -> int:
        """Index of a computed state."""
        found: int = self.content["states"].index(levels)
        return found

    def alone(self, slider: int, level: int) -> int:
        """Index of the state in which only one slider differs from the baseline."""
        levels = list(self.content["states"][self.content["baseline"]])
        levels[slider] = level
        return self.state(levels)


def shown(page: Any) -> dict[str, Any]:
    """Text and numbers that the page shows."""
    texts: dict[str, Any] = page.evaluate(
        """() => ({
      state: Number(document.querySelector('#panel-usdjpy').dataset.state),
      findings: Object.fromEntries(['usdjpy', 'yen', 'unwound', 'risk'].map(
        (id) => [id, document.querySelector(`#panel-${id} .finding`).textContent])),
      bars: Object.fromEntries([['yen', 'yen'], ['cause', 'unwound']].map(([name, id]) => [name,
        [...document.querySelector(`#panel-${id} .charts`).lastChild.querySelectorAll('rect')].map(
          (bar) => bar.nextElementSibling.nextElementSibling.textContent)])),
      marks: [...document.querySelectorAll('#panel-usdjpy svg text')].map((text) => text.textContent),
      table: [...document.querySelectorAll('#rows tr[data-metric]')].map(
        (row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent)),
      command: document.querySelector('#command').textContent,
      message: document.querySelector('#message').textContent,
      date: document.querySelector('#date').textContent,
      caption: document.querySelector('#caption').textContent,
      hash: location.hash,
    })"""
    )
    return texts


def in_a_shell(command: str, folder: Path) -> str:
    """Output of a shell command in which `carryflow` runs with this interpreter."""
    program = folder / "carryflow"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m simulation "$@"\n')
    program.chmod(0o755)
    root = ROOT
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(root)}
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def printed_rows(text: str, expected: dict[str, list[str]]) -> dict[str, list[str]]:
    """Quantiles of a printed table by label, without effects; of duplicate labels, the row that equals the expected one."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        parts = [part.replace("-", "−") for part in re.split(r"\s{2,}", line.strip())]
        label = parts[0].replace("−", "-")
        if label in expected and found.get(label) != expected[label]:
            found[label] = parts[1 : 1 + len(expected[label])]
    return found


def printed_cells(text: str) -> dict[tuple[str, str], str]:
    """Cells of a printed table by row label and quantile."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
    return {
        (label, name): cell.replace("-", MINUS)
        for label, *cells in rows
        for name, cell in zip(("p10", "p50", "p90"), cells, strict=False)
    }


CONTRAST = """() => {
  const light = (rgb) => rgb.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll('body *')].filter((node) => [...node.childNodes].some(
    (child) => child.nodeType === 3 && child.textContent.trim()) && !['SCRIPT', 'NOSCRIPT', 'OPTION'].includes(node.tagName));
  return texts.map((node) => {
    const style = getComputedStyle(node);
    const front = numbers(node.namespaceURI.endsWith('svg') ? style.fill : style.color).slice(0, 3);
    const [a, b] = [light(front), light(behind(node))].sort((x, y) => y - x);
    return [node.textContent.slice(0, 40), (a + 0.05) / (b + 0.05)];
  });
}"""
