import { join } from 'node:path'
import { isMissing } from 'mailwright/disk'
import { sizeInMaildirFileName as sizeInName } from 'mailwright/formats'
import { existing } from '../changes/flag-change.ts'
import type { MaildirContext } from '../context.ts'
import { DirectoryStamps, type MailboxStamp } from '../files/directory-stamps.ts'
import { isDirectory } from '../files/mailbox-directory.ts'
import { pathOf } from '../files/scan.ts'
import { isOwnName } from '../files/unique-name.ts'
import type { IndexRecord } from '../index/index-record.ts'
import type { MailboxState } from '../mailbox/mailbox-state.ts'
import { addSums, noSums, type QuotaSums } from './maildirsize.ts'

/** What was counted. */
export interface Count {
  readonly sums: QuotaSums
  /** Whether something was changed meanwhile, perhaps only the name of a file. */
  readonly hasChanged: boolean
  /** False where that cannot be told either. */
  readonly isSure: boolean
}

/** Counts all messages in a Maildir by the names of their files, as far as these tell sizes. */
export async function countMaildir(context: MaildirContext, root: string): Promise<Count> {
  const paths = await mailboxPaths(context, root)
  const watches: StampWatch[] = []
  let sums = noSums
  for (const path of paths) {
    const watch = new StampWatch(context, path)
    await watch.begin()
    watches.push(watch)
    sums = addSums(sums, await countMailbox(context, path))
  }
  let hasChanged = paths.join('/') !== (await mailboxPaths(context, root)).join('/')
  for (const watch of watches) hasChanged = (await watch.end()) || hasChanged
  return { sums, hasChanged, isSure: !hasChanged && watches.every((watch) => watch.isSure) }
}

/** Counts the messages in one mailbox, whether or not it knows them yet. */
export async function countMailbox(context: MaildirContext, path: string): Promise<QuotaSums> {
  // `new` first: what is moved to `cur` meanwhile is seen twice, not missed.
  const fresh = await fileNames(context, join(path, 'new'))
  const seen = new Set(fresh.map(baseOf))
  const settled = await fileNames(context, join(path, 'cur'))
  const others = seen.size === 0 ? settled : settled.filter((name) => !seen.has(baseOf(name)))
  return addSums(
    await countFiles(context, join(path, 'new'), fresh),
    await countFiles(context, join(path, 'cur'), others),
  )
}

/** Counts messages that the mailbox knows; those that it does not are left out. */
export async function countMessages(state: MailboxState, uids: readonly number[]): Promise<QuotaSums> {
  const { context, place } = state
  const records = existing(state, uids)
  let bytes = 0
  const unknown: IndexRecord[] = []
  for (const record of records) {
    const octets = octetsInName(context, record.base)
    if (octets === undefined) unknown.push(record)
    else bytes += octets
  }
  const paths = unknown.map((record) => pathOf(place.path, state.located(record)))
  for (const [at, octets] of (await octetsOf(context, paths)).entries())
    bytes += octets ?? unknown[at]?.entry.size ?? 0
  return { bytes, messages: records.length }
}

/**
 * What a message counts, where its name says so: its octets on the disk, as Courier, maildrop and Dovecot count them. A
 * message that we wrote with Unix line ends counts as it came, with CRLF.
 */
export function octetsInName({ lineEnds }: MaildirContext, base: string): number | undefined {
  const crlf = lineEnds === 'lf' && isOwnName(base) ? sizeInName(base) : undefined
  if (crlf !== undefined) return crlf
  const match = /,S=(\d{1,15})(?=,|$)/.exec(base)
  return match === null ? undefined : Number(match[1])
}

/** The Maildir and all directories in it that may be mailboxes, also those whose names no mailbox can have. */
async function mailboxPaths(context: MaildirContext, root: string): Promise<readonly string[]> {
  const paths = [root]
  for (const name of (await context.files.readdir(root)).sort())
    if (name.startsWith('.') && (await isDirectory(context, join(root, name)))) paths.push(join(root, name))
  return paths
}

async function fileNames({ files }: MaildirContext, directory: string): Promise<readonly string[]> {
  try {
    return (await files.readdir(directory)).filter((name) => !name.startsWith('.'))
  } catch (error) {
    // Deleted since it was listed, or no mailbox.
    if (isMissing(error)) return []
    throw error
  }
}

async function countFiles(
  context: MaildirContext,
  directory: string,
  names: readonly string[],
): Promise<QuotaSums> {
  let [bytes, messages] = [0, 0]
  const unknown: string[] = []
  for (const name of names) {
    const octets = octetsInName(context, baseOf(name))
    if (octets === undefined) {
      unknown.push(name)
      continue
    }
    bytes += octets
    messages += 1
  }
  for (const octets of await octetsOf(
    context,
    unknown.map((name) => `${directory}/${name}`),
  )) {
    if (octets === undefined) continue
    bytes += octets
    messages += 1
  }
  return { bytes, messages }
}

/** Each file's octets; undefined where there is no such file. */
async function octetsOf(
  { batches }: MaildirContext,
  paths: readonly string[],
): Promise<readonly (number | undefined)[]> {
  return (await batches.status(paths)).map((result) => {
    if (result.status === 'fulfilled') return result.value.isFile() ? result.value.size : undefined
    if (isMissing(result.reason)) return undefined
    throw result.reason
  })
}

function baseOf(name: string): string {
  const colon = name.indexOf(':')
  return colon < 0 ? name : name.slice(0, colon)
}

const directories = ['new', 'cur'] as const

/** Tells whether a mailbox's directories stayed what they were. */
class StampWatch {
  readonly #stamps: DirectoryStamps
  #before: MailboxStamp | undefined
  #isSure = false

  constructor(context: MaildirContext, path: string) {
    this.#stamps = new DirectoryStamps(context, path)
  }

  async begin(): Promise<void> {
    this.#before = await this.#look()
    if (this.#before !== undefined) for (const each of directories) this.#stamps.wasRead(each, this.#before)
  }

  /** Answers whether they have changed since. */
  async end(): Promise<boolean> {
    const [before, after] = [this.#before, await this.#look()]
    this.#isSure = after === undefined || directories.every((each) => this.#stamps.isCurrent(each, after))
    return directories.some((each) => before?.[each].text !== after?.[each].text)
  }

  /** Whether that could be told: what was changed just before may be changed again without a trace. */
  get isSure(): boolean {
    return this.#isSure
  }

  /** Undefined where it has no such directories. */
  async #look(): Promise<MailboxStamp | undefined> {
    try {
      return await this.#stamps.look()
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
}
