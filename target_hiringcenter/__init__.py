"""Writes to HiringCenter, ProspectB2B and ClosersHQ; not released yet."""
