"""The theory's own figures: bounds, gradient estimators, assignments, subspaces."""
