import { type FileHandle, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorText, MailwrightError, type Spool, UnavailableError } from 'mailwright'
import {
  type MboxEntry,
  type MboxSource as MboxOctets,
  mboxContent,
  mboxState,
  parseDovecotSubscriptions,
  scanMbox,
  thunderbirdState,
} from 'mailwright/formats'
import { type FoundMbox, findMboxes } from './mbox-tree.ts'
import { type FileMessage, readingWithoutLinks } from './message-file.ts'
import type {
  FailedMessage,
  LoadedMessage,
  LoadedMessages,
  MailSource,
  OpenedSource,
  SkippedPart,
  SourceEntry,
  SourceMailbox,
} from './source.ts'

// Thunderbird's fields change with the flags: they must not be what a message is known again by.
const reading = { thunderbird: true }

/** Reads mbox files. Nothing in them is changed, and no lock is taken. */
export class MboxFilesSource implements MailSource {
  readonly name: string
  readonly skipped: SkippedPart[] = []
  readonly #path: string
  readonly #spool: Spool
  readonly #found = new Map<string, FoundMbox>()

  /** `path` is absolute. */
  constructor(path: string, spool: Spool) {
    this.name = `mbox:${path}`
    this.#path = path
    this.#spool = spool
  }

  async mailboxes(): Promise<readonly SourceMailbox[]> {
    const { files, skipped } = await findMboxes(this.#path)
    this.skipped.push(...skipped)
    return files.map((file) => {
      this.#found.set(file.path, file)
      return { key: file.path, levels: file.levels, octets: file.size }
    })
  }

  /** Those that Dovecot keeps beside its mbox files. */
  async subscriptions(): Promise<readonly (readonly string[])[]> {
    const octets = await readFile(join(this.#path, '.subscriptions')).catch(() => undefined)
    return ((octets && parseDovecotSubscriptions(octets)) ?? []).map((name) => name.split('/'))
  }

  async open({ key }: SourceMailbox): Promise<OpenedSource> {
    try {
      const file = await open(key, readingWithoutLinks)
      return new OpenedMbox(file, key, { spool: this.#spool, skipped: this.skipped })
    } catch (error) {
      throw new MailwrightError('MAIL_E_NOT_FOUND', `it cannot be read: ${errorText(error)}`, {
        cause: error,
      })
    }
  }

  async close(): Promise<void> {
    this.#found.clear()
  }
}

interface MboxContext {
  readonly spool: Spool
  readonly skipped: SkippedPart[]
}

/** One mbox file while it is read. Its messages are told apart by what is in them, wherever they stand. */
class OpenedMbox implements OpenedSource {
  readonly identity = 'digests'
  readonly #file: FileHandle
  readonly #path: string
  readonly #context: MboxContext
  readonly #places = new Map<SourceEntry, MboxEntry>()
  /** When the file was changed last, as it was scanned. */
  #scannedAt = 0

  constructor(file: FileHandle, path: string, context: MboxContext) {
    this.#file = file
    this.#path = path
    this.#context = context
  }

  async *entries(): AsyncGenerator<SourceEntry> {
    const { size, mtimeMs } = await this.#file.stat()
    this.#scannedAt = mtimeMs
    const seen = new Map<string, number>()
    let hasUids = false
    let last: SourceEntry | undefined
    const source: MboxOctets = { size, read: (start, end) => this.#read(start, Math.min(end, size)) }
    for await (const found of scanMbox(source, reading)) {
      const { base, internal, uid, ...state } = mboxState(found.fields)
      const thunderbird = thunderbirdState(found.fields)
      hasUids ||= base !== undefined
      if (internal || thunderbird.expunged) continue
      if (last !== undefined) yield last
      const flags = [...new Set([...state.flags, ...thunderbird.flags])]
      last = entryOf(found, { flags, ...(hasUids && uid !== undefined ? { uid } : {}) }, seen)
      this.#places.set(last, found)
    }
    if (last === undefined) return
    // Somebody may be writing the last message just now.
    if ((await this.#file.stat()).mtimeMs === mtimeMs) yield last
    else
      this.#context.skipped.push({
        what: `${this.#path}, ${last.label}`,
        why: 'the file is being written to; run again for its last message',
      })
  }

  async load(entries: readonly SourceEntry[]): Promise<LoadedMessages> {
    const messages: LoadedMessage[] = []
    const failed: FailedMessage[] = []
    const disposals: (() => Promise<void>)[] = []
    const isUnchanged = (await this.#file.stat()).mtimeMs === this.#scannedAt
    for (const entry of entries) {
      try {
        const { content, dispose } = await this.#message(entry, isUnchanged)
        messages.push({ entry, content })
        disposals.push(dispose)
      } catch (error) {
        failed.push({ entry, problem: errorText(error) })
      }
      this.#places.delete(entry)
    }
    const dispose = async (): Promise<void> => {
      for (const each of disposals) await each()
    }
    return { messages, failed, dispose }
  }

  close(): Promise<void> {
    this.#places.clear()
    return this.#file.close()
  }

  /** A copy, for the file may change. MAIL_E_INVALID where it has changed there already. */
  async #message(entry: SourceEntry, isUnchanged: boolean): Promise<Omit<FileMessage, 'modifiedAt'>> {
    const place = this.#places.get(entry)
    if (place === undefined || !(isUnchanged || (await this.#isThere(place)))) throw changed()
    const writer = this.#context.spool.receive()
    try {
      const source: MboxOctets = { size: place.end, read: (start, end) => this.#read(start, end) }
      for await (const chunk of mboxContent(source, place, reading).stream())
        await writer.write(chunk as Buffer)
      if (writer.size !== place.size) throw changed()
      return { content: await writer.finish(), dispose: () => writer.dispose() }
    } catch (error) {
      await writer.dispose()
      throw error
    }
  }

  async #isThere({ start, end, digest }: MboxEntry): Promise<boolean> {
    const source: MboxOctets = { size: end, read: (from, to) => this.#read(from, Math.min(to, end)) }
    try {
      for await (const found of scanMbox(source, { ...reading, from: start })) return found.digest === digest
    } catch {
      // What begins there is no message any more.
    }
    return false
  }

  async #read(start: number, end: number): Promise<Buffer> {
    const length = Math.max(0, end - start)
    try {
      const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(length), 0, length, start)
      return buffer.subarray(0, bytesRead)
    } catch (error) {
      throw new UnavailableError(`${this.#path} cannot be read`, { cause: error })
    }
  }
}

function entryOf(
  { digest, postmark, size, start }: MboxEntry,
  { flags, uid }: { readonly flags: readonly string[]; readonly uid?: number },
  seen: Map<string, number>,
): SourceEntry {
  // Messages that are alike are several all the same.
  const name = `${digest}@${postmark.date?.getTime() ?? ''}`
  const count = (seen.get(name) ?? 0) + 1
  seen.set(name, count)
  return {
    key: count === 1 ? name : `${name}#${count}`,
    label: `message at octet ${start}`,
    flags,
    size,
    ...(postmark.date === undefined ? {} : { internalDate: postmark.date }),
    ...(uid === undefined ? {} : { uid }),
  }
}

function changed(): MailwrightError {
  return new MailwrightError('MAIL_E_INVALID', 'the file was changed while it was read; run again')
}
