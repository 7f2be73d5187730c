"""Discrete codes: the quantizer, the VQ-VAE, and priors over its codes."""
