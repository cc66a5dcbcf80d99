import type { SessionFlow } from 'mailwright'
import type { ImapTransport } from 'mailwright/imap'
import { type ChannelBinding, type LineConnection, type ServerTls, secureSession } from 'mailwright/network'
import type { Output } from './output.ts'

/** What a transport needs of its session. */
export interface TransportParts {
  readonly connection: LineConnection
  readonly flow: SessionFlow
  readonly out: Output
  /** Undefined where there are no certificates. */
  readonly tls: ServerTls | undefined
  readonly allowPlaintextLogin: boolean
  /** Milliseconds that a handshake may take. */
  patience(): number
}

/** A session's connection as extensions see it. */
export class Transport implements ImapTransport {
  readonly #parts: TransportParts
  isCompressed = false
  channelBinding: ChannelBinding | undefined

  constructor(parts: TransportParts) {
    this.#parts = parts
  }

  get isSecure(): boolean {
    return this.#parts.flow.session.tls !== undefined
  }

  get canSecure(): boolean {
    return this.#parts.tls !== undefined && !this.isSecure
  }

  get allowsPlaintext(): boolean {
    return this.isSecure || this.#parts.allowPlaintextLogin
  }

  get unread(): number {
    return this.#parts.connection.unread
  }

  async secure(): Promise<void> {
    const { connection, flow, out, tls, patience } = this.#parts
    if (tls === undefined) throw new TypeError('there are no certificates')
    const options = await tls.options()
    await out.flush()
    this.channelBinding = await secureSession(flow, connection, options, patience())
  }

  delay(milliseconds: number): Promise<void> {
    return this.#parts.connection.delay(milliseconds)
  }

  async compress(): Promise<void> {
    await this.#parts.out.flush()
    this.#parts.connection.compress()
    this.isCompressed = true
  }
  async decompress(): Promise<void> {
    const { connection, out } = this.#parts
    await connection.decompress(() => out.flush())
    this.isCompressed = false
  }
}
