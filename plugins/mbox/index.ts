import { dirname, isAbsolute, resolve } from 'node:path'
import { definePlugin, type PluginFactory, store } from 'mailwright'
import { fixedFolder, requireWritableFolder } from 'mailwright/disk'
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
    const root = resolve(dataDir, options.root)
    provide(
      store,
      new MboxStore({
        ...options,
        root,
        files: nodeFileSystem,
        announce: flow.retrieval,
        log,
        clock,
      }),
    )
    const keeps = [fixedFolder(root, options.inbox), fixedFolder(root, options.mailboxes)]
    // Nothing is kept in / itself, nor below the root where the template says a place of its own.
    if (dirname(root) === root || isAbsolute(options.mailboxes)) return { keeps }
    const levels = options.mailboxes.split('/').length
    return { keeps, serve: () => requireWritableFolder({ option: 'root', path: root, levels }) }
  },
})

export default mbox
