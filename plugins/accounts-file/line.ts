import { readAccount, writeAccount } from './account-line.ts'
import { type AliasEntry, type Entry, LineFault, readAddress, writeAddress } from './entry.ts'

/** One line of the file: its text without the line end, and what it says; nothing for comments and empty lines. */
export interface Line {
  readonly text: string
  readonly entry: Entry | undefined
}

// The address at the start; a quoted local part and an address literal may hold what otherwise ends it.
const addressed = /^((?:"(?:[^"\\]|\\.)*"|[^ \t":@,]*)@(?:\[[^\]\s]*\]|[^\s:,=[]+))(.*)$/su
const target = /[ \t]*((?:"(?:[^"\\]|\\.)*"|[^ \t":@,]*)@(?:\[[^\]\s]*\]|[^\s:,=[]+))[ \t]*(?:,|$)/suy
const arrow = /^[ \t]*=>/

/** Reads a line. Throws LineFault. */
export function readLine(text: string): Line {
  // Not `trim`: a local part may begin with a space of Unicode's, a name may end with one.
  const content = text.replace(/^[ \t]+|\r$/g, '')
  return { text, entry: content === '' || content.startsWith('#') ? undefined : readEntry(content) }
}

/** The line that says this. */
export function lineOf(entry: Entry): Line {
  return { text: writeEntry(entry), entry }
}

function readEntry(text: string): Entry {
  const match = addressed.exec(text)
  if (match === null) throw new LineFault('it starts with neither an address nor @domain')
  const address = readAddress(match[1] ?? '')
  const rest = match[2] ?? ''
  if (rest.startsWith(':')) return readAccount(address, rest.slice(1))
  const arrowMatch = arrow.exec(rest)
  if (arrowMatch !== null)
    return { kind: 'alias', address, targets: readTargets(rest.slice(arrowMatch[0].length)) }
  if (rest.trim() !== '')
    throw new LineFault('an address is followed by ":" for an account or "=>" for an alias')
  if (address.localPart !== '') throw new LineFault('an account needs a colon after its address')
  return { kind: 'domain', name: address.domain }
}

function readTargets(text: string): AliasEntry['targets'] {
  const targets: AliasEntry['targets'][number][] = []
  target.lastIndex = 0
  while (target.lastIndex < text.length) {
    const match = target.exec(text)
    if (match === null) throw new LineFault('after "=>" there must be addresses with commas between them')
    const address = readAddress(match[1] ?? '')
    if (address.localPart === '') throw new LineFault('an alias cannot lead to a whole domain')
    targets.push(address)
  }
  if (targets.length === 0) throw new LineFault('the alias has no address after "=>"')
  return targets
}

function writeEntry(entry: Entry): string {
  switch (entry.kind) {
    case 'domain':
      return `@${entry.name}`
    case 'account':
      return writeAccount(entry)
    case 'alias':
      return `${writeAddress(entry.address)} => ${entry.targets.map(writeAddress).join(', ')}`
  }
}
