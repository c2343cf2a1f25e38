"""Web Push between the notifier, which sends, and the board, on whose page people subscribe."""
