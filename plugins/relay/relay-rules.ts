import {
  type Accounts,
  type Address,
  type Claim,
  type DeliveryFlow,
  hasVeryAddress,
  isTransient,
  type RemoteRoute,
  type Reply,
  type Resolution,
  type RouteResult,
  reply,
  sameAddress,
} from 'mailwright'
import type { BackupRecipients } from './backup-recipients.ts'
import { type Client, groundOf } from './grounds.ts'
import type { RelayOptions } from './options.ts'

// RFC 3463 §3.2: 5.1.1 is "bad destination mailbox address", 5.1.2 "bad destination system address".
const unknownRecipient = reply(550, '5.1.1', 'No such address in a domain that we are backup MX for')
const literalRefused = reply(550, '5.1.2', 'We send no mail to address literals; use the name of a domain')
const nameTooShort = reply(550, '5.1.2', 'We send mail to full domain names only, such as example.org')
// RFC 3463 §3.8: 5.7.1 is "delivery not authorized".
const routingRefused = reply(550, '5.7.1', 'We do not route mail by %, ! or @ in a local part')

// What other hosts have taken for a path to a third one: user%host, host!user, "user@host".
const routingMark = /[%!@]/

/** What the rules ask. */
export interface RelayParts {
  /** Without it no address is ours. */
  readonly accounts: Accounts | undefined
  readonly backupRecipients: BackupRecipients | undefined
  readonly delivery: Pick<DeliveryFlow, 'route'>
}

/** Who may send where. All of it rejects with MAIL_E_UNAVAILABLE where the accounts, or a file, cannot be asked. */
export class RelayRules {
  readonly #options: RelayOptions
  readonly #accounts: Accounts | undefined
  readonly #backupRecipients: BackupRecipients | undefined
  readonly #delivery: Pick<DeliveryFlow, 'route'>

  constructor(options: RelayOptions, { accounts, backupRecipients, delivery }: RelayParts) {
    this.#options = options
    this.#accounts = accounts
    this.#backupRecipients = backupRecipients
    this.#delivery = delivery
  }

  /** Why a recipient is refused, whoever else would take it; undefined where there is no reason. */
  async refuse(client: Client, address: Address): Promise<Reply | undefined> {
    // The bare postmaster is always ours (RFC 5321 §4.5.1).
    if (address.domain === '') return undefined
    const found = await this.#resolve(address)
    const isForeign = found.kind === 'foreign'
    const isBackup = isForeign && this.#isBackupFor(address)
    if (isBackup && (await this.#backupRecipients?.has(address)) === false) return unknownRecipient
    if (this.#isStranger(client) && isRouted(address)) {
      const isNamed = isBackup ? await this.#backupRecipients?.names(address) : isOneOfOurs(found)
      const mayLeave = isForeign && !isBackup && isClaimed(client)
      const refused = isNamed === true ? undefined : await this.#refuseRouted(address, mayLeave)
      if (refused !== undefined) return refused
    }
    const unreachable = isForeign && !isBackup ? this.#unreachable(address) : undefined
    // Whom another plugin has by that very name is reached here: our postmaster at an address literal, say (RFC 5321 §4.5.1).
    return unreachable !== undefined && hasVeryAddress(await this.#routed(address)) ? undefined : unreachable
  }

  /** On what ground we take responsibility for a recipient that is not ours; undefined where there is none. */
  async claim(client: Client, address: Address): Promise<Claim | undefined> {
    if (!(await this.isForeign(address))) return undefined
    if (isMail(client) && this.#isBackupFor(address)) return { reason: `backup MX for ${address.domain}` }
    const reason = groundOf(client, this.#options)
    return reason === undefined ? undefined : { reason }
  }

  /**
   * Where mail for others goes. Whoever may not send there was refused before: here come those who may, and what
   * aliases and recipes of our accounts send on.
   */
  async route(address: Address): Promise<RemoteRoute | undefined> {
    if (!(await this.isForeign(address))) return undefined
    const { nextHop } = this.#options
    return { kind: 'remote', address, ...(nextHop === undefined ? {} : { nextHop }) }
  }

  /** Whether the address is none of ours. */
  async isForeign(address: Address): Promise<boolean> {
    return address.domain !== '' && (await this.#resolve(address)).kind === 'foreign'
  }

  /** What accounts and file do not name an alias of another plugin, or SRS, may have: just that address, by its expansion. */
  async #refuseRouted(address: Address, mayLeave: boolean): Promise<Reply | undefined> {
    const routed = await this.#routed(address)
    if (hasVeryAddress(routed) || (mayLeave && this.#leaves(address, routed))) return undefined
    return !routed.ok && isTransient(routed.reply) ? routed.reply : routingRefused
  }

  /** What LMTP and our own programs bring is not from strangers, and not for others. */
  #isStranger(client: Client): boolean {
    return isMail(client) && groundOf(client, this.#options) === undefined
  }

  /** Whether it goes where all mail to others goes, and not to a host behind us. */
  #leaves(address: Address, routed: RouteResult): boolean {
    const { nextHop } = this.#options
    return (
      routed.ok &&
      routed.routes.every(
        (route) =>
          route.kind === 'remote' && route.nextHop === nextHop && sameAddress(route.address, address),
      )
    )
  }

  /** RFC 5321 §2.3.5: only full domain names can be looked up, and mean the same to all hosts. */
  #unreachable({ domain }: Address): Reply | undefined {
    if (domain.startsWith('[')) return this.#options.addressLiterals ? undefined : literalRefused
    return domain.includes('.') ? undefined : nameTooShort
  }

  #isBackupFor({ domain }: Address): boolean {
    return this.#options.backupMxFor.hasDomain(domain)
  }

  #routed(address: Address): Promise<RouteResult> {
    return this.#delivery.route({ address, original: address })
  }

  async #resolve(address: Address): Promise<Resolution> {
    return (await this.#accounts?.resolve(address)) ?? { kind: 'foreign' }
  }
}

function isMail({ role }: Client): boolean {
  return role === 'transfer' || role === 'submission'
}

/**
 * Whether another plugin takes the client for one of ours. That is no permission (docs/decisions/0023): mail to other hosts needs its claim,
 * which may look at the sender, and what is taken from everybody does not. A login says nothing here, for not all accounts may send.
 */
function isClaimed({ account, ownClient }: Client): boolean {
  return account === undefined && ownClient !== undefined
}

function isRouted({ localPart }: Address): boolean {
  return routingMark.test(localPart)
}

/** Whether somebody has that very address; a catch-all has every address. */
function isOneOfOurs(found: Resolution): boolean {
  return found.kind === 'account' || (found.kind === 'alias' && found.via === 'alias')
}
