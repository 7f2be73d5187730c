"""What the browser is told of runs and their maps, and where it fetches the rest."""
