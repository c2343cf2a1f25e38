"""The log taken out of Kafka: read as workers read it, written to a file, and replayed."""
