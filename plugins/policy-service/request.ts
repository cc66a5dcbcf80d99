import { isIP } from 'node:net'
import {
  type Address,
  type Candidate,
  type ClientEndpoint,
  confirmedName,
  type Resolver,
  type Session,
  type Transaction,
} from 'mailwright'
import { certificateAttributes } from './client-certificate.ts'
import type { Stage } from './options.ts'

/** What a policy server is asked about. */
export interface PolicyQuestion {
  readonly stage: Stage
  readonly session: Session
  readonly transaction?: Transaction
  readonly recipient?: Candidate
  /** Octets of the whole message, once it is here. */
  readonly size?: number
}

/** What is known of a client beyond its session. */
export interface ClientFacts {
  /** A name that has the address in turn, or `unknown`. */
  readonly name: string
  /** The name that the address's owner has given it, or `unknown`. */
  readonly reverseName: string
  /** The SASL mechanism of the last login that was tried. */
  readonly mechanism: string
}

const unknownName = 'unknown'

/** Postfix calls a client `unknown` whose name cannot be confirmed or found out. */
export async function clientNames(
  resolver: Resolver,
  remote: ClientEndpoint,
): Promise<Pick<ClientFacts, 'name' | 'reverseName'>> {
  const name = await confirmedName(resolver, remote)
  const reverseName = name ?? (await claimedName(resolver, remote))
  return { name: name ?? unknownName, reverseName: reverseName ?? unknownName }
}

/** What the address's owner calls it, unless somebody whose word is taken has said that it has no name. */
async function claimedName(
  resolver: Resolver,
  { address, name }: ClientEndpoint,
): Promise<string | undefined> {
  if (name !== undefined || isIP(address) === 0) return undefined
  const claimed = await resolver.ptr(address)
  return claimed.kind === 'found' ? claimed.records[0] : undefined
}

/** The octets of a request in Postfix's policy delegation protocol. What is not known here is left empty. */
export function formatRequest(question: PolicyQuestion, client: ClientFacts, policyContext: string): string {
  const { session, transaction } = question
  const attributes = {
    request: 'smtpd_access_policy',
    protocol_state: stateOf(question),
    protocol_name: session.hello?.extended === false ? 'SMTP' : 'ESMTP',
    helo_name: session.hello?.name ?? '',
    queue_id: transaction?.id ?? '',
    ...envelope(question),
    ...clientAttributes(session, client),
    instance: transaction?.id ?? session.id,
    ...saslAttributes(question, client),
    ...certificateAttributes(session.tls?.clientCertificate),
    ...encryption(session),
    etrn_domain: '',
    stress: '',
    policy_context: policyContext,
    server_address: ipOf(session.local.address),
    server_port: String(session.local.port),
  }
  const lines = Object.entries(attributes).map(([name, value]) => `${name}=${clean(value)}\n`)
  return `${lines.join('')}\n`
}

function stateOf({ stage, session }: PolicyQuestion): string {
  const states = { client: 'CONNECT', sender: 'MAIL', recipient: 'RCPT', message: 'END-OF-MESSAGE' }
  if (stage === 'hello') return session.hello?.extended === false ? 'HELO' : 'EHLO'
  return states[stage]
}

/** The recipient is told at RCPT, and later where there is only one; they are counted when no more can come. */
function envelope({ stage, transaction, recipient, size }: PolicyQuestion): Readonly<Record<string, string>> {
  const accepted = stage === 'message' ? (transaction?.recipients ?? []) : []
  const only = accepted.length === 1 ? accepted[0] : undefined
  return {
    sender: plainAddress(transaction?.reversePath),
    recipient: plainAddress((recipient ?? only)?.forwardPath),
    recipient_count: String(accepted.length),
    size: String(size ?? transaction?.parameters.size ?? 0),
  }
}

function clientAttributes({ remote }: Session, client: ClientFacts): Readonly<Record<string, string>> {
  return {
    client_address: ipOf(remote.address),
    client_name: client.name,
    reverse_client_name: client.reverseName,
    client_port: String(remote.port),
  }
}

function saslAttributes(
  { session, transaction }: PolicyQuestion,
  client: ClientFacts,
): Readonly<Record<string, string>> {
  const { account } = session
  return {
    sasl_method: account === undefined ? '' : client.mechanism,
    sasl_username: plainAddress(account?.address),
    sasl_sender: transaction?.parameters.auth ?? '',
  }
}

function encryption({ tls }: Session): Readonly<Record<string, string>> {
  return {
    encryption_protocol: tls?.version ?? '',
    encryption_cipher: tls?.cipher ?? '',
    encryption_keysize: String(tls === undefined ? 0 : keySize(tls.cipher)),
  }
}

/** The bits of a cipher suite's key, as far as its name says them; 0 where it does not. */
function keySize(cipher: string): number {
  if (/CHACHA20/.test(cipher)) return 256
  return Number(/(?:AES|ARIA|CAMELLIA)_?(128|256)/.exec(cipher)?.[1] ?? 0)
}

/** As Postfix has addresses inside: without the quotes that a command needs. */
function plainAddress(address: Address | null | undefined): string {
  if (address === null || address === undefined) return ''
  return address.domain === '' ? address.localPart : `${address.localPart}@${address.domain}`
}

/** Who comes by a Unix socket has no address. */
function ipOf(address: string): string {
  return isIP(address) === 0 ? unknownName : address
}

/** A line break in a value would be a further attribute of the client's choice. */
function clean(value: string): string {
  return value.slice(0, 2048).replaceAll(/[\u0000-\u001f\u007f]/g, '?')
}
