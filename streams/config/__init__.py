"""Settings, topics and the packaged rules: what every process of ours begins with."""
