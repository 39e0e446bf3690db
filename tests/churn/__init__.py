"""Churn: the tap reads while rows come, change, move and go, and what it then holds is compared with what it promises. `python -m tests.churn`."""
