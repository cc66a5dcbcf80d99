import { createHash } from 'node:crypto'

export type ObjectKind = 'email' | 'mailbox'

// Neither a number nor NIL nor a dash stands in front (RFC 8474 §8.1).
const letters: Readonly<Record<ObjectKind, string>> = { email: 'M', mailbox: 'F' }
const longest = 254
const escapes = /_(?:u([0-9a-f]{4})|([0-9a-f]{2}))/g
// No escape has a dash behind its underscore.
const digestMark = '_-'

/**
 * What a store calls a message or a mailbox, as a client may be told it: letters, digits, `_` and `-`, at most 255
 * (RFC 8474 §7, objectid). Different ids have different ones.
 */
export function objectId(kind: ObjectKind, id: string): string {
  const escaped = /[^A-Za-z0-9-]/.test(id) ? id.replace(/[^A-Za-z0-9-]/g, escaped16) : id
  if (escaped.length <= longest) return letters[kind] + escaped
  return letters[kind] + digestMark + createHash('sha256').update(id).digest('base64url')
}

function escaped16(character: string): string {
  const code = character.charCodeAt(0)
  return code < 256 ? `_${code.toString(16).padStart(2, '0')}` : `_u${code.toString(16).padStart(4, '0')}`
}

/** Whether an id of the store is the one that a client names, for many ids. */
export function objectIdTest(kind: ObjectKind, named: string): (id: string) => boolean {
  if (named[0] !== letters[kind]) return () => false
  const spelled = named.slice(1)
  // Only long ids have a digest, and those are few.
  if (spelled.startsWith(digestMark)) return (id) => id.length * 6 > longest && objectId(kind, id) === named
  const wanted = spelled.replace(escapes, (_, four: string, two: string) =>
    String.fromCharCode(Number.parseInt(four ?? two, 16)),
  )
  return objectId(kind, wanted) === named ? (id) => id === wanted : () => false
}
