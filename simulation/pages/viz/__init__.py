"""The model in Mesa's own page: sliders, play and step, three plots; an extra, served on this machine alone."""
