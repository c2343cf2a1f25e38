"""What we think of it: pure opinions on one patient's vital signs."""
