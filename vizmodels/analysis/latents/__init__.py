"""Where latents lie: posteriors, densities, shapes, sizes, and ways through the space."""
