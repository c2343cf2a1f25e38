"""Weights of the learned heads, from recorded patients."""
