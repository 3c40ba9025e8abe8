"""The local platform: the Fireworks REST API over models that are trained and served on this machine."""
