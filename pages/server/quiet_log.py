"""Keeps out of the server's log the one line that tells whoever runs it nothing.

A fragment that runs again by itself is timed in the browser. When a page runs in full and does
without the fragment, as once a job is done, the browser hears of it only with that run's end; a
timer that fires before asks for what is no longer there, and Streamlit rightly lets it pass. It
says so each time: a class that watches trainings writes pages of it.
"""

import logging

ANSWERED_BY = "streamlit.runtime.app_session"
LINE = "The fragment with id %s does not exist anymore"


def leave_out_late_timers() -> None:
    """Log everything but that line, from here on."""
    logging.getLogger(ANSWERED_BY).addFilter(_is_worth_saying)


def _is_worth_saying(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(LINE)
