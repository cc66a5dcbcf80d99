import { annotationName, type Metadata } from 'mailwright'
import type { ImapArguments } from 'mailwright/imap'

/** An entry that a client names. */
export interface EntryName {
  /** As the client writes it; it is answered so. */
  readonly written: string
  /** As it is kept. */
  readonly name: string
}

/** Levels below an entry that are asked for too (RFC 5464 §4.2.2). */
export type Depth = 0 | 1 | typeof Number.POSITIVE_INFINITY

/** What a client is told of an entry; without a value there is none. */
export interface Annotation {
  readonly name: string
  readonly value: Buffer | undefined
}

// RFC 5464 §3.2: the names of vendors' entries have at least four components.
const vendorLevel = /^\/(?:private|shared)\/vendor(?:\/[^/]+)?$/

/** Reads the name of an entry that can have a value. */
export function readEntry(args: ImapArguments): EntryName {
  const written = args.astring()
  const name = annotationName(written)
  if (name === undefined || vendorLevel.test(name)) return args.fail('That is no name of an entry')
  return { written, name }
}

/** The same, or a level that entries are below: one of the two that all are below, or a vendor's. */
export function readEntryOrRoot(args: ImapArguments): EntryName {
  const written = args.astring()
  const root = /^\/(?:private|shared)$/i.test(written) ? written.toLowerCase() : undefined
  const name = root ?? annotationName(written) ?? args.fail('That is no name of an entry')
  return { written, name }
}

/** Entries that one command may ask for. */
const mostAsked = 1_000

/** Each entry once, as it is written first; undefined where there are more than one command may ask for. */
export function eachOnce(entries: readonly EntryName[]): readonly EntryName[] | undefined {
  const byName = new Map<string, EntryName>()
  for (const entry of entries) if (!byName.has(entry.name)) byName.set(entry.name, entry)
  return byName.size > mostAsked ? undefined : [...byName.values()]
}

/** Those of the annotations that are asked for, each once; where there are none, the entries without a value. */
export function chosenAnnotations(
  all: Metadata,
  entries: readonly EntryName[],
  depth: Depth,
): readonly Annotation[] {
  const chosen = new Map<string, Annotation>()
  for (const { written, name } of entries) {
    const value = all.get(name)
    if (value !== undefined || depth === 0) chosen.set(name, { name: written, value })
    if (depth > 0)
      for (const [below, belowValue] of all)
        if (isBelow(below, name, depth) && !chosen.has(below))
          chosen.set(below, { name: below, value: belowValue })
  }
  if (chosen.size > 0) return [...chosen.values()]
  return entries.map(({ written }) => ({ name: written, value: undefined }))
}

function isBelow(name: string, entry: string, depth: Depth): boolean {
  if (!name.startsWith(`${entry}/`)) return false
  return depth !== 1 || !name.includes('/', entry.length + 1)
}
