"""The process that feeds each partition's canary, and sees whether her alert comes back."""
