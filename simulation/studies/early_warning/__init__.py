"""Early warning: whether indicators known at a close lead the cascades that the model makes."""
