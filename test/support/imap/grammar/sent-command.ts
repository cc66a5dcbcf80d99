/** A command that a client has sent. */
export interface SentCommand {
  readonly tag: string
  /** In upper case, with UID before it: `FETCH`, `UID FETCH`. */
  readonly name: string
  /** What stands behind the name, in upper case; literals and all. */
  readonly text: string
}

/** Takes a command apart as far as its answer depends on it. */
export function sentCommand(line: string): SentCommand {
  const [, tag = '', name = '', text = ''] =
    /^(\S+)(?: ((?:UID )?[^ \r\n]+)[ \r\n]*(.*))?$/is.exec(line) ?? []
  return { tag, name: name.toUpperCase(), text: text.toUpperCase() }
}

/** The words of `RETURN (…)`, of LIST or a search; undefined where the command has none. */
export function returnOptions({ text }: SentCommand): readonly string[] | undefined {
  const match = /(?:^|\s)RETURN \(((?:[^()]|\([^()]*(?:\([^()]*\)[^()]*)*\))*)\)/.exec(text)
  return match?.[1]?.match(/[^\s()]+/g) ?? (match === null ? undefined : [])
}

/** Whether a command searches, and a response tells what was found. */
export function isSearch({ name }: SentCommand): boolean {
  return /^((UID )?(SEARCH|SORT|THREAD)|ESEARCH)$/.test(name)
}

/** Whether the answer is ESEARCH: asked for by RETURN (RFC 4731 §3.1), or always (RFC 9051 §6.4.4, RFC 7377 §2.1). */
export function wantsExtendedSearch(command: SentCommand, rev2: boolean): boolean {
  if (command.name === 'ESEARCH') return true
  if (!isSearch(command) || command.name.endsWith('THREAD')) return false
  return returnOptions(command) !== undefined || (rev2 && command.name.endsWith('SEARCH'))
}

/** Whether the client asks for mod-sequences by a command, and so for all later ones (RFC 7162 §3.1). */
export function enablesModSequences({ name, text }: SentCommand): boolean {
  switch (name) {
    case 'SELECT':
    case 'EXAMINE':
      return /\((CONDSTORE|QRESYNC)\b/.test(text)
    case 'STATUS':
    case 'LIST':
      return text.includes('HIGHESTMODSEQ')
    case 'ENABLE':
      return /\b(CONDSTORE|QRESYNC)\b/.test(text)
    default:
      return /\b(MODSEQ|CHANGEDSINCE|UNCHANGEDSINCE)\b/.test(text)
  }
}
