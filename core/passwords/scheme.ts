import type { CramMd5Key } from './cram-md5.ts'

/** Whether a secret is the one that was stored. It rejects only where that could not be found out. */
export type SecretCheck = (secret: Buffer) => Promise<boolean>

/** What a database has for a password. */
export interface StoredHash {
  /** The `{SCHEME}` before it, in capitals; absent where nothing says what it is. */
  readonly name?: string
  /** What follows. */
  readonly text: string
  /** The octets that `{SCHEME.HEX}` or `{SCHEME.B64}` encoded; `text` is then these octets as text. */
  readonly octets?: Buffer
}

/** One way in which passwords are kept. A further one is a further value of this type in the table of stored-hash.ts. */
export interface PasswordScheme {
  /** In capitals, as in the `{SCHEME}` before a hash: `SHA512-CRYPT`. The first is the scheme's own. */
  readonly names: readonly [string, ...string[]]
  /** Whether its hashes show without `{SCHEME}` what they are. No text is well-formed for two such schemes. */
  readonly marked: boolean
  /**
   * Reads a hash in linear time. Undefined where it is malformed, or asks for more work or memory than the scheme
   * allows. The check compares in constant time, and does no work on the event loop that takes a millisecond.
   */
  read(stored: StoredHash): SecretCheck | undefined
  /** The key for CRAM-MD5 of what {@link read} can read. Absent where there is none in its hashes. */
  cramMd5Key?(stored: StoredHash): CramMd5Key | undefined
}
