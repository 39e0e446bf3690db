"""The DAGs of examples/airflow: what they lean on without Airflow, and a fleet of accounts with it (`python -m tests.fleet`)."""
