"""What is done around runs: metrics, logs, the runbook."""
