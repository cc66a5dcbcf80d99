const others = /[^\x21-\x24\x26-\x7e]/

/** A name for lists, logs and POP3's UIDL: printable ASCII without spaces. Different bases have different ones. */
export function printableName(base: string): string {
  if (!others.test(base)) return base
  return base.replace(/[^\x21-\x24\x26-\x7e]/gu, (character) => encodeURIComponent(character))
}
