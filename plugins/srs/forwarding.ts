import {
  type Accounts,
  type Address,
  addedAddresses,
  addressKey,
  type DeliveryFlow,
  type Disposition,
  type Edit,
  formatAddress,
  type Log,
  type Recipient,
  type Route,
  type SortAction,
  sameAddress,
  type Transaction,
} from 'mailwright'
import type { SrsAddresses } from './srs-address.ts'

export interface ForwardingSurroundings {
  readonly srs: () => SrsAddresses
  readonly domain: string
  readonly exclude: ReadonlySet<string>
  readonly accounts: Accounts | undefined
  readonly delivery: Pick<DeliveryFlow, 'route'>
  readonly now: () => number
  readonly log: Log
}

/** Which reverse-path goes on with what leaves this system for somebody else than it was sent to. */
export class Forwarding {
  readonly #surroundings: ForwardingSurroundings

  constructor(surroundings: ForwardingSurroundings) {
    this.#surroundings = surroundings
  }

  /** An edit for the recipients of each sender that is to be rewritten, behind the edits that there are. */
  async edits(edits: readonly Edit[], transaction: Transaction): Promise<readonly Edit[]> {
    const recipients = [
      ...transaction.recipients.filter(isForwarded).map(({ forwardPath }) => forwardPath),
      ...(await this.#addedElsewhere(edits, transaction)),
    ]
    const added: Edit[] = []
    for (const recipient of recipients) {
      // What one of ours is called elsewhere (generic) is somebody else's domain, and meant to be.
      const here = reversePathFor(recipient, edits.filter(isEverywhere), transaction.reversePath)
      if (here !== null && (await this.#isOurs(here.domain))) continue
      const sender = reversePathFor(recipient, edits, transaction.reversePath)
      const address = await this.#rewritten(sender, transaction.id)
      if (address !== undefined)
        added.push({ kind: 'change-reverse-path', address, where: 'remote', recipients: [recipient] })
    }
    return added
  }

  /** The disposition whose forwards to other hosts have a reverse-path. */
  async sorted(disposition: Disposition): Promise<Disposition | undefined> {
    const { reversePath } = disposition
    if (reversePath === null || !disposition.actions.some(({ kind }) => kind === 'forward')) return undefined
    const actions: SortAction[] = []
    for (const action of disposition.actions) {
      const isOpen = action.kind === 'forward' && action.reversePath === undefined
      const address =
        isOpen && (await this.#leavesUs(action.address)) ? await this.#rewritten(reversePath) : undefined
      actions.push(isOpen && address !== undefined ? { ...action, reversePath: address } : action)
    }
    return { ...disposition, actions }
  }

  /** Undefined where the sender may stay as it is. */
  async #rewritten(sender: Address | null, transaction?: string): Promise<Address | undefined> {
    if (sender === null || (await this.#isOurs(sender.domain))) return undefined
    const { srs, domain, now, log } = this.#surroundings
    const address = srs().forward(sender, now())
    if (address !== undefined) return address
    log.warn('limit-reached', {
      transaction,
      sender: formatAddress(sender),
      text: 'its SRS address would be too long; errors go to the postmaster',
    })
    return { localPart: 'postmaster', domain }
  }

  async #isOurs(name: string): Promise<boolean> {
    const { domain, exclude, accounts } = this.#surroundings
    return name === domain || exclude.has(name) || (await accounts?.domain(name)) !== undefined
  }

  /** Recipients that edits have added, with a route to another host. */
  async #addedElsewhere(edits: readonly Edit[], { recipients }: Transaction): Promise<readonly Address[]> {
    const found: Address[] = []
    for (const address of addedAddresses(recipients, edits))
      if (await this.#leavesUs(address)) found.push(address)
    return found
  }

  async #leavesUs(address: Address): Promise<boolean> {
    const routed = await this.#surroundings.delivery.route({ address, original: address })
    return routed.ok && routed.routes.some(({ kind }) => kind === 'remote')
  }
}

/** Whether an alias has led it to another host: as it was written it would be relayed, which is not forwarding. */
function isForwarded({ forwardPath, routes }: Recipient): boolean {
  return routes.some((route: Route) => route.kind === 'remote' && !sameAddress(route.address, forwardPath))
}

function isEverywhere(edit: Edit): boolean {
  return edit.kind !== 'change-reverse-path' || edit.where !== 'remote'
}

/** What other plugins have made of the reverse-path for one recipient so far. */
function reversePathFor(recipient: Address, edits: readonly Edit[], given: Address | null): Address | null {
  const key = addressKey(recipient)
  const last = edits.findLast(
    (edit) =>
      edit.kind === 'change-reverse-path' &&
      (edit.recipients?.some((one) => addressKey(one) === key) ?? true),
  )
  return last?.kind === 'change-reverse-path' ? last.address : given
}
