/** Who calls, once a bearer token was verified: what `oauth` proves and `mcp` relies on. */
export interface Caller {
  /** The grant behind the token. Sessions are bound to it, so a rotated token keeps its sessions. */
  readonly grantId: string;
  /** `jti`: the only name of a token that may be logged. */
  readonly tokenId: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** The directory the launcher minted the token for; undefined for OAuth clients. */
  readonly workspace: string | undefined;
  /** Aborts when the token expires or is revoked: every stream it opened closes then. */
  readonly ended: AbortSignal;
}
