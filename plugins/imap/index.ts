import type { Socket } from 'node:net'
import {
  accounts,
  ConfigError,
  certificates,
  definePlugin,
  imapExtensions,
  type PluginFactory,
  ServerTls,
  store,
} from 'mailwright'
import { Conversation } from './engine/conversation.ts'
import { Server } from './engine/server.ts'
import { vocabularyOf } from './engine/vocabulary.ts'
import { shippedExtensions } from './extensions/index.ts'
import { type ImapInput, type ImapOptions, parseOptions } from './options.ts'

export type { ImapInput, ImapOptions } from './options.ts'

/** An IMAP listener over the `store` service. */
const imap: PluginFactory<ImapInput> = definePlugin<ImapOptions, ImapInput>({
  name: 'imap',
  requires: [accounts, store, imapExtensions],
  optional: [certificates],
  parseOptions,
  setup(context, options) {
    const keys = context.useOptional(certificates)
    if (keys === undefined) requireLogin(options)
    const tls = keys === undefined ? undefined : new ServerTls(keys, 'imap')
    const { flow, hostname, clock, log, spool } = context
    const receive = () => spool.receive()
    const server = new Server({
      flow,
      store: context.use(store),
      tls,
      options,
      hostname,
      clock,
      log,
      receive,
    })
    const registered = context.use(imapExtensions)
    const conversations = new Set<Conversation>()
    const { host, port, maxConnections, implicitTls } = options
    context.listen(
      { role: 'imap', host, port, maxConnections, implicitTls, onOverflow: refuse(implicitTls) },
      (socket) => {
        const conversation = new Conversation(socket, server)
        conversations.add(conversation)
        void conversation.run().finally(() => conversations.delete(conversation))
      },
    )
    return {
      start: async () => {
        const extensions = [...shippedExtensions, ...registered.all]
        server.speak(extensions, vocabularyOf(extensions))
        tls?.start()
      },
      stop: async () => {
        await Promise.all([...conversations].map((conversation) => conversation.stop()))
        tls?.stop()
      },
    }
  },
})

export default imap

/** Without certificates a listener is of use only where passwords may go in clear. */
function requireLogin({ implicitTls, allowPlaintextLogin }: ImapOptions): void {
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
    else socket.end('* BYE [UNAVAILABLE] Too many connections, try again later\r\n', () => socket.destroy())
  }
}
