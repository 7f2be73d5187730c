"""One store of everything that is measured: questions, their reads, and the answers kept."""
