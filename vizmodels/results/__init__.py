"""One store of everything that is measured."""
