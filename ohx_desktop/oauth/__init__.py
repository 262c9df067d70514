"""OAuth 2.0 and OpenID Connect: grants, tokens, keys. authlib and joserfc speak the protocol."""
