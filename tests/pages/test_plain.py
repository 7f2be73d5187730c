import pytest

from pages.parts.frame.plain import WORD_JOINER, letter_by_letter


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("*b* and _i_", r"\*b\* and \_i\_"),
        ("latent_dim must be 1, or 2.5 (or more)", "latent_dim must be 1, or 2.5 (or more)"),
        ("1. cats", r"1\. cats"),
        ("# head", r"\# head"),
        ("$5 to $10", r"\$5 to \$10"),
        ("<b>x</b>", r"\<b>x\</b>"),
        (":red[x] :material/home:", r"\:red\[x\] \:material/home:"),
        ("two\n\nlines", "two lines"),
        ("[x](http://a.b)", rf"\[x\](http{WORD_JOINER}://a.b)"),
    ],
)
def test_what_would_be_markdown_is_shown_letter_for_letter(text: str, markdown: str) -> None:
    assert letter_by_letter(text) == markdown
