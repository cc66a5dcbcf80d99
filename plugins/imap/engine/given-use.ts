import { type SpecialUse, specialUse } from 'mailwright'

/**
 * The use of a text, where clients may give it to a mailbox; undefined for others. `\All` and `\Flagged` say that messages
 * of other mailboxes are there too, which they are not (RFC 6154 §2).
 */
export function givenUse(text: string): SpecialUse | undefined {
  const found = specialUse(text)
  return found === '\\All' || found === '\\Flagged' ? undefined : found
}
