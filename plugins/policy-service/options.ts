import { type OptionReader, readOptions } from 'mailwright'
import {
  type MailConcern,
  type MailRole,
  parseSocketAddress,
  readConcern,
  type SocketAddress,
} from 'mailwright/network'
import { type PolicyAction, parseAction } from './action.ts'

/** The steps of a session at which a policy server can be asked. */
const stages = ['client', 'hello', 'sender', 'recipient', 'message'] as const
export type Stage = (typeof stages)[number]

/** How a policy server is asked, in milliseconds where it is a time. */
export interface AskingLimits {
  /** For one attempt: connecting, asking, and the whole answer. */
  readonly timeout: number
  readonly tries: number
  /** Between two attempts. */
  readonly retryDelay: number
  /** Connections at the same time. */
  readonly maxConnections: number
  /** How long a connection is kept that nobody needs. */
  readonly maxIdle: number
  /** How long a connection is used. */
  readonly maxTtl: number
}

export interface PolicyServiceOptions extends AskingLimits, MailConcern {
  readonly address: SocketAddress
  readonly ask: readonly Stage[]
  readonly policyContext: string
  readonly defaultAction: PolicyAction
}

/** What a config may write. The names of Postfix's settings are in the README. */
export interface PolicyServiceInput {
  /** Where the policy server listens: `inet:host:port` or `unix:/absolute/path`, as in `check_policy_service`. */
  readonly service: string
  /** When it is asked: `client`, `hello`, `sender`, `recipient`, `message`. `['recipient']` */
  readonly ask?: readonly Stage[]
  /** For sessions of which listeners: `transfer`, `submission`, `lmtp`. `['transfer']` */
  readonly roles?: readonly MailRole[]
  /** Networks whose clients it is not asked about. `[]` */
  readonly exempt?: readonly string[]
  /** Whether own clients of this server are asked about, too: those that log in, and whom `relay` or `pop-before-smtp` lets send. `false` */
  readonly ownClients?: boolean
  /** Sent as `policy_context`. Empty. */
  readonly policyContext?: string
  /** How long one attempt may take. `100s` */
  readonly timeout?: number | string
  /** Attempts at most. 2 */
  readonly tries?: number
  /** The pause between two attempts. `1s` */
  readonly retryDelay?: number | string
  /** Connections to it at the same time; who needs another one waits. 20 */
  readonly maxConnections?: number
  /** How long a connection is kept that nobody needs. `300s` */
  readonly maxIdle?: number | string
  /** How long a connection is used at all. `1000s` */
  readonly maxTtl?: number | string
  /** What holds where it cannot be asked, as access(5) writes it. `451 4.3.5 Server configuration problem` */
  readonly defaultAction?: string
}

export function parseOptions(input: unknown): PolicyServiceOptions {
  const read = readOptions(input)
  return read.done({
    address: readService(read),
    ask: read.choices('ask', stages, { default: ['recipient'] }),
    ...readConcern(read),
    policyContext: read.optionalString('policyContext') ?? '',
    timeout: read.duration('timeout', { default: '100s', min: 100, max: 140_000 }),
    tries: read.integer('tries', { default: 2, min: 1, max: 10 }),
    retryDelay: read.duration('retryDelay', { default: '1s', max: 60_000 }),
    maxConnections: read.integer('maxConnections', { default: 20, min: 1, max: 1000 }),
    maxIdle: read.duration('maxIdle', { default: '300s', min: 100, max: 86_400_000 }),
    maxTtl: read.duration('maxTtl', { default: '1000s', min: 100, max: 86_400_000 }),
    defaultAction: readDefault(read),
  })
}

function readService(read: OptionReader): SocketAddress {
  const text = read.string('service')
  const address = parseSocketAddress(text)
  if (text !== '' && address === undefined)
    read.fault('service', 'must be "inet:host:port" or "unix:" with an absolute path')
  return address ?? { path: '/' }
}

function readDefault(read: OptionReader): PolicyAction {
  const text = read.string('defaultAction', { default: '451 4.3.5 Server configuration problem' })
  const action = parseAction(text)
  if (action.kind === 'unknown')
    read.fault(
      'defaultAction',
      'must be an action of access(5) such as "DUNNO" or "451 4.3.5 Try again later"',
    )
  return action
}
