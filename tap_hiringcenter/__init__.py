"""Singer tap for HiringCenter and ProspectB2B."""
