"""HTTP in: problem+json, strict JSON, principals, idempotency, conditional requests, headers, health."""
