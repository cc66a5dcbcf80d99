import { accounts, certificates, definePlugin, type PluginFactory, store } from 'mailwright'
import { listenForClients, SessionCounts } from 'mailwright/network'
import { type Pop3Input, type Pop3Options, parseOptions } from './options.ts'
import { Pop3Session } from './session.ts'

export type { Pop3Input, Pop3Options } from './options.ts'

/** A POP3 listener over the `store` service. */
const pop3: PluginFactory<Pop3Input> = definePlugin<Pop3Options, Pop3Input>({
  name: 'pop3',
  requires: [accounts, store],
  optional: [certificates],
  parseOptions,
  setup(context, options) {
    const { flow, hostname, clock, log } = context
    const shared = {
      flow,
      store: context.use(store),
      options,
      hostname,
      clock,
      log,
      counts: new SessionCounts(),
    }
    return listenForClients(context, {
      role: 'pop3',
      options,
      certificates: context.useOptional(certificates),
      overflow: '-ERR [SYS/TEMP] Too many connections, try again later',
      begin: (socket, tls, ends) => new Pop3Session(socket, ends, { ...shared, tls }),
    })
  },
})

export default pop3
