"""Checks of integrators' messages and of observations that people enter."""
