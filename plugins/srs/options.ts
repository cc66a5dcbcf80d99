import { canonicalDomain, type OptionReader, readOptions } from 'mailwright'

/** What a config may say. */
export interface SrsInput {
  /** The domain of rewritten addresses: its mail must come to this server. This server's name. */
  readonly domain?: string
  /** Domains whose senders are not rewritten, beside those of the accounts service and `domain`. */
  readonly exclude?: readonly string[]
  /** A file with a secret a line: the first signs, all are taken. `srs.secret` in the data folder, made at the first start. */
  readonly secretFile?: string
  /** The hash function; `sha1` is what libsrs2 and postsrsd have. `sha1` */
  readonly hash?: 'sha1' | 'sha256'
  /** Characters of the hash in new addresses: 4 to 20. 6 */
  readonly hashLength?: number
  /** Characters of the hash that an address must have to be taken. `hashLength` */
  readonly minHashLength?: number
  /** How long an address is good for. `21d` */
  readonly maxAge?: number | string
  /** The sign behind `SRS0` and `SRS1`. `=` */
  readonly separator?: '=' | '-' | '+'
  /** Whether only bounces, from the null reverse-path, are taken back. False. */
  readonly bouncesOnly?: boolean
}

export interface SrsOptions {
  readonly domain: string | undefined
  readonly exclude: ReadonlySet<string>
  readonly secretFile: string | undefined
  readonly hash: 'sha1' | 'sha256'
  readonly hashLength: number
  readonly minHashLength: number
  /** Days. */
  readonly maxAge: number
  readonly separator: '=' | '-' | '+'
  readonly bouncesOnly: boolean
}

const day = 86_400_000

export function parseOptions(input: unknown): SrsOptions {
  const read = readOptions(input)
  const hashLength = read.integer('hashLength', { default: 6, min: 4, max: 20 })
  const domain = read.optionalString('domain')
  return read.done({
    domain: domain === undefined ? undefined : readDomain(read, 'domain', domain),
    exclude: new Set(
      read
        .strings('exclude', { default: [] })
        .map((text, index) => readDomain(read, `exclude[${index}]`, text)),
    ),
    secretFile: read.absolutePath('secretFile'),
    hash: read.choice('hash', ['sha1', 'sha256'], { default: 'sha1' }),
    hashLength,
    minHashLength: read.integer('minHashLength', { default: hashLength, min: 4, max: 20 }),
    // The time stamp begins anew after 1,024 days.
    maxAge: Math.ceil(read.duration('maxAge', { default: '21d', min: day, max: 500 * day }) / day),
    separator: read.choice('separator', ['=', '-', '+'], { default: '=' }),
    bouncesOnly: read.boolean('bouncesOnly', { default: false }),
  })
}

function readDomain(read: OptionReader, name: string, text: string): string {
  const domain = canonicalDomain(text)
  if (domain === undefined || domain.startsWith('[')) read.fault(name, 'must be a domain')
  return domain ?? ''
}
