"""How good the alerts are: recorded patients through the very same Vigil as live, held against what became of them."""
