"""Lines of a figure end within its margin, in the file that is written as on a screen."""

from io import BytesIO

import numpy as np
from matplotlib.image import imread

from simulation.results.figures import charts
from simulation.results.figures.style import DPI, SIZE_INCHES, Heading, figure_style, new_figure


def test_a_long_title_stays_within_the_margin_of_the_file() -> None:
    finding = "mine_1998: lowest USDJPY −5.1 % simulated, −16.2 % observed; 10.4 pp from the observed path"
    with figure_style():
        picture = charts.png_bytes(new_figure(Heading(finding, "short", "short")))
    inked = np.flatnonzero(imread(BytesIO(picture))[:120, :, :3].mean(axis=(0, 2)) < 0.999)
    width = SIZE_INCHES[0] * DPI
    assert inked.min() / width > 0.029
    assert 0.9 < inked.max() / width < 0.972
