"""The search for good settings: Optuna chooses them, Hydra runs them, each run says by epoch how it fares."""
