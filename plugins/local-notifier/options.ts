import { readOptions } from 'mailwright'

/** What a config may say. */
export interface LocalNotifierInput {
  /**
   * The socket at which the processes meet: absolute, or relative to `dataDir`. Its folder is made where it is missing,
   * and must be closed to everybody but its owner. `run/notifier.sock`
   */
  path?: string
}

export interface LocalNotifierOptions {
  readonly path: string
}

/** Reads and checks the options. Throws ConfigError with all faults. */
export function parseOptions(input: unknown): LocalNotifierOptions {
  const read = readOptions(input)
  const path = read.string('path', {
    default: 'run/notifier.sock',
    pattern: /^[^\0]*[^/\0]$/,
    expected: 'the path of a socket',
  })
  return read.done({ path })
}
