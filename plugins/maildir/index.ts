import { dirname, resolve } from 'node:path'
import { accounts, definePlugin, notifier, type PluginFactory, store } from 'mailwright'
import { fixedFolder, requireWritableFolder } from 'mailwright/disk'
import { GuardedStore } from 'mailwright/rights'
import { MaildirStore } from './account/maildir-store.ts'
import { rootCheck } from './account/root-check.ts'
import { nodeFileSystem } from './files/file-system.ts'
import { type MaildirOptions, parseMaildirOptions } from './options.ts'
import { sharedMailboxCommands } from './sharing/shared-mailbox-command.ts'
import { mailboxAccessCommand } from './sharing/shared-mailbox-command-access.ts'
import { sharedStore } from './sharing/sharing.ts'

export type { MaildirOptions } from './options.ts'

/** Provides `store`: mail in Maildir and Maildir++, safe with other programs at work on the same files. */
const maildir: PluginFactory<Partial<MaildirOptions>> = definePlugin<MaildirOptions>({
  name: 'maildir',
  provides: [store],
  optional: [accounts, notifier],
  parseOptions: parseMaildirOptions,
  setup({ provide, useOptional, flow, log, clock, metrics, health, hostname, dataDir }, options) {
    const root = resolve(dataDir, options.root)
    const surroundings = {
      ...options,
      root,
      files: nodeFileSystem,
      announce: flow.retrieval,
      log,
      clock,
      metrics,
      hostname,
    }
    const service = new MaildirStore(surroundings)
    const folder = { option: 'root', path: root, levels: options.path.split('/').length }
    // Nothing is kept in / itself: whoever has it for a root means the folders of the template.
    const isKept = dirname(root) !== root
    if (isKept) health.check('root', () => rootCheck(folder))
    // Owners are found by their ids: without accounts nobody can open a mailbox to anybody.
    const [owners, hints] = [useOptional(accounts), useOptional(notifier)]
    provide(
      store,
      owners === undefined || hints === undefined
        ? service
        : sharedStore(service, surroundings, { accounts: owners, notifier: hints }),
    )
    return {
      keeps: [fixedFolder(root, options.path)],
      start: () => service.recover(),
      async serve() {
        if (!isKept) return
        await requireWritableFolder(folder)
        await service.serve()
      },
      stop: () => service.close(),
    }
  },
  commands({ use, useOptional }) {
    const [provided, owners] = [use(store), useOptional(accounts)]
    if (!(provided instanceof GuardedStore) || owners === undefined) return []
    return [...sharedMailboxCommands(provided, owners), mailboxAccessCommand(provided, owners)]
  },
})

export default maildir
