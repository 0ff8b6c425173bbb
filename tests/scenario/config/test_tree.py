"""Place of the message of a check of several values."""

import pytest

from simulation.scenario.config.tree import Source, key_text, locate_message, parse_key_path
from simulation.scenario.config.yaml_reader import parse_yaml

TEXT = """\
end: 2026-03-31
boj:
  guidance: vague
  meetings:
    - {date: 2025-12-19, guidance: hawk}
    - {date: 2026-01-23, guidance: six_monthly, signals: [{date: 2026-02-02}]}
populations: {a: {}}
observed:
  - values: {2026-01-05: 157.0, 2026-01-06: 15.7}
"""


@pytest.mark.parametrize(
    ("start", "message", "key", "said"),
    [
        ("", "boj.meetings: 2026-01-23 is closed", "boj.meetings[1].date", "2026-01-23 is closed"),
        ("boj", "guidance regime 'hawk' is not defined", "boj.meetings[0].guidance", None),
        ("boj.meetings[1]", "a signal on 2026-02-02 comes after 2026-01-23", "boj.meetings[1].signals[0].date", None),
        ("boj", "meetings[1].signals: too many", "boj.meetings[1].signals", "too many"),
        ("", "populations.a: is empty", "populations.a", "is empty"),
        (
            "",
            "observed[0].values: 15.7 on 2026-01-06 is odd",
            "observed[0].values.2026-01-06",
            "15.7 on 2026-01-06 is odd",
        ),
        ("", "nobody: is empty", "", None),
        ("boj", "it is all wrong", "boj", None),
        ("populations", "end 2026-03-31 is elsewhere", "populations", None),
    ],
)
def test_message_is_placed_at_its_value(start: str, message: str, key: str, said: str | None) -> None:
    tree = parse_yaml(TEXT, Source("a.yaml", ())).tree
    path, words = locate_message(tree, parse_key_path(start), message)
    assert (key_text(path), words) == (key, said or message)
