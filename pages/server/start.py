"""Where the app's script is, in a checkout or installed, and the command that starts it."""

import sys
from pathlib import Path

PAGES = Path(__file__).resolve().parent.parent
NAVIGATION = PAGES / "navigation.py"
APP = next(
    path for path in (PAGES / "_start" / "app.py", PAGES.parent / "app.py") if path.is_file()
)
"""Beside its `.streamlit`, whose settings Streamlit reads from there."""


def main() -> None:
    """Serve the app, as `streamlit run` does, with the same options."""
    from streamlit.web import cli  # here: the app itself imports this module

    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    cli.main()
