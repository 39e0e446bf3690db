"""Singer target for the recruiting and sales systems HiringCenter, ProspectB2B and ClosersHQ."""
