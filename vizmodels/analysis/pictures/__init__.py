"""What models make of pictures: reconstructions, denoising, samples, and what is kept."""
