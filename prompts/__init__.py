"""Every text the session shows or writes: one template and one frozen model each. Imports nothing of the other rooms."""
