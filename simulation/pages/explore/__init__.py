"""Interactive HTML page of a sweep, with sliders, for teaching."""
