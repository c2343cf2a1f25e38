"""The gateways: others' formats in by their own protocols. Nothing is acknowledged before Kafka has it."""
