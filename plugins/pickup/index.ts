import { join } from 'node:path'
import {
  definePlugin,
  MailwrightError,
  type PluginContext,
  type PluginFactory,
  statusNotifications,
} from 'mailwright'
import { pickupCommands } from './commands.ts'
import { DropFolder } from './drop-folder.ts'
import { type PickupInput, type PickupOptions, parseOptions } from './options.ts'
import { Pickup } from './pickup.ts'
import { SettledRecipients } from './settled.ts'
import { type SubmissionParts, submitFile } from './submission.ts'
import { groupId } from './users.ts'

export type { PickupInput } from './options.ts'

/** Mail from programs of this machine, which `mailwright sendmail` puts into a folder; see README.md. */
const plugin: PluginFactory<PickupInput> = definePlugin<PickupOptions, PickupInput>({
  name: 'pickup',
  optional: [statusNotifications],
  parseOptions,
  setup(context, options) {
    const { log, clock } = context
    const drop = folderOf(context, options)
    const settled = new SettledRecipients(drop)
    const parts = submissionParts(context, options, settled)
    const submit = (path: string, name: string) => submitFile(path, name, parts)
    let pickup: Pickup | undefined
    return {
      keeps: [drop.path],
      check: async () => void (options.group !== undefined && (await requireGroup(options.group))),
      async serve() {
        const gid = options.group === undefined ? undefined : await requireGroup(options.group)
        const closed = await drop.prepare(gid)
        if (closed !== undefined) log.warn('starting', { text: closedText(drop, closed) })
        pickup = new Pickup({ drop, settled, options, log, clock, submit })
        await pickup.start()
      },
      stop: async () => pickup?.stop(),
    }
  },
  commands: (context, options) => pickupCommands(folderOf(context, options)),
})

export default plugin

function folderOf({ dataDir }: PluginContext, { folder }: PickupOptions): DropFolder {
  return new DropFolder(folder ?? join(dataDir, 'drop'))
}

function submissionParts(
  { flow, spool, clock, log, hostname, useOptional }: PluginContext,
  options: PickupOptions,
  settled: SettledRecipients,
): SubmissionParts {
  const origin = options.origin ?? hostname
  const notifications = useOptional(statusNotifications)
  return { flow, spool, clock, log, hostname, origin, options, settled, notifications }
}

async function requireGroup(name: string): Promise<number> {
  const gid = await groupId(name)
  if (gid === undefined) throw new MailwrightError('MAIL_E_START', `group: there is no group ${name}`)
  return gid
}

function closedText({ path }: DropFolder, closed: string): string {
  return `other users cannot hand in mail: they cannot enter ${closed}, above ${path}`
}
