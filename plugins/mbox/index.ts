import { resolve } from 'node:path'
import { definePlugin, type PluginFactory, store } from 'mailwright'
import { nodeFileSystem } from './file-system.ts'
import { MboxStore } from './mbox-store.ts'
import { type MboxOptions, parseMboxOptions } from './options.ts'

export type { MboxOptions } from './options.ts'

/** Provides `store`: mail in mbox files, as classic Unix mail programs share them. */
const mbox: PluginFactory<Partial<MboxOptions>> = definePlugin<MboxOptions>({
  name: 'mbox',
  provides: [store],
  parseOptions: parseMboxOptions,
  setup({ provide, flow, log, clock, dataDir }, options) {
    provide(
      store,
      new MboxStore({
        ...options,
        root: resolve(dataDir, options.root),
        files: nodeFileSystem,
        announce: flow.retrieval,
        log,
        clock,
      }),
    )
  },
})

export default mbox
