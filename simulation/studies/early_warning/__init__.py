"""Early warning: whether indicators known at a close predict the cascades of the model."""
