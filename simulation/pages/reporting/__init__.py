"""One self-contained HTML page about a run or a sweep, to be read anywhere and printed."""
