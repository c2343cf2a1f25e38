"""How it flows: from Kafka to the Vigils and back."""
