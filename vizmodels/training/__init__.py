"""Training: from an experiment and its images to a fitted model."""
