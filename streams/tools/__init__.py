"""Tools for engineers."""
