import { readOptions } from 'mailwright'

const formats = ['passwd', 'json', 'yaml'] as const

export type FormatName = (typeof formats)[number]

const extensions: Readonly<Record<FormatName, string>> = { passwd: 'txt', json: 'json', yaml: 'yaml' }

/** Which file, and how its addresses are looked up. */
export interface AccountsFileOptions {
  /** A relative path starts in `dataDir`. */
  readonly file: string
  /** How the file is written. */
  readonly format: FormatName
  /** Makes an empty file where there is none. Otherwise a missing file is an error: its path may be misspelt. */
  readonly create: boolean
  /** What separates the detail from the local part (RFC 5233); empty where nothing does. */
  readonly detailSeparator: string
}

/** What a config may write. */
export interface AccountsFileInput {
  /** `accounts.txt`, `accounts.json` or `accounts.yaml`, after the format. */
  readonly file?: string
  /** `passwd`: lines. Else what the end of the file's name says: `.json`, `.yaml`, `.yml`. */
  readonly format?: FormatName
  /** False. */
  readonly create?: boolean
  /** `+`. Empty for none. */
  readonly detailSeparator?: string
}

export function parseOptions(input: unknown): AccountsFileOptions {
  const read = readOptions(input)
  const named = read.optionalString('file')
  if (named?.includes('\0')) read.fault('file', 'must be the path of a file')
  const format = read.choice('format', formats, { default: formatOf(named) })
  const options = {
    file: named ?? `accounts.${extensions[format]}`,
    format,
    create: read.boolean('create', { default: false }),
  }
  const given = read.value('detailSeparator')
  const detailSeparator = given === undefined ? '+' : given
  if (typeof detailSeparator !== 'string' || !/^[^\w@"\s]{0,2}$/.test(detailSeparator)) {
    read.fault('detailSeparator', 'must be one or two punctuation characters such as "+", or empty')
  }
  return read.done({ ...options, detailSeparator: String(detailSeparator) })
}

function formatOf(file: string | undefined): FormatName {
  if (file?.endsWith('.json')) return 'json'
  return /\.ya?ml$/.test(file ?? '') ? 'yaml' : 'passwd'
}
