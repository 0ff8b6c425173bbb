"""Find the value that a check of several values blames, from the words of its message.

A check such as ``boj.meetings: 2025-12-20 is not a business day`` belongs to a whole table; the reader wants the
line of that date.
"""

import re
from datetime import date

from simulation.scenario.config.tree import KeyPath, Node, descend, key_text, walk

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
KEY_FIRST = re.compile(r"([a-z_][\w.\[\]]*): ")


def blamed(tree: Node, path: KeyPath, message: str) -> tuple[KeyPath, str]:
    """Return the key path that a message is about, and the message without that path.

    A key path at the beginning of the message counts, then the date or quoted text below it that is mentioned first.
    """
    named = KEY_FIRST.match(message)
    below = _written(descend(tree, path), steps(named[1])) if named else None
    if named and below is not None:
        path, message = (*path, *below), message[named.end() :]
    node = descend(tree, path)
    found = (
        []
        if node is None
        else [(_mention(leaf, leaf_path, message), leaf_path) for leaf_path, leaf in walk(node, path)]
    )
    mentioned = [(position, leaf_path) for position, leaf_path in found if position >= 0]
    # `min` keeps the first of equals: the value that stands highest in the file.
    return (min(mentioned, key=lambda pair: pair[0])[1] if mentioned else path), message


def _written(node: Node | None, parts: KeyPath) -> KeyPath | None:
    """Return steps as a node has them, where ``markets.usdjpy`` may be one key; none if they lead nowhere."""
    if node is None or not parts:
        return None if node is None else ()
    for count in range(1, len(parts) + 1):
        step = parts[0] if count == 1 else key_text(parts[:count])
        rest = _written(node.child(step), parts[count:])
        if rest is not None:
            return (step, *rest)
    return None


def steps(key: str) -> KeyPath:
    """Return the key path of a text such as ``meetings[0].date``."""
    parts = key.replace("[", ".[").split(".")
    return tuple(int(part[1:-1]) if re.fullmatch(r"\[\d+\]", part) else part for part in parts if part)


def _mention(node: Node, path: KeyPath, message: str) -> int:
    """Return where a message mentions a date, which may be the key of a value, or quoted text; -1 where it does not."""
    if path and DATE.fullmatch(str(path[-1])):
        return message.find(str(path[-1]))
    if isinstance(node.content, date):
        return message.find(node.content.isoformat())
    if isinstance(node.content, str) and node.content:
        # A date that was an axis value of a sweep is text by now.
        return message.find(node.content if DATE.fullmatch(node.content) else repr(node.content))
    return -1
