"""What travels: the messages, their units, codes and plausible ranges."""
