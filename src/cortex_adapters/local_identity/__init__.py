"""The development issuer: tokens in Auth0's shape, signed here and verified like any other."""
