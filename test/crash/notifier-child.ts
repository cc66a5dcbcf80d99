// A process of several that share a data folder. It talks of the same things to all others, and tells its parent what
// it hears.

import { notifier } from 'mailwright'
import localNotifier from 'mailwright/plugins/local-notifier'
import { createHost } from '../../core/host.ts'

const [dataDir = '', name = ''] = process.argv.slice(2)
const host = createHost({ dataDir, plugins: [localNotifier()], log: { level: 'warn' } })
await host.start()
await host.serve()
const hints = host.service(notifier)
hints.subscribe('proof', (payload) => process.send?.(payload))
process.on('message', (payload) => hints.publish('proof', payload))
// Nobody counts these: they keep the sockets busy.
setInterval(() => hints.publish('traffic', { name, text: 'x'.repeat(100) }), 2)
process.send?.('ready')
