/** What a mailbox is for (RFC 6154 §2). A mailbox has one at most, and an account one mailbox for each. */
export type SpecialUse = '\\All' | '\\Archive' | '\\Drafts' | '\\Flagged' | '\\Junk' | '\\Sent' | '\\Trash'

/** In the order of RFC 6154. */
export const specialUses: readonly SpecialUse[] = [
  '\\All',
  '\\Archive',
  '\\Drafts',
  '\\Flagged',
  '\\Junk',
  '\\Sent',
  '\\Trash',
]

/** The special use of a text in any case; undefined where it is none. */
export function specialUse(text: string): SpecialUse | undefined {
  const wanted = text.toLowerCase()
  return specialUses.find((use) => use.toLowerCase() === wanted)
}
