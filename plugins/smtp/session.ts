import type { Clock, Log, Reply, Resolver, SessionFlow, Spool, TlsFacts, TransactionFlow } from 'mailwright'
import type { ChannelBinding, SaslContext } from 'mailwright/network'
import type { Client, Trust } from './client.ts'
import type { DiskRoom } from './disk-room.ts'
import type { Incoming } from './incoming.ts'
import type { SmtpOptions } from './options.ts'
import type { Reception } from './reception.ts'

/** What all sessions of a listener share. */
export interface SmtpService {
  readonly options: SmtpOptions
  /** This server's name. */
  readonly hostname: string
  /** Whether there are certificates, so that STARTTLS can be offered. */
  readonly canSecure: boolean
  /** DSN (RFC 3461). */
  readonly offersDsn: boolean
  /** Undefined where names of clients are not looked up. */
  readonly resolver: Resolver | undefined
  readonly spool: Spool
  readonly room: DiskRoom
  /** Whether there is little room for further clients: nobody may stay then who is not served. */
  readonly isNearlyFull: boolean
  readonly log: Log
  readonly clock: Clock
}

/** The answer to a command. */
export interface Answer {
  readonly reply: Reply
  /** Replies behind it: LMTP has one for each recipient (RFC 2033 §4.2), and then there may be the 421 that ends the session. */
  readonly more?: readonly Reply[]
  /** What follows the reply. Behind a 421 the connection is always closed. */
  readonly next?: 'close' | 'secure'
  /** The session ends, and that of another client begins with its own greeting (XCLIENT). */
  readonly client?: Client
  /** What takes the octets that follow the command: no command is read before they have come. */
  readonly incoming?: Incoming
  /** Nothing is said, and `reply` is for the history: by LMTP the last chunk for nobody has no reply (RFC 2033 §4.3). */
  readonly silent?: boolean
  /** The client hears nothing before they have come, and then what `incoming` answers (RFC 3030 §2). */
  readonly late?: boolean
  /** The flow has put it into the history already. */
  readonly recorded?: boolean
}

/** What the client is told, in this order. */
export function repliesOf({ reply, more = [], silent }: Answer): readonly Reply[] {
  return silent === true ? [] : [reply, ...more]
}

/**
 * What a session has come to. A transaction is one object from MAIL to the reply to DATA; nothing of it is kept beside
 * it, so that nothing of one message can get into the next.
 */
export class SmtpSession {
  readonly service: SmtpService
  readonly flow: SessionFlow
  readonly client: Client
  /** Whether HELO or EHLO was accepted. */
  greeted = false
  /** What refused the EHLO that XCLIENT has told or kept: the client does not know that it has to say another. */
  helloRefusal: Reply | undefined
  transaction: TransactionFlow | undefined
  /** Whether the message may have binary parts (RFC 3030 §3). */
  isBinary = false
  /** What XFORWARD has said of the next message. */
  forwarded: ReadonlyMap<string, string> | undefined
  /** The name of the client's address, once DNS has told it. */
  clientName: string | undefined
  /** The message that is coming in; between chunks too. */
  reception: Reception | undefined
  /** What a chunk was refused with: those behind it are, too, and nothing else begins before the last one, RSET or a login (RFC 3030 §2). */
  refusedChunk: Reply | undefined
  /** Takes the next line, where it belongs to an authentication exchange (RFC 4954 §4). */
  exchange: ((line: Buffer) => Promise<Answer>) | undefined
  /** What ties a login to the TLS connection; undefined in clear. */
  channelBinding: ChannelBinding | undefined
  /** 5yz since the last accepted message. */
  errors = 0
  /** Commands that lead to nothing since the last accepted message. */
  idleCommands = 0
  loginFailures = 0
  transactions = 0

  constructor(service: SmtpService, flow: SessionFlow, client: Client) {
    this.service = service
    this.flow = flow
    this.client = client
  }

  get isLmtp(): boolean {
    return this.service.options.role === 'lmtp'
  }

  get isSecure(): boolean {
    return this.flow.session.tls !== undefined
  }

  /** Whether AUTH may be used now. */
  get mayLogIn(): boolean {
    const { auth, allowPlaintextAuth } = this.service.options
    return auth && (this.isSecure || allowPlaintextAuth)
  }

  /** Which commands this peer may use to say who the client is. */
  get trust(): Trust {
    return this.client.trust
  }

  get sasl(): SaslContext {
    const { flow, mayLogIn, channelBinding } = this
    return { flow, mayLogIn, ...(channelBinding && { channelBinding }) }
  }

  /** RSET and everything that means the same: the transaction is forgotten (RFC 5321 §4.1.1.5). */
  reset(): void {
    this.transaction?.abandon()
    this.transaction = undefined
    this.isBinary = false
    this.forwarded = undefined
    this.refusedChunk = undefined
    this.reception?.dispose().catch(() => undefined)
    this.reception = undefined
  }

  /** RFC 3207 §4.2: what was said in clear is forgotten. */
  secured(tls: TlsFacts, binding?: ChannelBinding): void {
    this.reset()
    this.greeted = false
    this.helloRefusal = undefined
    this.exchange = undefined
    this.flow.secured(tls)
    this.channelBinding = binding
  }

  /** The connection is gone: what was half done is undone. */
  end(reason: string): void {
    this.reset()
    this.flow.close(reason)
  }
}
