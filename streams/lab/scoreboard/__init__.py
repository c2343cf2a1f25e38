"""Made-up patients through the very Vigil: who is called for, how soon, and how often for nothing."""
