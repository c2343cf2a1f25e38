"""Why an alert came, or did not, and what would have changed it."""
