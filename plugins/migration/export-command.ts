import { type CommandInvocation, type CommandOutput, MailwrightError, type PluginCommand } from 'mailwright'
import { accountOf, mailboxFilter, neededOption, pathWord } from './command-words.ts'
import { MaildirExport } from './export-maildir.ts'
import { MboxExport } from './export-mbox.ts'
import { type ExportForm, exportMailboxes } from './export-run.ts'
import type { MigrationContext } from './import-command.ts'
import { Progress } from './progress.ts'

const options = [
  { flags: '--from <address>', summary: 'whose mail is written' },
  { flags: '--mailboxes <patterns>', summary: 'only these, such as "INBOX,Work/*"' },
  { flags: '--exclude <patterns>', summary: 'all but these' },
]
const words = [{ name: 'path', summary: 'a directory; it is made where it is missing' }]

/** `export maildir` and `export mbox`. */
export function exportCommands(context: MigrationContext): readonly PluginCommand[] {
  return [
    {
      name: 'export maildir',
      summary: 'write the mail of an account as Maildir++',
      arguments: words,
      options: [...options, { flags: '--force', summary: 'add to the Maildirs that are there' }],
      run: (invocation) =>
        exportAs(context, invocation, (path, force) => new MaildirExport(path, context.hostname, force)),
    },
    {
      name: 'export mbox',
      summary: 'write the mail of an account as mbox files, one a mailbox',
      arguments: words,
      options: [...options, { flags: '--force', summary: 'replace files that are there' }],
      run: (invocation) => exportAs(context, invocation, (path, force) => new MboxExport(path, force)),
    },
  ]
}

async function exportAs(
  context: MigrationContext,
  { arguments: [word = ''], options: given, caller }: CommandInvocation,
  formOf: (path: string, force: boolean) => ExportForm,
): Promise<CommandOutput> {
  const address = neededOption(given, 'from')
  const isWanted = mailboxFilter(given)
  const form = formOf(pathWord(word, caller), given.force === true)
  const account = await accountOf(context.accounts, address)
  if (!context.store.supports.persistent)
    throw new MailwrightError(
      'MAIL_E_UNSUPPORTED',
      'the store of this config lives in the memory of the server; a command cannot read it',
    )
  const { supports } = context.store
  const plan = { account: await context.store.open(account), supports, form, isWanted }
  const progress = new Progress(given.json === true ? undefined : caller, context.clock)
  return (await exportMailboxes(plan, progress)).output('exported')
}
