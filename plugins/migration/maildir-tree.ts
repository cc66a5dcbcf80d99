import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { errorText, MailwrightError } from 'mailwright'
import { decodeMailboxLevel, mailboxOfMaildirDirectory } from 'mailwright/formats'
import type { SkippedPart } from './source.ts'
import { plainName } from './target-name.ts'

/** A directory with `cur` and `new` in it. */
export interface FoundMaildir {
  readonly path: Buffer
  /** The mailbox's name by its levels. */
  readonly levels: readonly string[]
}

export interface MaildirTree {
  /** INBOX first, then sorted. */
  readonly maildirs: readonly FoundMaildir[]
  readonly skipped: readonly SkippedPart[]
}

const deepest = 40
const parts: ReadonlySet<string> = new Set(['cur', 'new', 'tmp'])

/**
 * Finds the Maildirs at and below a path: Maildir++ (`.Work.Bills`) and one within the other (`Work/Bills`), also
 * mixed. The path itself is INBOX where it is one. Symbolic links are not followed: whoever owns the mail could lead
 * them anywhere. MAIL_E_NOT_FOUND where there is none.
 */
export async function findMaildirs(path: string): Promise<MaildirTree> {
  const maildirs: FoundMaildir[] = []
  const skipped: SkippedPart[] = []
  await walk({ path: Buffer.from(path), levels: [] }, 0, maildirs, skipped)
  if (maildirs.length === 0) throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no Maildir at ${path}`)
  return { maildirs: maildirs.sort(byName), skipped }
}

async function walk(
  place: FoundMaildir,
  depth: number,
  maildirs: FoundMaildir[],
  skipped: SkippedPart[],
): Promise<void> {
  const what = place.path.toString()
  let entries: Dirent<Buffer>[]
  try {
    entries = await readdir(place.path, { withFileTypes: true, encoding: 'buffer' })
  } catch (error) {
    if (depth === 0)
      throw new MailwrightError('MAIL_E_NOT_FOUND', `${what} cannot be read: ${errorText(error)}`)
    skipped.push({ what, why: errorText(error) })
    return
  }
  const isPart = (entry: Dirent<Buffer>): boolean => entry.isDirectory() && parts.has(entry.name.toString())
  if (entries.filter(isPart).some(({ name }) => name.toString() !== 'tmp'))
    maildirs.push({ path: place.path, levels: place.levels.length === 0 ? ['INBOX'] : place.levels })
  for (const entry of entries) {
    const levels = levelsOf(entry.name)
    if (levels === undefined || isPart(entry)) continue
    const path = joined(place.path, entry.name)
    if (entry.isSymbolicLink() && (await leadsToDirectory(path)))
      skipped.push({ what: path.toString(), why: 'symbolic links are not followed' })
    if (!entry.isDirectory()) continue
    if (depth >= deepest) skipped.push({ what: path.toString(), why: 'it lies too deep' })
    else await walk({ path, levels: [...place.levels, ...levels] }, depth + 1, maildirs, skipped)
  }
}

async function leadsToDirectory(path: Buffer): Promise<boolean> {
  const status = await stat(path).catch(() => undefined)
  return status?.isDirectory() === true
}

/** A path of octets, for file names need not be UTF-8. */
export function joined(directory: Buffer, name: Buffer | string): Buffer {
  return Buffer.concat([directory, Buffer.from('/'), typeof name === 'string' ? Buffer.from(name) : name])
}

function levelsOf(name: Buffer): readonly string[] | undefined {
  const text = name.toString()
  const readable = text.includes('\ufffd') ? name.toString('latin1') : text
  return readable.startsWith('.') ? levelsOfDirectory(readable) : [decodeMailboxLevel(readable)]
}

/** As subscriptions name it. What can be no name is taken level by level, to get a safe one. */
function levelsOfDirectory(directory: string): readonly string[] | undefined {
  const name = mailboxOfMaildirDirectory(directory)
  if (name !== undefined) return name.split('/')
  const levels = directory.slice(1).split('.')
  return levels.includes('') ? undefined : levels.map(decodeMailboxLevel)
}

function byName(a: FoundMaildir, b: FoundMaildir): number {
  const [one, two] = [plainName(a.levels), plainName(b.levels)]
  if (one === two) return Buffer.compare(a.path, b.path)
  if (one === 'INBOX' || two === 'INBOX') return one === 'INBOX' ? -1 : 1
  return one < two ? -1 : 1
}
