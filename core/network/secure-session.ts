import type { TLSSocketOptions } from 'node:tls'
import type { SessionFlow } from '../flow/flow.ts'
import { type ChannelBinding, channelBinding } from '../sasl/channel-binding.ts'
import { HandshakeFailed } from './handshake-failed.ts'
import type { LineConnection } from './line-connection.ts'
import { tlsFacts } from './tls-facts.ts'

/** Takes a client's session under TLS, and tells its flow of it, or of why that failed. */
export async function secureSession(
  flow: SessionFlow,
  connection: LineConnection,
  options: TLSSocketOptions,
  timeout: number,
): Promise<ChannelBinding | undefined> {
  try {
    const socket = await connection.secure(options, timeout)
    flow.secured(tlsFacts(socket))
    return channelBinding(socket)
  } catch (error) {
    if (error instanceof HandshakeFailed && error.reason !== undefined) flow.notSecured(error.reason)
    throw error
  }
}
