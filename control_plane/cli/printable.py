"""Text of others as one line that does nothing to a terminal."""


def printable(text: str) -> str:
    """The text with control characters (escape sequences, line ends) written out."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
