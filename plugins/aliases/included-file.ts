import { isAbsolute } from 'node:path'
import { UnavailableError } from 'mailwright'
import type { TableSurroundings } from './table.ts'
import { TableFile } from './table-file.ts'

/** Octets of an included file; some ten thousand addresses. */
const largest = 1_048_576
/** Included files that are kept open to changes. */
const mostFiles = 1_000

/** The files that aliases include (`:include:/path`), each read once and looked at as tables are. */
export class IncludedFiles {
  readonly #surroundings: TableSurroundings
  readonly #files = new Map<string, TableFile>()

  constructor(surroundings: TableSurroundings) {
    this.#surroundings = surroundings
  }

  /** The file's lines without comments. MAIL_E_UNAVAILABLE where it cannot be read. */
  async lines(path: string): Promise<readonly string[]> {
    if (!isAbsolute(path)) throw new UnavailableError(`the included file ${path} has no absolute path`)
    const known = this.#files.get(path)
    const file = known ?? new TableFile(path, readLines, { wholeAddressesOnly: true })
    try {
      await file.check(this.#surroundings)
    } catch (cause) {
      throw new UnavailableError(`the included file ${path} cannot be read`, { cause })
    }
    if (known === undefined) this.#keep(path, file)
    return ((await file.lookUp('')) ?? '').split('\n')
  }

  #keep(path: string, file: TableFile): void {
    const [oldest] = this.#files.keys()
    if (this.#files.size >= mostFiles && oldest !== undefined) this.#files.delete(oldest)
    this.#files.set(path, file)
  }
}

/** The one entry of such a file is its text. */
function readLines(portions: readonly string[]): {
  lookUp(): string
  size: number
  warnings: readonly string[]
} {
  const text = portions.join('')
  if (text.length > largest) throw new RangeError(`it has more than ${largest} characters`)
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*(?:#|$)/.test(line))
  return { lookUp: () => lines.join('\n'), size: lines.length, warnings: [] }
}
