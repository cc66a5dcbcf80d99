import { join } from 'node:path'
import { type AppendMessage, type Content, UnavailableError } from 'mailwright'
import { writeFully } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import { openNew, openNewDurable } from '../files/durable-file.ts'
import type { OpenFile } from '../files/file-system.ts'
import { CrlfMeter, LfWriter } from '../files/line-ends.ts'
import type { LogEntry } from '../log/entries.ts'

const chunkSize = 256 * 1024

/** A message to be written. */
export type Draft = Pick<AppendMessage, 'content' | 'internalDate'>

/** A message in `tmp`, durable. */
export interface Written {
  readonly temporary: string
  /** The name that it will have. */
  readonly base: string
  /** Octets with CRLF line ends. */
  readonly size: number
  /** In the log, where it is durable by that. */
  readonly entry?: LogEntry | undefined
}

/**
 * Writes a message to a mailbox's `tmp`; mostly under its base name at once, since of a small one the sizes are known before,
 * and a message that has CRLF line ends has the same size everywhere.
 *
 * @param mailbox the path of the one that it is for, where that is another one
 */
export async function writeToTmp(
  context: MaildirContext,
  path: string,
  draft: Draft,
  mailbox: string = path,
): Promise<Written> {
  const name = context.names()
  const { content, internalDate } = draft
  const { size: expected } = content
  const small = expected <= chunkSize ? await wholeMessage(context, content) : undefined
  const temporary = join(path, 'tmp', sizedName(name, small ?? { disk: expected, crlf: expected }))
  // One write is made durable by itself, which spares a call; dates come after it.
  const isAtOnce = small !== undefined && internalDate === undefined
  const file = await (isAtOnce ? openNewDurable : openNew)(context.files, temporary)
  try {
    let sizes: MessageSizes & { readonly whole?: Buffer | undefined }
    try {
      if (isAtOnce) await context.syncs.timed('message', () => writeFully(file, small.octets, 0))
      else if (small !== undefined) await writeFully(file, small.octets, 0)
      sizes = small ?? (await writePieces(context, file, content))
      if (!isAtOnce) await context.syncs.timed('message', () => makeDurable(file, internalDate))
    } finally {
      // What is durable cannot be lost by that any more, so nobody waits for it.
      void file.close().catch(() => undefined)
    }
    const base = sizedName(name, sizes)
    if (sizes.whole !== undefined) context.fresh.put(mailbox, base, sizes.whole)
    return { temporary, base, size: sizes.crlf }
  } catch (error) {
    await context.files.unlink(temporary).catch(() => undefined)
    throw error
  }
}

/** Puts a message that was written under its base name in `tmp`, from where the index takes it. */
export async function nameInTmp(
  { files }: MaildirContext,
  path: string,
  { temporary, base }: Written,
): Promise<void> {
  const named = join(path, 'tmp', base)
  if (temporary !== named) await files.rename(temporary, named)
}

export interface MessageSizes {
  readonly disk: number
  readonly crlf: number
}

/** Courier and Dovecot read the sizes from a name, and so do we. */
export function sizedName(name: string, { disk, crlf }: MessageSizes): string {
  return `${name},S=${disk},W=${crlf}`
}

/** A small message as it is to be on the disk. */
export interface SmallMessage extends MessageSizes {
  readonly octets: Buffer
  /** Where it has CRLF line ends as it came. */
  readonly whole: Buffer | undefined
}

/** Undefined where it is not to be had in one piece. */
export async function wholeMessage(
  { lineEnds }: MaildirContext,
  content: Content,
): Promise<SmallMessage | undefined> {
  const chunk = content.size === 0 ? Buffer.alloc(0) : await content.read(0, content.size)
  if (chunk.length !== content.size) return undefined
  const lf = new LfWriter()
  const octets = lineEnds === 'lf' ? Buffer.concat([lf.add(chunk), lf.end()]) : chunk
  const meter = new CrlfMeter()
  meter.add(octets)
  const crlf = meter.crlfOctets
  return { octets, disk: octets.length, crlf, whole: crlf === content.size ? chunk : undefined }
}

async function writePieces(context: MaildirContext, file: OpenFile, content: Content): Promise<MessageSizes> {
  const meter = new CrlfMeter()
  const lf = context.lineEnds === 'lf' ? new LfWriter() : undefined
  let disk = 0
  const write = async (octets: Buffer): Promise<void> => {
    await writeFully(file, octets, disk)
    meter.add(octets)
    disk += octets.length
  }
  for (let position = 0; position < content.size; ) {
    const chunk = await content.read(position, position + chunkSize)
    if (chunk.length === 0) throw new UnavailableError('the message ended before its size')
    await write(lf === undefined ? chunk : lf.add(chunk))
    position += chunk.length
  }
  if (lf !== undefined) await write(lf.end())
  return { disk, crlf: meter.crlfOctets }
}

async function makeDurable(file: OpenFile, internalDate: Date | undefined): Promise<void> {
  // fdatasync writes what is needed to read the data again, which includes the size; only times may be older.
  if (internalDate === undefined) return file.datasync()
  await file.utimes(internalDate, internalDate)
  await file.sync()
}
