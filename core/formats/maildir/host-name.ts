// What other programs would misread: `/` and `:` end names, `,` starts a size. The convention writes octal numbers.
const escapes: Readonly<Record<string, string>> = { '/': '\\057', ':': '\\072', ',': '\\054' }
const longest = 64

/** A host's name as it may stand at the end of a message's file name. */
export function maildirHostName(hostname: string): string {
  const escaped = hostname
    .slice(0, longest)
    .replace(/[/:,]/g, (character) => escapes[character] ?? '_')
    .replace(/[^\w.\\-]/g, '_')
  return escaped === '' ? 'localhost' : escaped
}
