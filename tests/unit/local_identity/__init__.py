"""The development issuer, without a network."""
