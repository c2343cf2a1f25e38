"""Whether an installation is sound: what the broker says, what should be, and a remedy for each difference."""
