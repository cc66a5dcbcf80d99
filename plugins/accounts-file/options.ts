import { readOptions } from 'mailwright'
import {
  type CramMd5Options,
  readCramMd5Options,
  readDetailSeparator,
  readScramOptions,
  type ScramOptions,
} from 'mailwright/accounts'

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
  /** Undefined: nothing is kept for CRAM-MD5. */
  readonly cramMd5: CramMd5Options | undefined
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
  /** New passwords are kept for CRAM-MD5, which is next to keeping them in clear; as argon2id where absent. */
  readonly cramMd5?: CramMd5Input
}

/** How keys for SCRAM are kept. */
export interface ScramInput {
  /** Whether clients are offered SCRAM: when enough accounts have keys, for most clients try nothing else then. `false`. */
  readonly offer?: boolean
  /** How often a guess must be hashed: by thieves of the file, and by every client at every login. 600,000. */
  readonly iterations?: number
}

/** How passwords are kept for CRAM-MD5. */
export interface CramMd5Input {
  /** Whether clients are offered CRAM-MD5: when enough accounts have new passwords, for many clients try nothing else then. `false`. */
  readonly offer?: boolean
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
  const [scram, cramMd5] = [readScramOptions(read), readCramMd5Options(read)]
  if (scram !== undefined && cramMd5 !== undefined)
    read.fault('cramMd5', 'cannot stand beside `scram`: a password is kept in one form')
  return read.done({ ...options, detailSeparator: readDetailSeparator(read), scram, cramMd5 })
}

function formatOf(file: string | undefined): FormatName {
  if (file?.endsWith('.json')) return 'json'
  return /\.ya?ml$/.test(file ?? '') ? 'yaml' : 'passwd'
}
