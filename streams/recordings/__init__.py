"""Recorded patients: folders of vitals and labels, and those that come with the package."""
