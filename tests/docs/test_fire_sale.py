"""The guide to fire sales is true: its code runs and gives the numbers that it shows."""

import doctest
import re

from tests.support.places import ROOT

GUIDE = (ROOT / "docs" / "fire_sale.md").read_text(encoding="utf-8")


def test_every_number_of_the_guide() -> None:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)
    code = "\n".join(blocks)
    test = doctest.DocTestParser().get_doctest(code, {}, "docs/fire_sale.md", None, 0)
    outcome = doctest.DocTestRunner().run(test)
    assert outcome.failed == 0
    # Every block shows a result, so that none is prose that runs.
    assert len(blocks) >= 4
    assert all(example.want for block in blocks for example in doctest.DocTestParser().get_examples(block)[-1:])
