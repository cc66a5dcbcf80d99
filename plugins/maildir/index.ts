import { resolve } from 'node:path'
import { definePlugin, type PluginFactory, store } from 'mailwright'
import { nodeFileSystem } from './file-system.ts'
import { MaildirStore } from './maildir-store.ts'
import { type MaildirOptions, parseMaildirOptions } from './options.ts'

export type { MaildirOptions } from './options.ts'

/** Provides `store`: mail in Maildir and Maildir++, safe with other programs at work on the same files. */
const maildir: PluginFactory<Partial<MaildirOptions>> = definePlugin<MaildirOptions>({
  name: 'maildir',
  provides: [store],
  parseOptions: parseMaildirOptions,
  setup({ provide, flow, log, clock, hostname, dataDir }, options) {
    const service = new MaildirStore({
      ...options,
      root: resolve(dataDir, options.root),
      files: nodeFileSystem,
      announce: flow.retrieval,
      log,
      clock,
      hostname,
    })
    provide(store, service)
    return { stop: () => service.close() }
  },
})

export default maildir
