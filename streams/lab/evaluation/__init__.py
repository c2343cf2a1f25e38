"""How well scores and alerts do on recorded patients."""
