"""The target, killed at each of its requests: each record has one effect, whatever became of the run."""
