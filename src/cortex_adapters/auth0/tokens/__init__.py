"""Access tokens verified step by step; knows no issuer and no network, so any issuer may use it."""
