"""Tests of the tap's parts, each without the others."""
