import {
  type Endpoint,
  formatAddress,
  type Recipient,
  type Reply,
  type Session,
  type Transaction,
} from 'mailwright'
import { bareName, type MacroChoice, type MacroStage } from './negotiation.ts'
import { formatPacket } from './packet.ts'
import { commands, type Stage, stages } from './protocol.ts'

/** Values of macros by their names, without braces. */
export type Macros = ReadonlyMap<string, string>

/** What the plugin knows of a session beside the session. */
export interface SessionFacts {
  readonly session: Session
  /** The client as milters are told of it. */
  readonly client: Endpoint
  /** Where it has connected to; undefined for what has come by no network. */
  readonly daemon: Endpoint | undefined
  /** This server's name. */
  readonly hostname: string
  /** The client's name, where it has one; checked. */
  readonly clientName: string | undefined
  /** Sessions that this client has now. */
  readonly connections: number
  /** The mechanism of the last login. */
  readonly mechanism: string | undefined
}

/** What milters get that choose nothing: what Postfix sends them, and the client with the sender. */
const usual: Readonly<Record<MacroStage, readonly string[]>> = {
  connect: [
    'j',
    '_',
    'v',
    'daemon_name',
    'daemon_addr',
    'daemon_port',
    'client_addr',
    'client_name',
    'client_port',
    'client_connections',
  ],
  hello: ['tls_version', 'cipher', 'cipher_bits', 'verify'],
  mail: [
    'i',
    'auth_type',
    'auth_authen',
    'auth_author',
    'mail_addr',
    'mail_host',
    'mail_mailer',
    'client_addr',
    'client_name',
    'client_port',
  ],
  recipient: ['i', 'rcpt_addr', 'rcpt_host', 'rcpt_mailer'],
  data: ['i'],
  endOfHeader: ['i'],
  endOfMessage: ['i', 'msg_id'],
}

/** The packet that tells a milter the macros of a stage; undefined where there are none. */
export function macroPacket(
  stage: Stage,
  values: Macros,
  chosen: MacroChoice,
  extra: Macros,
): Buffer | undefined {
  if (stage === 'header' || stage === 'body' || stage === 'unknown') return undefined
  const names = new Set(chosen.get(stage) ?? usual[stage])
  // What the postmaster added is there from the start.
  if (stage === 'connect') for (const name of extra.keys()) names.add(name)
  const pairs = [...names].flatMap((name) => {
    const value = extra.get(name) ?? values.get(name) ?? ''
    return value === '' ? [] : [writtenName(name), value]
  })
  if (pairs.length === 0) return undefined
  return formatPacket(commands.macros, Buffer.from(stages[stage].command), ...pairs)
}

/** Names of more than one character stand in braces. */
function writtenName(name: string): string {
  return bareName(name).length > 1 ? `{${bareName(name)}}` : name
}

/** The macros of a session, as far as it has come. */
export function sessionMacros(facts: SessionFacts): Macros {
  const { session, client, daemon, hostname, clientName = 'unknown', connections, mechanism } = facts
  const { tls, account } = session
  const values = new Map([
    ['j', hostname],
    ['_', `${clientName} [${client.address}]`],
    ['v', 'Mailwright'],
    ['daemon_name', hostname],
    ['daemon_addr', daemon?.address ?? ''],
    ['daemon_port', daemon === undefined ? '' : String(daemon.port)],
    ['client_addr', client.address],
    ['client_name', clientName],
    ['client_ptr', clientName],
    ['client_port', String(client.port)],
    ['client_connections', String(connections)],
  ])
  if (tls !== undefined)
    for (const [name, value] of [
      ['tls_version', tls.version],
      ['cipher', tls.cipher],
      ['cipher_bits', cipherBits(tls.cipher)],
      ['verify', 'NO'],
    ] as const)
      values.set(name, value)
  if (account !== undefined) {
    values.set('auth_type', mechanism ?? '')
    values.set('auth_authen', formatAddress(account.address))
  }
  return values
}

/** The macros of a transaction, in addition. */
export function transactionMacros({ id, reversePath, parameters }: Transaction): Macros {
  return new Map([
    ['i', id],
    ['auth_author', parameters.auth ?? ''],
    ['mail_addr', reversePath === null ? '' : formatAddress(reversePath)],
    ['mail_host', reversePath?.domain ?? ''],
    ['mail_mailer', 'smtp'],
  ])
}

/** The macros of a recipient; of one that was refused, where there is a refusal. */
export function recipientMacros({ forwardPath }: Pick<Recipient, 'forwardPath'>, refusal?: Reply): Macros {
  if (refusal !== undefined)
    return new Map([
      ['rcpt_mailer', 'error'],
      ['rcpt_host', refusal.enhanced ?? ''],
      ['rcpt_addr', refusal.lines.join(' ')],
    ])
  return new Map([
    ['rcpt_addr', formatAddress(forwardPath)],
    ['rcpt_host', forwardPath.domain],
    ['rcpt_mailer', 'smtp'],
  ])
}

/** How strong a cipher suite is, by its name. */
function cipherBits(cipher: string): string {
  if (cipher.includes('CHACHA20')) return '256'
  return /(?:AES|CAMELLIA|ARIA)_?(128|256)/.exec(cipher)?.[1] ?? ''
}
