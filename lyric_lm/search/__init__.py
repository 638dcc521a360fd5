"""Many runs: settings chosen by Optuna, a run for each artist, and what runs say together."""
