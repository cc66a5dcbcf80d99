import { type Content, canonicalFlags, MailwrightError, UnavailableError } from 'mailwright'
import { writeFully } from 'mailwright/disk'
import { formatMboxFields, postmark, quoteMbox } from 'mailwright/formats'
import type { MboxContext } from './context.ts'
import { openFile, readRange, using } from './durable-file.ts'
import type { FileStatus, OpenFile } from './file-system.ts'
import type { MailboxPlace } from './mailbox-files.ts'
import type { LockedFile } from './mailbox-lock.ts'
import { makeChange } from './tail-change.ts'
import { formatTailChange, TailFile } from './tail-file.ts'

/** A message to be written. */
export interface NewMessage {
  readonly content: Content
  readonly flags: readonly string[]
  readonly internalDate: Date
  readonly uidl?: string | undefined
  /** For the postmark; what Return-Path says where it is absent. */
  readonly sender?: string
}

/** Messages in a file of the spool, quoted and durable, ready to be put behind others. */
export interface SpooledMessages {
  readonly path: string
  readonly size: number
}

const headRoom = 8192
const returnPath = /^return-path:[ \t]*<([^<>\r\n]*)>/im

/** MAIL_E_INVALID for what is neither flag nor keyword. */
export function requireCanonical(flags: readonly string[] = []): readonly string[] {
  const canonical = canonicalFlags(flags)
  if (canonical === undefined)
    throw new MailwrightError('MAIL_E_INVALID', `not flags and keywords: ${JSON.stringify(flags)}`)
  return canonical
}

/**
 * Writes messages to the spool and makes them durable. What fails leaves no file behind.
 *
 * @param first whether they are to be the first in their mailbox, whose numbers then stand in the first of them
 */
export async function spoolMessages(
  context: MboxContext,
  place: MailboxPlace,
  messages: Iterable<NewMessage> | AsyncIterable<NewMessage>,
  first: boolean,
): Promise<SpooledMessages> {
  const tail = await TailFile.create(context, place)
  try {
    for await (const { content, flags, internalDate, sender, uidl } of messages) {
      const base = first && tail.size === 0 ? ({ base: 'room' } as const) : {}
      await tail.add(Buffer.from(`${postmark(sender ?? (await senderOf(content)), internalDate)}\n`))
      await tail.add(Buffer.from(formatMboxFields({ flags, uidl, ...base }), 'latin1'))
      for await (const chunk of quoteMbox(content)) await tail.add(chunk)
    }
    await tail.sync()
    return { path: tail.path, size: tail.size }
  } catch (error) {
    await context.files.unlink(tail.path).catch(() => undefined)
    throw error
  } finally {
    await tail.close()
  }
}

/** Who has sent a message, as far as it tells. */
async function senderOf(content: Content): Promise<string> {
  const head = (await content.read(0, headRoom)).toString('utf8')
  const end = head.search(/\r?\n\r?\n/)
  return returnPath.exec(end < 0 ? head : head.slice(0, end))?.[1] ?? ''
}

/**
 * Puts spooled messages behind what is in a mailbox's file, which is locked: whole or not at all. Not durable yet.
 * Answers where they begin.
 */
export async function appendSpooled(
  context: MboxContext,
  place: MailboxPlace,
  locked: LockedFile,
  { path, size }: SpooledMessages,
): Promise<number> {
  const { dev, ino } = await locked.file.stat()
  const end = await endedSize(locked.file)
  const change = { kind: 'append', dev, ino, from: end, oldSize: end, newSize: end + size } as const
  await using(openFile(context.files, path, 'write'), (file) => writeFully(file, formatTailChange(change), 0))
  await makeChange(context, place, locked, path, change)
  return end
}

/**
 * The size of a file, which is given the empty line at its end that another program has not written. MAIL_E_UNAVAILABLE
 * where it is no mbox file.
 */
async function endedSize(file: OpenFile): Promise<number> {
  const { size }: FileStatus = await file.stat()
  if (size === 0) return 0
  const head = (await readRange(file, 0, Math.min(size, headRoom))).toString('latin1')
  if (!/^(?:From |(?:\r?\n)+(?:From |$))/.test(head)) throw new UnavailableError('this is no mbox file')
  const end = (await readRange(file, Math.max(0, size - 3), size)).toString('latin1')
  if (/(?:^|\n)\r?\n$/.test(end)) return size
  const missing = Buffer.from(end.endsWith('\n') ? '\n' : '\n\n')
  await writeFully(file, missing, size)
  return size + missing.length
}
