"""What the board answers over HTTP, one file a subject."""
