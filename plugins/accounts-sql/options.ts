import { type Address, type OptionReader, parseAddress, readOptions } from 'mailwright'

/** How addresses are looked up, and what a first run makes. */
export interface AccountsSqlOptions {
  /** What separates the detail from the local part (RFC 5233); empty where nothing does. */
  readonly detailSeparator: string
  /** The account that is made, with its domain and a generated password, when a server starts without any account. */
  readonly firstAccount: FirstAccount | undefined
}

export interface FirstAccount {
  readonly address: Address
}

/** What a config may write. */
export interface AccountsSqlInput {
  /** `+`. Empty for none. */
  readonly detailSeparator?: string
  /** None is made where absent. */
  readonly firstAccount?: {
    /** Such as `postmaster@example.org`. */
    readonly address: string
  }
}

export function parseOptions(input: unknown): AccountsSqlOptions {
  const read = readOptions(input)
  return read.done({
    detailSeparator: readSeparator(read),
    firstAccount: read.object('firstAccount', readFirstAccount),
  })
}

function readSeparator(read: OptionReader): string {
  const given = read.value('detailSeparator')
  const value = given === undefined ? '+' : given
  if (typeof value === 'string' && /^[^\w@"\s]{0,2}$/.test(value)) return value
  read.fault('detailSeparator', 'must be one or two punctuation characters such as "+", or empty')
  return ''
}

function readFirstAccount(read: OptionReader): FirstAccount {
  const text = read.string('address')
  const address = parseAddress(text)
  if (text !== '' && (address === undefined || address.localPart === '')) {
    read.fault('address', 'must be an address such as "postmaster@example.org"')
  }
  return { address: address ?? { localPart: '', domain: '' } }
}
