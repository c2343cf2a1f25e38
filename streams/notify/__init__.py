"""Alerts out: who is told of a call, by which channel, and what became of it. A process of its own."""
