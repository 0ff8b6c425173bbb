"""Plain values of the model: units, dates, assets, quotes, orders, balance sheets and random streams."""
