import { MailwrightError, UnavailableError } from 'mailwright'
import {
  type MboxBase,
  type MboxEntry,
  type MboxField,
  type MboxSource,
  mboxState,
  parsePostmark,
  readMboxHead,
  scanMbox,
} from 'mailwright/formats'
import { readRange } from './durable-file.ts'
import type { FileStatus, OpenFile } from './file-system.ts'
import { type MailboxIndex, sameFile, sameStamp } from './index-record.ts'
import { openSource } from './open-source.ts'

/** A message that a look at a mailbox's file has found. */
export interface SeenMessage {
  readonly start: number
  readonly messageStart: number
  readonly messageEnd: number
  readonly size: number
  readonly digest: string
  readonly flags: readonly string[]
  /** Milliseconds since 1970, of its postmark. */
  readonly date: number | undefined
  readonly uid: number | undefined
  readonly uidl: string | undefined
  /** Whether it is one that we have put there, and nobody has numbered. */
  readonly fresh: boolean
  /** Its fields that number the message or the mailbox. */
  readonly numberFields: readonly MboxField[]
}

/** The first thing in a file, which tells of the mailbox where anything does. */
export interface FileHead {
  readonly start: number
  /** Whether it is UW-imapd's own, and no message. */
  readonly internal: boolean
  readonly base: MboxBase | undefined
  /** The field that tells it. */
  readonly field: MboxField | undefined
}

/** What a look at a mailbox's file has found. */
export interface Sight {
  readonly status: FileStatus
  /** `new`: behind what the index knows; `all`: everything in the file. */
  readonly messages: { readonly kind: 'new' | 'all'; readonly seen: readonly SeenMessage[] }
  readonly head: FileHead | undefined
  /** Whether there is an empty line at the end. */
  readonly ended: boolean
  readonly verified: boolean
}

export interface SightOptions {
  /**
   * Whether to look at all of it where somebody else has changed it. Else, where it has grown, only what is new is looked
   * at: what others have changed before it is seen the next time.
   */
  readonly whole: boolean
  /** Whether to look at all of it in any case. */
  readonly distrust: boolean
}

const postmarkRoom = 1000

/**
 * Looks at a mailbox's file, which is locked, and reads as little of it as will do: nothing where it is as it was left,
 * what is new where only something was put behind what is known. MAIL_E_UNAVAILABLE where it is no mbox file.
 */
export async function lookAt(
  file: OpenFile,
  index: MailboxIndex | undefined,
  { whole, distrust }: SightOptions,
): Promise<Sight> {
  const status = await file.stat()
  const source = openSource(file, status.size)
  if (index !== undefined && !distrust) {
    const same = sameStamp(index.stamp, status)
    const grown = sameFile(index.stamp, status) && status.size > index.stamp.size
    const believed = whole ? same && index.verified : same || grown
    if (believed && (await continues(file, index, status.size))) {
      const { seen, ended } = await scan(source, index.known)
      const head =
        seen.length === 0 ? undefined : await readHead(source, index.records[0] ?? seen[0], index.known)
      const verified = same && index.verified
      return { status, messages: { kind: 'new', seen }, head, ended: ended ?? index.ended, verified }
    }
  }
  const { seen, ended } = await scan(source, 0)
  const head = await readHead(source, seen[0], status.size)
  const messages = head?.internal && head.start === seen[0]?.start ? seen.slice(1) : seen
  return { status, messages: { kind: 'all', seen: messages }, head, ended: ended ?? true, verified: true }
}

/** Whether the file goes on behind what is known with another message, or ends there. */
async function continues(file: OpenFile, { known, ended }: MailboxIndex, size: number): Promise<boolean> {
  if (size === known) return true
  if (!ended && known > 0) return false
  const [line = ''] = (await readRange(file, known, known + postmarkRoom)).toString('utf8').split('\n')
  return parsePostmark(line.trimEnd()) !== undefined
}

async function scan(
  source: MboxSource,
  from: number,
): Promise<{ readonly seen: readonly SeenMessage[]; readonly ended: boolean | undefined }> {
  const seen: SeenMessage[] = []
  let ended: boolean | undefined
  try {
    for await (const entry of scanMbox(source, { from })) {
      seen.push(seenMessage(entry))
      ended = entry.ended
    }
  } catch (error) {
    if (!(error instanceof MailwrightError) || error.code !== 'MAIL_E_INVALID') throw error
    throw new UnavailableError(error.message, { cause: error })
  }
  return { seen, ended }
}

function seenMessage(entry: MboxEntry): SeenMessage {
  const { start, messageStart, messageEnd, size, digest, fields, postmark } = entry
  const { flags, uid, uidl } = mboxState(fields)
  const numberFields = fields.filter(({ name }) => ['x-uid', 'x-imap', 'x-imapbase'].includes(name))
  const fresh = numberFields.some(({ name, value }) => name === 'x-uid' && value === '')
  const date = postmark.date?.getTime()
  return { start, messageStart, messageEnd, size, digest, flags, date, uid, uidl, fresh, numberFields }
}

/**
 * The first thing in the file; undefined where nothing is in it. Something may be before the first message. What has come
 * behind `known` is a message, whatever its sender makes it look like.
 */
async function readHead(
  source: MboxSource,
  first: { readonly start: number } | undefined,
  known: number,
): Promise<FileHead | undefined> {
  for (const start of new Set([0, first?.start ?? 0])) {
    const head = await readMboxHead(source, start)
    if (head === undefined) continue
    const state = mboxState(head.fields)
    const internal = state.internal && start < known
    const base = state.internal && !internal ? undefined : state.base
    const field = head.fields.find(({ name }) => name === (internal ? 'x-imap' : 'x-imapbase'))
    return { start, internal, base, field }
  }
  return undefined
}
