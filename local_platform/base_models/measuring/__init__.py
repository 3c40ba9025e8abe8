"""What the models can do: one file per measurement, all on held-out wordings, names and domains."""
