"""Candidate rules: faults, differences, dry runs, the alert budget."""
