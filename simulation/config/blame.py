"""Find the value that a check of several values blames, from the words of its message.

A check such as ``boj.meetings: 2025-12-20 is not a business day`` belongs to a whole table; the reader wants the
line of that date.
"""

import re
from datetime import date

from simulation.config.tree import KeyPath, Node, descend, walk

KEY_FIRST = re.compile(r"([a-z_][\w.\[\]]*): ")


def blamed(tree: Node, path: KeyPath, message: str) -> tuple[KeyPath, str]:
    """Return the key path that a message is about, and the message without that path.

    A key path at the beginning of the message counts, then the date or quoted text below it that is mentioned first.
    """
    named = KEY_FIRST.match(message)
    below = (*path, *steps(named[1])) if named else path
    if named and descend(tree, below) is not None:
        path, message = below, message[named.end() :]
    node = descend(tree, path)
    found = [] if node is None else [(_mention(leaf, message), leaf_path) for leaf_path, leaf in walk(node, path)]
    mentioned = [(position, leaf_path) for position, leaf_path in found if position >= 0]
    # `min` keeps the first of equals: the value that stands highest in the file.
    return (min(mentioned, key=lambda pair: pair[0])[1] if mentioned else path), message


def steps(key: str) -> KeyPath:
    """Return the key path of a text such as ``meetings[0].date``."""
    parts = key.replace("[", ".[").split(".")
    return tuple(int(part[1:-1]) if re.fullmatch(r"\[\d+\]", part) else part for part in parts if part)


def _mention(node: Node, message: str) -> int:
    """Return where a message mentions a date or quoted text, -1 where it does not."""
    if isinstance(node.content, date):
        return message.find(node.content.isoformat())
    if isinstance(node.content, str) and node.content:
        return message.find(repr(node.content))
    return -1
