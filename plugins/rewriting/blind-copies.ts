import {
  type Address,
  addedAddresses,
  addressKey,
  canonicalDomain,
  type Edit,
  parseAddress,
  type RecipientParameters,
  remainingRecipients,
  type Transaction,
} from 'mailwright'
import { AddressMap } from './address-map.ts'
import type { RewritingOptions } from './options.ts'

// As Postfix has it: the sender hears nothing of a copy, whatever becomes of it.
const unseen: RecipientParameters = { notify: ['NEVER'] }

/** Who gets copies that no header tells of. */
export class BlindCopies {
  readonly #always: readonly Address[]
  readonly #senders: AddressMap
  readonly #recipients: AddressMap
  readonly #origin: string

  /** `hostname` stands in where the options have no origin. */
  constructor(options: RewritingOptions, hostname: string) {
    const origin = options.origin ?? canonicalDomain(hostname) ?? hostname
    const { detailSeparator, localDomains = [origin] } = options
    const settings = { detailSeparator, origin, localDomains: new Set(localDomains) }
    this.#always = options.alwaysBcc
    this.#senders = new AddressMap(options.senderBcc, settings)
    this.#recipients = new AddressMap(options.recipientBcc, settings)
    this.#origin = origin
  }

  /** Recipients to add: each once, and nobody who gets the message in any case. What was thrown away has no copies. */
  async edits({ reversePath, recipients }: Transaction, earlier: readonly Edit[]): Promise<readonly Edit[]> {
    const added = addedAddresses(recipients, earlier)
    if (remainingRecipients(recipients, earlier).length + added.length === 0) return []
    const wanted = [...this.#always]
    if (reversePath !== null) wanted.push(...(await this.#copies(this.#senders, reversePath)))
    for (const { forwardPath } of recipients)
      wanted.push(...(await this.#copies(this.#recipients, forwardPath)))
    const known = new Set([
      ...recipients.map(({ forwardPath }) => addressKey(forwardPath)),
      ...added.map(addressKey),
    ])
    const unique = new Map(wanted.map((address) => [addressKey(address), address]))
    return [...unique].flatMap(([key, address]) =>
      known.has(key) ? [] : [{ kind: 'add-recipient' as const, address, parameters: unseen }],
    )
  }

  async #copies(map: AddressMap, address: Address): Promise<readonly Address[]> {
    const found = await map.find(address)
    const texts = found?.value.split(',').map((text) => text.trim()) ?? []
    return texts.flatMap((text) => parseAddress(text.includes('@') ? text : `${text}@${this.#origin}`) ?? [])
  }
}
