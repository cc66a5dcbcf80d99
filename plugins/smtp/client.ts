import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { confirmedName, type Flow, type Hello, type TlsFacts } from 'mailwright'
import { type ChannelBinding, channelBinding, type Endpoints, tlsFacts } from 'mailwright/network'
import type { SmtpOptions } from './options.ts'
import { type SmtpService, SmtpSession } from './session.ts'
import { trusts } from './trusted-peers.ts'

/** Whose word is taken, and in what. */
export interface Trust {
  /** May say for which client it speaks. */
  readonly xclient: boolean
  /** May say where its messages come from. */
  readonly xforward: boolean
}

/** By the address of a connection, or the one that a trusted proxy has told; not by one that XCLIENT has. */
export function trustIn(ends: Endpoints, { xclient, xforward }: SmtpOptions): Trust {
  return {
    xclient: trusts(xclient, ends),
    xforward: trusts(xforward, ends),
  }
}

/** Who the client is, as far as the connection says and those whose word is taken. */
export interface Client {
  readonly ends: Endpoints
  readonly trust: Trust
  /** What the client said to the one that speaks for it: told by XCLIENT, or passed on in the session of before. */
  readonly hello?: Hello
  /** The session that the client of before had, where XCLIENT has told of another. */
  readonly formerly?: string
}

/** What a session over TLS begins with. */
export interface Secure {
  readonly tls: TlsFacts | undefined
  readonly channelBinding: ChannelBinding | undefined
}

export function secureFacts(socket: Socket): Secure {
  if (!(socket instanceof TLSSocket)) return { tls: undefined, channelBinding: undefined }
  return { tls: tlsFacts(socket), channelBinding: channelBinding(socket) }
}

/** Begins the session of a client, with what others have told of it in the history. */
export function openSession(
  service: SmtpService,
  flow: Flow,
  client: Client,
  { tls, channelBinding }: Secure,
  end: (reason: string) => void,
): SmtpSession {
  const opened = flow.openSession({
    role: service.options.role,
    ...client.ends,
    end,
    ...(tls === undefined ? {} : { tls }),
  })
  const session = new SmtpSession(service, opened, client)
  session.channelBinding = channelBinding
  noteSource(session)
  findName(session)
  return session
}

function noteSource({ flow, client: { formerly } }: SmtpSession): void {
  if (formerly === undefined) return
  const text = `the client is who XCLIENT said in session ${formerly}`
  flow.record('verdict', { by: 'smtp', text, facts: { formerly } })
}

/** Nobody waits for the name: a message that comes sooner goes without it. */
function findName(session: SmtpSession): void {
  const { service, client, flow } = session
  const { resolver, log } = service
  confirmedName(resolver, client.ends.remote).then(
    (name) => {
      session.clientName = name
    },
    (error) => log.debug('unavailable', { session: flow.session.id, error }),
  )
}
