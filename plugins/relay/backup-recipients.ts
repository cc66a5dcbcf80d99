import { type FileHandle, open, stat } from 'node:fs/promises'
import {
  type Address,
  AddressPatterns,
  MailwrightError,
  parseAddressPattern,
  UnavailableError,
} from 'mailwright'
import { splitDetail } from 'mailwright/accounts'

// Some million addresses. What is larger is not what was meant, and would take the memory of everything else.
const mostOctets = 64 * 2 ** 20

/**
 * The addresses that exist in the domains that we are backup MX for: what is unknown there is refused here, so that
 * nobody has to bounce it later. A line holds an address, `user@` or `@domain`; what stands behind white space (the values of
 * Postfix's tables) and lines with `#` do not count. The file is read again when it has changed.
 */
export class BackupRecipients {
  readonly #path: string
  readonly #separator: string
  #known: Promise<AddressPatterns> | undefined
  #stamp = ''

  constructor(path: string, separator: string) {
    this.#path = path
    this.#separator = separator
  }

  /** Reads the file for the first time: what is wrong with it is known before the first recipient comes. */
  async load(): Promise<void> {
    await this.#current()
  }

  /** MAIL_E_UNAVAILABLE where the file cannot be read, or a line of it cannot: nobody is unknown for that. */
  async has(address: Address): Promise<boolean> {
    const known = await this.#current()
    return known.has(address) || known.names(this.#withoutDetail(address))
  }

  /** Whether the file names the address itself, not only its domain. */
  async names(address: Address): Promise<boolean> {
    return (await this.#current()).names(address)
  }

  #withoutDetail(address: Address): Address {
    return splitDetail(address, this.#separator)?.address ?? address
  }

  async #current(): Promise<AddressPatterns> {
    try {
      const stamp = stampOf(await stat(this.#path, { bigint: true }))
      if (this.#known === undefined || stamp !== this.#stamp) {
        this.#stamp = stamp
        this.#known = readRecipients(this.#path)
      }
      return await this.#known
    } catch (error) {
      this.#known = undefined
      throw new UnavailableError(`cannot read ${this.#path}`, { cause: error })
    }
  }
}

function stampOf({
  dev,
  ino,
  size,
  mtimeNs,
  ctimeNs,
}: Record<'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs', bigint>): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

async function readRecipients(path: string): Promise<AddressPatterns> {
  const file: FileHandle = await open(path)
  try {
    if ((await file.stat()).size > mostOctets)
      throw new MailwrightError('MAIL_E_INVALID', `it has more than ${mostOctets} octets`)
    const known = new AddressPatterns()
    let number = 0
    for await (const line of file.readLines()) {
      number++
      const [word = ''] = line.trim().split(/\s/, 1)
      if (word === '' || word.startsWith('#')) continue
      // Without an `@` it may be half of an address: taken for a domain, it would leave that address unknown.
      const pattern = word.includes('@') ? parseAddressPattern(word) : undefined
      if (pattern === undefined)
        throw new MailwrightError(
          'MAIL_E_INVALID',
          `line ${number} is no address and no domain such as "@example.org"`,
        )
      known.add(pattern)
    }
    return known
  } finally {
    await file.close()
  }
}
