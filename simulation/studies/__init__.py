"""Studies built on the model: experiments, replays, calibration, stylised facts and searches."""
