import { accounts, definePlugin, type PluginContext, type PluginFactory } from 'mailwright'
import { BackupRecipients } from './backup-recipients.ts'
import { checkCommand } from './check-command.ts'
import { refuseFrom } from './from-binding.ts'
import { groundOf } from './grounds.ts'
import { parseOptions, type RelayInput, type RelayOptions } from './options.ts'
import { RelayRules } from './relay-rules.ts'
import { SenderBinding } from './sender-binding.ts'

export type { ClientCertificatesInput, RelayInput } from './options.ts'

/** Who may send to other hosts, and under which addresses; see README.md. */
const plugin: PluginFactory<RelayInput> = definePlugin<RelayOptions, RelayInput>({
  name: 'relay',
  optional: [accounts],
  parseOptions,
  setup(context, options) {
    const { hooks } = context
    const { rules, binding, backupRecipients } = decide(context, options)

    hooks.connection.claimClient.tap('ground', async (session) => {
      const reason = groundOf(session, options)
      return reason === undefined ? undefined : { reason }
    })

    hooks.envelope.checkSender.tap('own-sender', async ({ session: { role, account }, reversePath }) =>
      role === 'submission' && account ? binding.refuseReversePath(account, reversePath) : undefined,
    )

    hooks.envelope.checkRecipient.tap('recipient', async ({ session }, { forwardPath }) =>
      rules.refuse(session, forwardPath),
    )

    hooks.envelope.claimRecipient.tap('ground', async ({ session }, { forwardPath }) =>
      rules.claim(session, forwardPath),
    )

    hooks.data.checkMessage.tap('own-from', async ({ session: { role, account } }, { header }) =>
      role === 'submission' && account && options.fromField !== 'any'
        ? refuseFrom(header, account, binding)
        : undefined,
    )

    hooks.delivery.route.tap('remote', async ({ address }) => rules.route(address), { kinds: ['remote'] })

    const load = async (): Promise<void> => backupRecipients?.load()
    return { start: load, check: load }
  },
  commands(context, options) {
    return [checkCommand({ ...decide(context, options), accounts: context.useOptional(accounts) })]
  },
})

interface Decisions {
  readonly rules: RelayRules
  readonly binding: SenderBinding
  readonly backupRecipients: BackupRecipients | undefined
}

function decide({ useOptional, flow }: PluginContext, options: RelayOptions): Decisions {
  const directory = useOptional(accounts)
  const { backupRecipients: path, detailSeparator } = options
  const backupRecipients = path === undefined ? undefined : new BackupRecipients(path, detailSeparator)
  return {
    rules: new RelayRules(options, { accounts: directory, backupRecipients, delivery: flow.delivery }),
    binding: new SenderBinding(options, directory, flow.delivery),
    backupRecipients,
  }
}

export default plugin
