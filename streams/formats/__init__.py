"""Others' message formats to native readings: pure, one file a format. The gateways are doors in front of this."""
