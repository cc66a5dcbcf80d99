/** One way in which passwords are kept. A further one is a further value of this type in the table of password.ts. */
export interface PasswordScheme {
  /** In capitals, as in the `{SCHEME}` before a hash: `ARGON2ID`. The first is the scheme's own. */
  readonly names: readonly [string, ...string[]]
  /** Whether a hash without `{SCHEME}` is of this scheme: cheap, and never true for two schemes. */
  recognises(hash: string): boolean
  /**
   * Compares in constant time. False for a hash that is malformed or beyond what the scheme's bounds allow; it rejects
   * only where the comparison could not be made.
   */
  verify(secret: Buffer, hash: string): Promise<boolean>
  /** Whether new passwords are kept in this way, with these parameters, today. */
  isCurrent(hash: string): boolean
}
