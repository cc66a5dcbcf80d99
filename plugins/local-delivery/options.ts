import { type Address, parseAddress, readOptions } from 'mailwright'

/** What a config may say. */
export interface LocalDeliveryInput {
  /**
   * Who reads mail for `postmaster` where no account or alias has that address: at each local domain, and without a
   * domain (RFC 5321 §4.5.1). Without it such mail is refused.
   */
  postmaster?: string
  /** Whether a `Delivered-To` field is put on top: it stops loops between forwarding accounts. True. */
  deliveredTo?: boolean
}

export interface LocalDeliveryOptions {
  readonly postmaster: Address | undefined
  readonly deliveredTo: boolean
}

export function parseOptions(input: unknown): LocalDeliveryOptions {
  const read = readOptions(input)
  const text = read.optionalString('postmaster')
  const postmaster = text === undefined ? undefined : parseAddress(text)
  if (text !== undefined && postmaster === undefined)
    read.fault('postmaster', 'must be an address such as "me@example.org"')
  return read.done({ postmaster, deliveredTo: read.boolean('deliveredTo', { default: true }) })
}
