import { accounts, certificates, definePlugin, imapExtensions, type PluginFactory, store } from 'mailwright'
import { listenForClients } from 'mailwright/network'
import { Conversation } from './engine/conversation.ts'
import { guardedExtension } from './engine/guarded-extension.ts'
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
    const { flow, hostname, clock, log, spool } = context
    const receive = () => spool.receive()
    const server = new Server({ flow, store: context.use(store), options, hostname, clock, log, receive })
    const registered = context.use(imapExtensions)
    return listenForClients(context, {
      role: 'imap',
      options,
      certificates: context.useOptional(certificates),
      overflow: '* BYE [UNAVAILABLE] Too many connections, try again later',
      started: () => {
        const shipped = shippedExtensions.filter(
          ({ name }) => options.unauthenticate || name !== 'unauthenticate',
        )
        const extensions = [...shipped, ...registered.all.map(guardedExtension)]
        server.speak(extensions, vocabularyOf(extensions))
      },
      begin: (socket, tls, ends) => new Conversation(socket, server, tls, ends),
    })
  },
})

export default imap
