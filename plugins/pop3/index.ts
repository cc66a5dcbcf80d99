import type { Socket } from 'node:net'
import {
  accounts,
  ConfigError,
  certificates,
  definePlugin,
  type PluginFactory,
  ServerTls,
  SessionCounts,
  store,
} from 'mailwright'
import { type Pop3Input, type Pop3Options, parseOptions } from './options.ts'
import { type Listener, Pop3Session } from './session.ts'

export type { Pop3Input, Pop3Options } from './options.ts'

/** A POP3 listener over the `store` service. */
const pop3: PluginFactory<Pop3Input> = definePlugin<Pop3Options, Pop3Input>({
  name: 'pop3',
  requires: [accounts, store],
  optional: [certificates],
  parseOptions,
  setup(context, options) {
    const keys = context.useOptional(certificates)
    if (keys === undefined) requireLogin(options)
    const tls = keys === undefined ? undefined : new ServerTls(keys, 'pop3')
    const { flow, hostname, clock, log } = context
    const counts = new SessionCounts()
    const listener: Listener = { flow, store: context.use(store), tls, options, hostname, clock, log, counts }
    const sessions = new Set<Pop3Session>()
    const { host, port, maxConnections, implicitTls } = options
    context.listen(
      { role: 'pop3', host, port, maxConnections, implicitTls, onOverflow: refuse(implicitTls) },
      (socket) => {
        const session = new Pop3Session(socket, listener)
        sessions.add(session)
        void session.run().finally(() => sessions.delete(session))
      },
    )
    return {
      start: async () => tls?.start(),
      stop: async () => {
        await Promise.all([...sessions].map((session) => session.stop()))
        tls?.stop()
      },
    }
  },
})

export default pop3

/** Without certificates a listener is of use only where passwords may go in clear. */
function requireLogin({ implicitTls, allowPlaintextLogin }: Pop3Options): void {
  if (implicitTls) throw new ConfigError('implicitTls', 'needs a plugin that provides "certificates"')
  if (allowPlaintextLogin) return
  throw new ConfigError(
    'allowPlaintextLogin',
    'must be true where no plugin provides "certificates": else nobody could log in',
  )
}

/** One connection too many is told so, where it can be told before TLS. */
function refuse(implicitTls: boolean): (socket: Socket) => void {
  return (socket) => {
    if (implicitTls) socket.destroy()
    else socket.end('-ERR [SYS/TEMP] Too many connections, try again later\r\n', () => socket.destroy())
  }
}
