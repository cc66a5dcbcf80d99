import { type FileHandle, open, stat } from 'node:fs/promises'
import { type Clock, type Log, MailwrightError, type Timer } from 'mailwright'

const PAUSE = 1000
const CHUNK_OCTETS = 65_536
// No line that is of interest is longer; one that is, is passed over.
const LINE_OCTETS = 2048
const LF = 10

/** Where the reading of one file stands. */
interface Place {
  readonly file: FileHandle
  readonly dev: number
  readonly ino: number
  offset: number
  /** The beginning of a line whose end is not written yet. */
  rest: Buffer
  /** That line is too long already. */
  tooLong: boolean
}

/**
 * Tells each line that is written to a file from now on, as `tail -F` does: also when the file is renamed and made anew,
 * or truncated, or not there yet.
 */
export class LogFollower {
  readonly #path: string
  readonly #surroundings: { readonly clock: Clock; readonly log: Log }
  readonly #told: (line: string) => Promise<void>
  #place: Place | undefined
  #timer: Timer | undefined
  #looking: Promise<void> = Promise.resolve()
  #stopped = false
  #failed = false

  /** What `told` rejects with is logged, and the line is lost. */
  constructor(
    path: string,
    surroundings: { readonly clock: Clock; readonly log: Log },
    told: (line: string) => Promise<void>,
  ) {
    this.#path = path
    this.#surroundings = surroundings
    this.#told = told
  }

  /** What is in the file already has been told, or is too old. */
  async start(): Promise<void> {
    await this.#guarded(async () => {
      this.#place = await openAt(this.#path, 'end')
    })
    this.#later()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#looking
    await this.#leave()
  }

  #later(): void {
    if (this.#stopped) return
    this.#timer = this.#surroundings.clock.after(PAUSE, () => {
      this.#looking = this.#guarded(() => this.#look()).then(() => this.#later())
    })
  }

  async #look(): Promise<void> {
    if (this.#place !== undefined) await this.#readOn(this.#place)
    const now = await stat(this.#path)
    const place = this.#place
    if (place?.ino === now.ino && place.dev === now.dev) {
      if (now.size < place.offset) Object.assign(place, { offset: 0, rest: Buffer.alloc(0), tooLong: false })
      return
    }
    await this.#leave()
    this.#place = await openAt(this.#path, 'start')
    await this.#readOn(this.#place)
  }

  async #readOn(place: Place): Promise<void> {
    const chunk = Buffer.allocUnsafe(CHUNK_OCTETS)
    while (!this.#stopped) {
      const { bytesRead } = await place.file.read(chunk, 0, chunk.length, place.offset)
      if (bytesRead === 0) return
      place.offset += bytesRead
      for (const line of linesOf(place, chunk.subarray(0, bytesRead))) await this.#tell(line)
    }
  }

  async #tell(line: string): Promise<void> {
    try {
      await this.#told(line)
    } catch (error) {
      this.#surroundings.log.warn('unavailable', { file: this.#path, error })
    }
  }

  async #leave(): Promise<void> {
    const place = this.#place
    this.#place = undefined
    await place?.file.close()
  }

  /** Says once that the file cannot be read, and once that it can be again. */
  async #guarded(run: () => Promise<void>): Promise<void> {
    const { log } = this.#surroundings
    try {
      await run()
      if (this.#failed) log.warn('recovered', { file: this.#path })
      this.#failed = false
    } catch (error) {
      if (!this.#failed) log.warn('unavailable', { file: this.#path, error })
      this.#failed = true
    }
  }
}

async function openAt(path: string, where: 'start' | 'end'): Promise<Place> {
  // Opening a pipe would wait for its writer.
  if (!(await stat(path)).isFile()) throw new MailwrightError('MAIL_E_INVALID', `${path} is no file`)
  const file = await open(path)
  const { dev, ino, size } = await file.stat()
  return { file, dev, ino, offset: where === 'end' ? size : 0, rest: Buffer.alloc(0), tooLong: false }
}

/** The lines that end in these octets; what is behind the last of them is kept. */
function linesOf(place: Place, octets: Buffer): readonly string[] {
  const lines: string[] = []
  let start = 0
  for (let end = octets.indexOf(LF); end !== -1; end = octets.indexOf(LF, start)) {
    const line = Buffer.concat([place.rest, octets.subarray(start, end)])
    if (!place.tooLong && line.length <= LINE_OCTETS) lines.push(line.toString())
    Object.assign(place, { rest: Buffer.alloc(0), tooLong: false })
    start = end + 1
  }
  const rest = octets.subarray(start)
  place.tooLong ||= place.rest.length + rest.length > LINE_OCTETS
  place.rest = place.tooLong ? Buffer.alloc(0) : Buffer.concat([place.rest, rest])
  return lines
}
