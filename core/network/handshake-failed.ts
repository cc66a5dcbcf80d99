import type { Socket } from 'node:net'
import { errorText } from '../errors.ts'
import { ConnectionLost } from './connection-lost.ts'

/** A client's handshake of TLS did not come about; the connection is lost with it. */
export class HandshakeFailed extends ConnectionLost {
  /** In a few words; undefined where the client has gone without a word. */
  readonly reason: string | undefined

  constructor(reason: string | undefined) {
    super()
    this.name = 'HandshakeFailed'
    this.reason = reason
  }
}

/** Counts the octets of a client's handshake, which is about to begin; some of them may have come already, as behind a PROXY header. */
export function handshakeOctets(plain: Socket): () => number {
  const before = plain.bytesRead - plain.readableLength
  return () => plain.bytesRead - before
}

/**
 * Why a client's handshake failed, in OpenSSL's words where it has any: `unsupported protocol`, or the name of an alert. Undefined
 * where the client has said nothing, as scanners of ports do.
 */
export function handshakeFault(error: Error | null, octetsRead: number): string | undefined {
  const { reason } = Object(error) as { reason?: unknown }
  if (typeof reason === 'string') return reason
  if (octetsRead === 0) return undefined
  return error === null ? 'the client ended it' : errorText(error)
}
