"""The ward board: one page that says whom to see first, why, and whether monitoring is happening at all."""
