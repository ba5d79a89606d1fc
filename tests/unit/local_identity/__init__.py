"""The development issuer and the verification of tokens, without a network."""
