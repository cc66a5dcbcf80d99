import { readOptions } from 'mailwright'

/** Which file, and how its addresses are looked up. */
export interface AccountsFileOptions {
  /** A relative path starts in `dataDir`. */
  readonly file: string
  /** Makes an empty file where there is none. Otherwise a missing file is an error: its path may be misspelt. */
  readonly create: boolean
  /** What separates the detail from the local part (RFC 5233); empty where nothing does. */
  readonly detailSeparator: string
}

/** What a config may write. */
export interface AccountsFileInput {
  /** `accounts.txt`. */
  readonly file?: string
  /** False. */
  readonly create?: boolean
  /** `+`. Empty for none. */
  readonly detailSeparator?: string
}

export function parseOptions(input: unknown): AccountsFileOptions {
  const read = readOptions(input)
  const options = {
    file: read.string('file', {
      default: 'accounts.txt',
      pattern: /^[^\0]+$/,
      expected: 'the path of a file',
    }),
    create: read.boolean('create', { default: false }),
  }
  const given = read.value('detailSeparator')
  const detailSeparator = given === undefined ? '+' : given
  if (typeof detailSeparator !== 'string' || !/^[^\w@"\s]{0,2}$/.test(detailSeparator)) {
    read.fault('detailSeparator', 'must be one or two punctuation characters such as "+", or empty')
  }
  return read.done({ ...options, detailSeparator: String(detailSeparator) })
}
