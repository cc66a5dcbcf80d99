import { readOptions } from 'mailwright'
import { readDetailSeparator, readScramOptions, type ScramOptions } from 'mailwright/accounts'

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
  /** Undefined: new passwords are kept as argon2id. */
  readonly scram: ScramOptions | undefined
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
  /** New passwords are kept as keys for SCRAM; as argon2id where absent. */
  readonly scram?: ScramInput
}

/** How keys for SCRAM are kept. */
export interface ScramInput {
  /** Whether clients are offered SCRAM: when enough accounts have keys, for most clients try nothing else then. `false`. */
  readonly offer?: boolean
  /** How often a guess must be hashed: by thieves of the file, and by every client at every login. 600,000. */
  readonly iterations?: number
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
  return read.done({ ...options, detailSeparator: readDetailSeparator(read), scram: readScramOptions(read) })
}

function formatOf(file: string | undefined): FormatName {
  if (file?.endsWith('.json')) return 'json'
  return /\.ya?ml$/.test(file ?? '') ? 'yaml' : 'passwd'
}
