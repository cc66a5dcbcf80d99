import { type Address, type OptionReader, parseAddress, readOptions } from 'mailwright'

/** What a config may say. */
export interface LocalDeliveryInput {
  /**
   * Who reads mail for `postmaster` where no account or alias has that address: at each local domain, without a domain, and at
   * this server's own name and addresses, there for `MAILER-DAEMON` as well (RFC 5321 §4.5.1). Without it such mail is refused.
   */
  postmaster?: string
  /** The same for `abuse` (RFC 2142 §4). The postmaster. */
  abuse?: string
  /** Whether a `Delivered-To` field is put on top: it stops loops between forwarding accounts. True. */
  deliveredTo?: boolean
}

export interface LocalDeliveryOptions {
  readonly postmaster: Address | undefined
  readonly abuse: Address | undefined
  readonly deliveredTo: boolean
}

export function parseOptions(input: unknown): LocalDeliveryOptions {
  const read = readOptions(input)
  const postmaster = readPerson(read, 'postmaster')
  const abuse = readPerson(read, 'abuse') ?? postmaster
  return read.done({ postmaster, abuse, deliveredTo: read.boolean('deliveredTo', { default: true }) })
}

function readPerson(read: OptionReader, name: string): Address | undefined {
  const text = read.optionalString(name)
  const address = text === undefined ? undefined : parseAddress(text)
  if (text !== undefined && address === undefined)
    read.fault(name, 'must be an address such as "me@example.org"')
  return address
}
