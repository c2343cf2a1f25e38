"""The worker: takes record batches from the log, hands them to the Vigils, and sends what they say."""
