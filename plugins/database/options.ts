import { readOptions } from 'mailwright'

/** Where the tables are. */
export interface DatabaseOptions {
  /** The SQLite file; a relative path starts in `dataDir`. Made, readable by its owner only, where it does not exist. */
  readonly file: string
  /** Milliseconds, or a text such as `5s`, to wait for a database that another process is writing to. */
  readonly busyTimeout: number
}

/** What a config may write. */
export interface DatabaseInput {
  /** `mailwright.db`. */
  readonly file?: string
  /** `5s`. */
  readonly busyTimeout?: number | string
}

export function parseOptions(input: unknown): DatabaseOptions {
  const read = readOptions(input)
  const options = {
    file: read.string('file', { default: 'mailwright.db' }),
    busyTimeout: read.duration('busyTimeout', { default: '5s', min: 0, max: 600_000 }),
  }
  // SQLite takes these for something else than a file that lasts.
  if (/^file:|^:memory:|\0/.test(options.file)) read.fault('file', 'must be the path of a file')
  return read.done(options)
}
