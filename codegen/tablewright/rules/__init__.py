"""What we refuse or warn of: one rule, one function, one sentence."""
