"""Training text made by this project's own rules: no sentence comes from anywhere else."""
