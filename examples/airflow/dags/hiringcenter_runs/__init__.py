"""What the DAGs beside it have in common. Only `tasks` imports Airflow; the rest can be run and tried without it."""
