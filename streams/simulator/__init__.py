"""The demo's ward: recorded patients, made-up patients, and a small Kafka to publish them to."""
