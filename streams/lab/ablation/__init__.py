"""What each detector adds: alerts without it, and injected changes with it."""
