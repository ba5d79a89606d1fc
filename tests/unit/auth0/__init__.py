"""The verification of tokens, without a network."""
