import { systemFlags, UnavailableError } from 'mailwright'
import { type MboxBase, type MboxEntry, scanMbox } from 'mailwright/formats'
import type { MboxContext } from './context.ts'
import { ForwardReader } from './forward-reader.ts'
import type { MailboxIndex, MessageRecord } from './index-record.ts'
import type { MailboxPlace } from './mailbox-files.ts'
import type { LockedFile } from './mailbox-lock.ts'
import { fieldLines, isComplete } from './message-fields.ts'
import { openSource } from './open-source.ts'
import { makeChange } from './tail-change.ts'
import { TailFile } from './tail-file.ts'

/** What is to be different. */
export interface Rewriting {
  readonly removed: ReadonlySet<number>
  /** By UID. */
  readonly flags: ReadonlyMap<number, readonly string[]>
}

/** Where messages are afterwards. */
export interface Rewritten {
  readonly records: readonly MessageRecord[]
  readonly known: number
  readonly ended: boolean
}

/** Which mailbox. */
export interface RewritingTask {
  readonly context: MboxContext
  readonly place: MailboxPlace
  readonly locked: LockedFile
  readonly index: MailboxIndex
}

const lineEnd = Buffer.from('\n')
const LF = 0x0a

/**
 * Rewrites a mailbox's file, which is locked and as the index says, from the first message on that is removed or whose
 * fields have no room: all or nothing. Messages behind it get all fields with room.
 */
export async function rewriteMailbox(task: RewritingTask, change: Rewriting): Promise<Rewritten> {
  const { context, place, locked, index } = task
  const { records, known } = index
  const first = records.findIndex(({ uid }) => change.removed.has(uid) || change.flags.has(uid))
  const from = records[first]?.start ?? known
  const kept = records.slice(0, Math.max(0, first))
  const rest = records.slice(kept.length)
  const { dev, ino, size } = await locked.file.stat()
  const isEnd = size === known && rest.every(({ uid }) => change.removed.has(uid))
  if (isEnd) return cutOff(task, from, kept)
  const tail = await TailFile.create(context, place)
  try {
    const writer = new TailWriter(task, change, tail, from)
    const moved = await writer.write(rest, size)
    const tailChange = { kind: 'rewrite', dev, ino, from, oldSize: size, newSize: from + tail.size } as const
    await tail.describe(tailChange)
    await tail.sync()
    await makeChange(context, place, locked, tail.path, tailChange)
    return { records: [...kept, ...moved], known: tailChange.newSize - (size - known), ended: true }
  } catch (error) {
    await context.files.unlink(tail.path).catch(() => undefined)
    throw error
  } finally {
    await tail.close().catch(() => undefined)
  }
}

/** Removes the last messages of the file, which needs no room. */
async function cutOff(
  { context, locked }: RewritingTask,
  from: number,
  records: readonly MessageRecord[],
): Promise<Rewritten> {
  await locked.file.truncate(from)
  // They are gone, whether or not that is durable yet.
  await locked.file.sync().catch((error: unknown) => {
    context.log.warn('unavailable', { mailbox: locked.path, problem: 'an expunge may come undone', error })
  })
  return { records, known: from, ended: true }
}

/** Writes the new part of a file: what is kept, one message after the other. */
class TailWriter {
  readonly #task: RewritingTask
  readonly #change: Rewriting
  readonly #tail: TailFile
  readonly #from: number
  readonly #old: ForwardReader

  constructor(task: RewritingTask, change: Rewriting, tail: TailFile, from: number) {
    this.#task = task
    this.#change = change
    this.#tail = tail
    this.#from = from
    this.#old = new ForwardReader(task.locked.file)
  }

  /** Answers where the messages are then. What is in the file behind those that are known is kept as it is. */
  async write(records: readonly MessageRecord[], size: number): Promise<readonly MessageRecord[]> {
    const { known } = this.#task.index
    const source = openSource(this.#task.locked.file, known)
    const moved: MessageRecord[] = []
    let place = 0
    for await (const entry of scanMbox(source, { from: this.#from })) {
      const record = records[place++]
      if (record?.start !== entry.start) throw changedBeside()
      if (!this.#change.removed.has(record.uid)) moved.push(await this.#message(entry, record))
    }
    if (place !== records.length) throw changedBeside()
    await this.#copy(known, size)
    return moved
  }

  get #position(): number {
    return this.#from + this.#tail.size
  }

  async #message(entry: MboxEntry, record: MessageRecord): Promise<MessageRecord> {
    const { fields, crlf } = entry
    const flags = this.#change.flags.get(record.uid) ?? record.flags
    const wanted = { uid: record.uid, uidl: record.uidl, flags }
    const start = this.#position
    const base = start === 0 ? this.#base() : undefined
    const complete = isComplete(fields, wanted, base !== undefined)
    await this.#copy(entry.start, entry.messageStart)
    const messageStart = this.#position
    if (!complete) await this.#tail.add(fieldLines(fields, wanted, { base, crlf }))
    let from = entry.messageStart
    for (const field of complete ? [] : fields) {
      await this.#copy(from, field.start)
      from = field.end
    }
    await this.#copy(from, entry.messageEnd)
    // The file's last message may lack the end of its last line.
    if (this.#tail.last !== LF) await this.#tail.add(lineEnd)
    const messageEnd = this.#position
    await this.#tail.add(lineEnd)
    return { ...record, flags, start, messageStart, messageEnd }
  }

  async #copy(start: number, end: number): Promise<void> {
    for (let at = start; at < end; ) {
      const piece = await this.#old.read(at, end)
      if (piece.length === 0) throw changedBeside()
      await this.#tail.add(piece)
      at += piece.length
    }
  }

  #base(): MboxBase {
    const { uidValidity, uidNext, records } = this.#task.index
    const keywords = new Set<string>()
    for (const { uid, flags } of records)
      for (const flag of this.#change.flags.get(uid) ?? flags)
        if (!systemFlags.includes(flag)) keywords.add(flag)
    return { uidValidity, lastUid: uidNext - 1, keywords: [...keywords] }
  }
}

function changedBeside(): UnavailableError {
  return new UnavailableError('a mailbox is not what its index says; somebody changes it without a lock')
}
