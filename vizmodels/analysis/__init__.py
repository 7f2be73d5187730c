"""What can be read off a trained model: maps, reconstructions."""
