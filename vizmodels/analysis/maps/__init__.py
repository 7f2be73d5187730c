"""Maps of latents: projections, neighbours, epochs, and the atlas that keeps them."""
