import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Account,
  type Accounts,
  type CommandCaller,
  type CommandInvocation,
  type CommandOutput,
  MailwrightError,
  type PluginCommand,
  type PluginContext,
  type Store,
  UsageError,
} from 'mailwright'
import {
  accountOf,
  mailboxFilter,
  neededOption,
  passwordOption,
  pathWord,
  portOption,
  sinceOption,
  textOption,
} from './command-words.ts'
import type { ImapAccess } from './imap-connection.ts'
import { ImapSource } from './imap-source.ts'
import { type ImportPlan, ImportRun } from './import-run.ts'
import { Journal, readJournal } from './journal.ts'
import { MaildirSource } from './maildir-source.ts'
import { MboxFilesSource } from './mbox-source.ts'
import { Progress, printableLine } from './progress.ts'
import type { MailSource } from './source.ts'
import { survey } from './survey.ts'
import { isPlain } from './target-name.ts'

/** What the commands work with. */
export interface MigrationContext extends Pick<PluginContext, 'clock' | 'dataDir' | 'hostname' | 'spool'> {
  readonly store: Store
  readonly accounts: Accounts
}

const commonOptions = [
  { flags: '--to <address>', summary: 'the account that gets the mail' },
  { flags: '--into <mailbox>', summary: 'put INBOX of the source there, and its other mailboxes below' },
  { flags: '--mailboxes <patterns>', summary: 'only these, such as "INBOX,Work/*"' },
  { flags: '--exclude <patterns>', summary: 'all but these' },
  { flags: '--since <day>', summary: 'only messages that came since then' },
  { flags: '--dry-run', summary: 'only say what would be imported' },
]
const pathArgument = { name: 'path', summary: 'where the mail is' }

const imapOptions = [
  { flags: '--user <name>', summary: 'the name to log in with' },
  { flags: '--password-stdin', summary: 'read the password from the first line of standard input' },
  { flags: '--password-file <file>', summary: 'read the password from the first line of a file' },
  { flags: '--tls <mode>', summary: 'implicit (the default), starttls, or none' },
  { flags: '--port <number>', summary: '993, or 143 without implicit TLS' },
  { flags: '--insecure', summary: 'take any certificate' },
]

/** `import maildir`, `import mbox` and `import imap`. */
export function importCommands(context: MigrationContext): readonly PluginCommand[] {
  const { spool } = context
  return [
    {
      name: 'import maildir',
      summary: 'copy mail from a Maildir, or from all that are below a directory, into an account',
      arguments: [pathArgument],
      options: commonOptions,
      run: (invocation) =>
        importFrom(context, invocation, async () => new MaildirSource(await existingPath(invocation), spool)),
    },
    {
      name: 'import mbox',
      summary: 'copy mail from an mbox file, or from all that are below a directory, into an account',
      arguments: [pathArgument],
      options: commonOptions,
      run: (invocation) =>
        importFrom(
          context,
          invocation,
          async () => new MboxFilesSource(await existingPath(invocation), spool),
        ),
    },
    {
      name: 'import imap',
      summary: 'copy mail from an account at another IMAP server into an account here',
      arguments: [{ name: 'host', summary: 'the other server' }],
      options: [...imapOptions, ...commonOptions],
      run: (invocation) =>
        importFrom(context, invocation, async () => {
          const shown = screen(invocation.options, invocation.caller)
          const onLost = (problem: string): void =>
            shown?.tell(`${shown.isTerminal ? '\n' : ''}${printableLine(problem)}\n`)
          return new ImapSource(await imapAccess(invocation), { ...context, onLost })
        }),
    },
  ]
}

async function importFrom(
  context: MigrationContext,
  invocation: CommandInvocation,
  sourceOf: () => Promise<MailSource>,
): Promise<CommandOutput> {
  const { options, caller } = invocation
  const address = neededOption(options, 'to')
  const [isWanted, since, into] = [mailboxFilter(options), sinceOption(options), intoOption(options)]
  const account = await accountOf(context.accounts, address)
  const { supports } = context.store
  if (!supports.persistent)
    throw new MailwrightError(
      'MAIL_E_UNSUPPORTED',
      'the store of this config lives in the memory of the server; a command cannot import into it',
    )
  const source = await sourceOf()
  try {
    const opened = await context.store.open(account)
    const plan: ImportPlan = { source, account: opened, supports, into, isWanted, since }
    const path = statePath(context.dataDir, source, account, into)
    if (options.dryRun === true) return (await survey(plan, await readJournal(path))).output('would import')
    const journal = await Journal.open(path, { source: source.name, account: account.id })
    try {
      const progress = new Progress(screen(options, caller), context.clock)
      return (await new ImportRun(plan, journal, progress).run()).output('imported')
    } finally {
      await journal.close()
    }
  } finally {
    await source.close()
  }
}

/** With `--json` there is nothing but the summary. */
function screen(
  options: CommandInvocation['options'],
  caller: CommandCaller | undefined,
): CommandCaller | undefined {
  return options.json === true ? undefined : caller
}

/** Runs from the same source into the same place go on where the last one ended. */
function statePath(dataDir: string, source: MailSource, { id }: Account, into: readonly string[]): string {
  const what = JSON.stringify([source.name, id, into])
  return join(dataDir, 'import', `${createHash('sha256').update(what).digest('hex').slice(0, 32)}.jsonl`)
}

function intoOption(options: CommandInvocation['options']): readonly string[] {
  const text = textOption(options, 'into')
  if (text === undefined) return []
  const levels = text.split('/')
  if (isPlain(levels)) return levels
  throw new UsageError(`"${text}" is not the name of a mailbox`)
}

async function existingPath({ arguments: [word = ''], caller }: CommandInvocation): Promise<string> {
  const path = pathWord(word, caller)
  try {
    return await realpath(path)
  } catch {
    throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no ${path}`)
  }
}

async function imapAccess({
  arguments: [host = ''],
  options,
  caller,
}: CommandInvocation): Promise<ImapAccess> {
  const tls = textOption(options, 'tls') ?? 'implicit'
  if (tls !== 'implicit' && tls !== 'starttls' && tls !== 'none')
    throw new UsageError('--tls is implicit, starttls or none')
  if (host === '') throw new UsageError('the host is empty')
  const port = portOption(options) ?? (tls === 'implicit' ? 993 : 143)
  const user = neededOption(options, 'user')
  const insecure = options.insecure === true
  return { host, port, tls, user, insecure, password: await passwordOption(options, caller) }
}
