import {
  type Address,
  concerns,
  type Finding,
  isPermanent,
  type Reply,
  type Resolver,
  type Transaction,
} from 'mailwright'
import { type AccessRule, matchingRule } from './access.ts'
import { unknownClient, unknownReverseClient } from './client.ts'
import { bogusMx, nonFqdnRecipient, nonFqdnSender, refusedMx, unknownSenderDomain } from './envelope.ts'
import { invalidHello, nonFqdnHello, ownHello, unknownHello } from './hello.ts'
import { type CheckName, type ClientChecksOptions, checkNames } from './options.ts'

interface Subject {
  readonly transaction: Transaction
  readonly recipients: readonly Address[]
}

type Check = (subject: Subject) => Promise<Reply | undefined>

/** What one transaction has been found out about, so that each recipient does not ask again. */
interface Known {
  readonly verdicts: Map<CheckName | 'refusedMx', Promise<Reply | undefined>>
  rule: Promise<AccessRule | undefined> | undefined
}

/** The checks of a config, made when somebody asks for their outcome. */
export class Checks {
  readonly #options: ClientChecksOptions
  readonly #resolver: Resolver
  readonly #table: Readonly<Record<CheckName | 'refusedMx', Check>>
  readonly #known = new WeakMap<Transaction, Known>()

  constructor(options: ClientChecksOptions, resolver: Resolver, hostname: string) {
    const ownNames = [hostname.toLowerCase(), ...options.ownNames]
    this.#options = options
    this.#resolver = resolver
    this.#table = {
      invalidHello: ({ transaction }) => invalidHello(transaction.session),
      ownHello: ({ transaction }) => ownHello(transaction.session, ownNames),
      nonFqdnHello: ({ transaction }) => nonFqdnHello(transaction.session),
      unknownHello: ({ transaction }) => unknownHello(transaction.session, resolver),
      unknownReverseClient: ({ transaction }) => unknownReverseClient(transaction.session, resolver),
      unknownClient: ({ transaction }) => unknownClient(transaction.session, resolver),
      nonFqdnSender: ({ transaction }) => nonFqdnSender(transaction.reversePath),
      unknownSenderDomain: ({ transaction }) => unknownSenderDomain(transaction.reversePath, resolver),
      bogusMx: ({ transaction }) => bogusMx(transaction.reversePath, resolver),
      nonFqdnRecipient: ({ recipients }) => nonFqdnRecipient(recipients),
      refusedMx: ({ transaction }) => refusedMx(transaction.reversePath, resolver, options.refusedMx),
    }
  }

  /** The first refusal. */
  async refusal(transaction: Transaction, recipient: Address): Promise<Reply | undefined> {
    if (!concerns(this.#options, transaction.session)) return undefined
    const rule = await this.#rule(transaction)
    if (rule !== undefined) return rule.refusal
    if (this.#options.reachable.has(recipient)) return undefined
    const subject = { transaction, recipients: [recipient] }
    for (const name of [...checkNames, 'refusedMx'] as const) {
      if (name !== 'refusedMx' && this.#options[name] !== 'refuse') continue
      const refused = await this.#verdict(name, subject)
      if (refused !== undefined) return refused
    }
    return undefined
  }

  /** Findings of the checks that only count. What could not be found out counts nothing. */
  async findings(plugin: string, transaction: Transaction): Promise<readonly Finding[]> {
    if (!concerns(this.#options, transaction.session) || (await this.#rule(transaction)) !== undefined)
      return []
    const recipients = transaction.recipients.map(({ forwardPath }) => forwardPath)
    const made = checkNames.map(async (name): Promise<readonly Finding[]> => {
      const score = this.#options[name]
      if (typeof score !== 'number') return []
      const verdict = await this.#verdict(name, { transaction, recipients })
      if (verdict === undefined || !isPermanent(verdict)) return []
      return [{ test: `${plugin}/${name}`, score, text: verdict.lines.join(' ') }]
    })
    return (await Promise.all(made)).flat()
  }

  #rule(transaction: Transaction): Promise<AccessRule | undefined> {
    const known = this.#of(transaction)
    known.rule ??= matchingRule(this.#options.access, transaction, this.#resolver)
    return known.rule
  }

  #verdict(name: CheckName | 'refusedMx', subject: Subject): Promise<Reply | undefined> {
    // The one check that is about each recipient.
    if (name === 'nonFqdnRecipient') return this.#table[name](subject)
    const { verdicts } = this.#of(subject.transaction)
    const verdict = verdicts.get(name) ?? this.#table[name](subject)
    verdicts.set(name, verdict)
    return verdict
  }

  #of(transaction: Transaction): Known {
    const known = this.#known.get(transaction) ?? { verdicts: new Map(), rule: undefined }
    this.#known.set(transaction, known)
    return known
  }
}
