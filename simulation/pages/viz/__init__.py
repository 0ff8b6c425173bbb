"""Interactive page of the model with Mesa's SolaraViz (an optional extra), served locally."""
