from joserfc.jwk import ECKey, RSAKey

def private_key_jwt_sign(
    private_key: ECKey | RSAKey,
    client_id: str,
    token_endpoint: str,
    alg: str = "RS256",
    claims: dict[str, object] | None = None,
    *,
    header: dict[str, str] | None = None,
    issued_at: int | None = None,
    expires_at: int | None = None,
) -> str: ...
