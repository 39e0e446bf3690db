"""Kills: tap and target are stopped at each of their requests and lines and run again, and what is there then is audited. `python -m tests.kills`."""
