import { toldBy } from '../../error-origin.ts'
import { errorText, MailwrightError } from '../../errors.ts'
import { becomeUserToRead } from '../../host/privileges.ts'
import { createHost } from '../../host.ts'
import { createLog } from '../../log.ts'
import type { PluginCommand } from '../../plugin.ts'
import { awayCredential } from '../away-credential.ts'
import { configOf } from '../context.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'

export const checkCommand: CoreCommand = {
  usage: 'check',
  summary:
    'load and check the config and the files that it names; print the plugins, their commands, and the taps of each hook in their order',
  action: async (context) => {
    const { config, file, folder } = await configOf(context)
    const host = createHost(config, { folder, log: createLog('silent') })
    const { name, doubt } = becomeUserToRead(host.settings)
    await host.check(awayCredential).catch((error: unknown) => {
      throw name === undefined ? error : faultsFor(name, error)
    })
    const warnings = [...host.warnings, ...(doubt === undefined ? [] : [doubt])]
    const hooks = host.hooks.list().filter((hook) => hook.taps.length > 0)
    const json = {
      config: file,
      hostname: host.settings.hostname,
      dataDir: host.settings.dataDir,
      plugins: host.plugins,
      warnings,
      commands: host.commands.map(({ name, summary }) => ({ name, summary })),
      hooks: Object.fromEntries(hooks.map((hook) => [hook.name, hook.taps])),
    }
    const rows = hooks.map((hook) => [hook.name, hook.kind, hook.taps.join(' → ')])
    const text = [
      `${file} is good.`,
      ...warnings.map((text) => `But ${text}.`),
      '',
      `Plugins, in the order in which they start: ${host.plugins.join(', ')}`,
      '',
      ...(host.commands.length === 0 ? [] : [commandsText(host.commands), '']),
      table(['hook', 'kind', 'taps'], rows),
    ].join('\n')
    return { json, text }
  },
}

/** Who reads decides what is a fault. */
function faultsFor(name: string, error: unknown): MailwrightError {
  return toldBy(new MailwrightError('MAIL_E_START', `${errorText(error)} (read as ${name})`), [error])
}

function commandsText(commands: readonly PluginCommand[]): string {
  return table(
    ['command', 'what it does'],
    commands.map(({ name, summary }) => [name, summary]),
  )
}
