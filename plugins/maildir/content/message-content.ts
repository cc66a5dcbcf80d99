import { Readable } from 'node:stream'
import { bufferContent, type Content, MailwrightError } from 'mailwright'
import { isMissing, readFully, storeError, systemCode } from 'mailwright/disk'
import { openToRead } from '../files/durable-file.ts'
import type { OpenFile } from '../files/file-system.ts'
import { CrlfMeter, toCrlf } from '../files/line-ends.ts'
import { pathOf } from '../files/scan.ts'
import type { IndexRecord } from '../index/index-record.ts'
import type { MailboxState } from '../mailbox/mailbox-state.ts'

const chunkSize = 128 * 1024
// Other programs may rename a file between its being found and opened; on a busy machine several times in a row.
const attempts = 20

/** A place in a file and the same place in its CRLF form. */
interface Mark {
  readonly disk: number
  readonly crlf: number
  readonly afterCr: boolean
}

/** The octets of a message with CRLF line ends, whatever the file has. */
export async function openContent(state: MailboxState, record: IndexRecord): Promise<Content> {
  const { status, octets } = await findMessage(state, record, (path) => state.context.messages.ask(path))
  if (!status.isFile()) throw gone(record)
  if (octets !== undefined) return bufferContent(octets)
  const size = isRecorded(record, status.size) ? record.entry.size : await measure(state, record, status.size)
  return new FileContent(state, record, { disk: status.size, crlf: size })
}

/** Whether the recorded size may be right, by what the file tells. */
function isRecorded({ base, entry }: IndexRecord, onDisk: number): boolean {
  const inName = /,S=(\d{1,15})(?=,|$)/.exec(base)?.[1]
  return entry.size >= onDisk && (inName === undefined || Number(inName) === onDisk)
}

/** Octets of the CRLF form of a file with so many. */
async function measure(state: MailboxState, record: IndexRecord, onDisk: number): Promise<number> {
  const file = await openMessage(state, record)
  try {
    const meter = new CrlfMeter()
    for (let position = 0; position < onDisk; ) {
      const chunk = await readFully(file, chunkSize, position)
      if (chunk.length === 0) break
      meter.add(chunk)
      position += chunk.length
    }
    return meter.crlfOctets
  } finally {
    await file.close()
  }
}

/**
 * A large message, read from its file piece by piece; the file is looked for anew each time, because others may rename
 * it in between. Where the file has bare LFs, marks on the way say which octet of the file is which of the CRLF form,
 * so that a range in the middle costs one pass over what is before it, once.
 */
class FileContent implements Content {
  readonly size: number
  readonly #state: MailboxState
  readonly #record: IndexRecord
  readonly #plain: boolean
  readonly #marks: Mark[] = [{ disk: 0, crlf: 0, afterCr: false }]

  constructor(
    state: MailboxState,
    record: IndexRecord,
    sizes: { readonly disk: number; readonly crlf: number },
  ) {
    this.#state = state
    this.#record = record
    this.size = sizes.crlf
    this.#plain = sizes.disk === sizes.crlf
  }

  async read(start: number, end: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of this.#pieces(start, end)) pieces.push(piece)
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
  }

  stream(start = 0, end: number = this.size): Readable {
    return Readable.from(this.#pieces(start, end), { objectMode: false })
  }

  async *#pieces(start: number, end: number): AsyncGenerator<Buffer> {
    const from = Math.max(0, start)
    const to = Math.min(end, this.size)
    if (from >= to) return
    try {
      const file = await openMessage(this.#state, this.#record)
      try {
        yield* this.#plain ? plainPieces(file, from, to) : this.#convertedPieces(file, from, to)
      } finally {
        await file.close()
      }
    } catch (error) {
      throw storeError(error, 'reading a message')
    }
  }

  async *#convertedPieces(file: OpenFile, from: number, to: number): AsyncGenerator<Buffer> {
    let index = this.#marks.findLastIndex(({ crlf }) => crlf <= from)
    for (let mark = this.#marks[index]; mark !== undefined && mark.crlf < to; ) {
      const chunk = await readFully(file, chunkSize, mark.disk)
      if (chunk.length === 0) return
      const converted = toCrlf(chunk, mark.afterCr)
      const piece = converted.subarray(Math.max(0, from - mark.crlf), Math.max(0, to - mark.crlf))
      if (piece.length > 0) yield piece
      const next = {
        disk: mark.disk + chunk.length,
        crlf: mark.crlf + converted.length,
        afterCr: chunk.at(-1) === 13,
      }
      index += 1
      this.#marks[index] ??= next
      mark = next
    }
  }
}

async function* plainPieces(file: OpenFile, from: number, to: number): AsyncGenerator<Buffer> {
  for (let position = from; position < to; ) {
    const chunk = await readFully(file, Math.min(chunkSize, to - position), position)
    if (chunk.length === 0) return
    yield chunk
    position += chunk.length
  }
}

function openMessage(state: MailboxState, record: IndexRecord): Promise<OpenFile> {
  return findMessage(state, record, (path) => openToRead(state.context.files, path))
}

/** Opens the file under whatever name it has now. MAIL_E_NOT_FOUND where it is gone. */
async function findMessage<T>(
  state: MailboxState,
  record: IndexRecord,
  open: (path: string) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const located = attempt === 0 ? state.located(record) : (await state.look([record.base])).get(record.base)
    if (located === undefined) break
    try {
      return await open(pathOf(state.place.path, located))
    } catch (error) {
      // ELOOP: somebody put a symbolic link in its place, which is not followed.
      if (systemCode(error) === 'ELOOP') break
      if (!isMissing(error)) throw error
    }
  }
  throw gone(record)
}

function gone({ entry: { uid } }: IndexRecord): MailwrightError {
  return new MailwrightError('MAIL_E_NOT_FOUND', `the message with UID ${uid} is no longer there`)
}
