"""Text that others wrote, from an address, a file or a class's name, shown letter for letter."""

import re

MARKED = re.compile(
    r"[\\`*\[\]<~$&|]"  # emphasis, code, links, HTML, formulas, entities, tables
    r"|(?<!\w)_|_(?!\w)"  # emphasis: not within a word
    r"|:(?=[\w+-])"  # Streamlit's colours and icons
    r"|^[#+>=-]|(?<=^\d)[.)]|(?<=^\d\d)[.)]|(?<=^\d\d\d)[.)]"  # headings, quotes, lists
)
LINK = re.compile(r"(https?|www)(?=[:.])", re.IGNORECASE)
WORD_JOINER = "\u2060"  # not seen; without it an address becomes a link, however it is escaped


def letter_by_letter(text: str) -> str:
    """Markdown that shows a text as it stands, in one line: no link, no emphasis, no formula."""
    joined = LINK.sub(rf"\1{WORD_JOINER}", " ".join(text.split()))
    return MARKED.sub(lambda found: f"\\{found.group()}", joined)
