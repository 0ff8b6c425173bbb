"""News given by date, statements, surprises at ten years, drawn rate paths: hand-worked numbers."""

import numpy as np
import pytest

from simulation.ensemble import resolved
from simulation.experiment import NOTHING_BUT
from simulation.model import simulate
from simulation.recorder import Record
from tests.engine.outcomes import finished  # noqa: F401
