"""Proofs that the caller holds the key of its token: DPoP (RFC 9449)."""
