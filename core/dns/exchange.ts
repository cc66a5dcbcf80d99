import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import type { Clock } from '../clock.ts'
import { errorText, UnavailableError } from '../errors.ts'
import type { DnsServer } from './servers.ts'

/** What the sender of a question makes of a packet: undefined where it is not the response, and another may come. */
export type Reader<T> = (packet: Buffer) => T | undefined

/** One question to one server. */
export interface Exchange<T> {
  readonly server: DnsServer
  readonly packet: Buffer
  readonly read: Reader<T>
  /** Milliseconds. */
  readonly timeout: number
  readonly clock: Clock
}

// Whoever sends more than this is guessing numbers and not answering.
const mostForeign = 64

/**
 * Over UDP. Each question has a socket and so a port of its own, which the system chooses; being connected, it receives from that server
 * only (RFC 5452 §9). MAIL_E_UNAVAILABLE where no response comes in time.
 */
export function overUdp<T>({ server, packet, read, timeout, clock }: Exchange<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4')
    let foreign = 0
    const timer = clock.after(timeout, () => fail('timeout'))
    const end = () => {
      timer.cancel()
      socket.removeAllListeners()
      socket.on('error', () => undefined)
      socket.close()
    }
    const fail = (text: string, cause?: unknown) => {
      end()
      reject(new UnavailableError(text, { cause }))
    }
    socket.on('error', (error) => fail('unreachable', error))
    socket.on('message', (received) => {
      const result = read(received)
      if (result === undefined) {
        if (++foreign > mostForeign) fail('too many forged responses')
        return
      }
      end()
      resolve(result)
    })
    socket.on('connect', () =>
      socket.send(packet, (error) => {
        if (error !== null) fail('unreachable', error)
      }),
    )
    socket.connect(server.port, server.address)
  })
}

/** Over TCP (RFC 7766), for responses that are too long for a datagram. */
export function overTcp<T>({ server, packet, read, timeout, clock }: Exchange<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server.address, port: server.port, noDelay: true })
    const chunks: Buffer[] = []
    let octets = 0
    const timer = clock.after(timeout, () => fail('timeout'))
    const end = () => {
      timer.cancel()
      socket.destroy()
    }
    const fail = (text: string, cause?: unknown) => {
      end()
      reject(new UnavailableError(text, { cause }))
    }
    socket.on('error', (error) => fail('unreachable', error))
    socket.on('close', () => fail('the connection was closed'))
    socket.on('connect', () => socket.write(withLength(packet)))
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      octets += chunk.length
      // The first two octets are the length of what follows; nothing may follow that.
      if (octets < 2) return
      const wanted = (chunks.length === 1 ? chunk : Buffer.concat(chunks, 2)).readUInt16BE(0) + 2
      if (octets < wanted) return
      const result = octets > wanted ? undefined : read(Buffer.concat(chunks).subarray(2))
      if (result === undefined) return fail('the response is malformed')
      end()
      resolve(result)
    })
  })
}

function withLength(packet: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(packet.length)
  return Buffer.concat([length, packet])
}

/** Why a server gave no response, for the text of a failure. */
export function exchangeFailure(error: unknown): string {
  return error instanceof UnavailableError ? error.message : errorText(error)
}
