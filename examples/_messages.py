"""A message that may find its queue full."""

from __future__ import annotations

from bocpy import send


def try_send(tag: str, contents: object) -> bool:
    """Send a message, or tell that there is no room for it now."""
    try:
        send(tag, contents)
    except RuntimeError as error:
        if "full" not in str(error):
            raise
        return False
    return True
