"""Servers, records, settings and neighbours that mean harm: what tap and target must keep to themselves, and what must not bring them down."""
