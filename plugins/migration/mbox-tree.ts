import type { Dirent } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { errorText, MailwrightError } from 'mailwright'
import { levelOfMboxFile } from './mbox-file-name.ts'
import { readingWithoutLinks } from './message-file.ts'
import type { SkippedPart } from './source.ts'
import { plainName } from './target-name.ts'

/** A file of messages. */
export interface FoundMbox {
  readonly path: string
  /** The mailbox's name by its levels. */
  readonly levels: readonly string[]
  readonly size: number
}

export interface MboxTree {
  /** INBOX first, then sorted. */
  readonly files: readonly FoundMbox[]
  readonly skipped: readonly SkippedPart[]
}

const deepest = 40
// What mail programs keep beside their mbox files.
const notMail: ReadonlySet<string> = new Set(['.msf', '.dat', '.html', '.json', '.lock', '.log'])
// Thunderbird keeps the children of `Work` in `Work.sbd`, Apple Mail the messages of `Work` in `Work.mbox/mbox`.
const directorySuffix = /\.(?:sbd|mbox)$/
const mark = Buffer.from('From ')

/**
 * Finds the mbox files at a path: the one file, which is INBOX then, or all below a directory, named by their paths.
 * Symbolic links are not followed. MAIL_E_NOT_FOUND where there is nothing, MAIL_E_INVALID for a file that is no mbox.
 */
export async function findMboxes(path: string): Promise<MboxTree> {
  const status = await stat(path).catch(() => undefined)
  if (status?.isFile() === true) {
    if (!(await isMbox(path))) throw new MailwrightError('MAIL_E_INVALID', `${path} is no mbox file`)
    return { files: [{ path, levels: ['INBOX'], size: status.size }], skipped: [] }
  }
  const files: FoundMbox[] = []
  const skipped: SkippedPart[] = []
  await walk({ path, levels: [] }, files, skipped)
  if (files.length === 0) throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no mbox file at ${path}`)
  return { files: files.sort(byName), skipped }
}

async function walk(
  place: Pick<FoundMbox, 'path' | 'levels'>,
  files: FoundMbox[],
  skipped: SkippedPart[],
): Promise<void> {
  let entries: Dirent[]
  try {
    entries = await readdir(place.path, { withFileTypes: true })
  } catch (error) {
    skipped.push({ what: place.path, why: errorText(error) })
    return
  }
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue
    const path = join(place.path, entry.name)
    if (entry.isSymbolicLink()) skipped.push({ what: path, why: 'symbolic links are not followed' })
    else if (entry.isFile())
      await addFile(path, [...place.levels, ...fileLevels(entry.name, place.path)], files, skipped)
    else if (entry.isDirectory()) {
      const level = levelOfMboxFile(entry.name.replace(directorySuffix, ''))
      if (place.levels.length >= deepest) skipped.push({ what: path, why: 'it lies too deep' })
      else await walk({ path, levels: [...place.levels, level] }, files, skipped)
    }
  }
}

async function addFile(
  path: string,
  levels: readonly string[],
  files: FoundMbox[],
  skipped: SkippedPart[],
): Promise<void> {
  if (notMail.has(extname(path))) return
  try {
    if (await isMbox(path)) files.push({ path, levels, size: (await stat(path)).size })
    else skipped.push({ what: path, why: 'it is no mbox file' })
  } catch (error) {
    skipped.push({ what: path, why: errorText(error) })
  }
}

function fileLevels(name: string, directory: string): readonly string[] {
  if (name === 'mbox' && directory.endsWith('.mbox')) return []
  return [levelOfMboxFile(name.replace(/\.mbox$/, ''))]
}

/** An empty file is an empty mailbox. */
async function isMbox(path: string): Promise<boolean> {
  const file = await open(path, readingWithoutLinks)
  try {
    const { size } = await file.stat()
    const { bytesRead, buffer } = await file.read(Buffer.alloc(mark.length), 0, mark.length, 0)
    return size === 0 || buffer.subarray(0, bytesRead).equals(mark)
  } finally {
    await file.close()
  }
}

function byName(a: FoundMbox, b: FoundMbox): number {
  const [one, two] = [plainName(a.levels), plainName(b.levels)]
  if (one === two) return a.path < b.path ? -1 : 1
  if (one === 'INBOX' || two === 'INBOX') return one === 'INBOX' ? -1 : 1
  return one < two ? -1 : 1
}
