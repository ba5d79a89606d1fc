"""Access tokens in Auth0's dialect: verified for each issuer by its own rules and keys."""
