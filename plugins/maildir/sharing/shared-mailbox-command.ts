import {
  type Accounts,
  type CommandOutput,
  type ErrorCode,
  errorCode,
  type PluginCommand,
  UsageError,
} from 'mailwright'
import { type GuardedStore, type PublicMailboxes, sharedLevel } from 'mailwright/rights'
import {
  accessOutput,
  accessWords,
  type ShownList,
  shownEntries,
  wellSaid,
} from './shared-mailbox-command-access.ts'

const mailboxWord = { name: 'mailbox', summary: 'such as Team, or Shared/Team as clients have it' }

/** `shared-mailbox …`: the mailboxes that belong to nobody. */
export function sharedMailboxCommands(store: GuardedStore, accounts: Accounts): readonly PluginCommand[] {
  const { publicMailboxes: mailboxes } = store
  if (mailboxes === undefined) return []
  return [
    {
      name: 'shared-mailbox list',
      summary: 'list the public mailboxes, with who may do what',
      run: () => listOutput(mailboxes, accounts),
    },
    {
      name: 'shared-mailbox add',
      summary: 'make a public mailbox; it is open to those to whom the one above it is',
      arguments: [mailboxWord],
      options: [{ flags: '--if-missing', summary: 'be content where it exists already' }],
      run: ({ arguments: [word = ''], options }) => add(mailboxes, nameOf(word), options.ifMissing === true),
    },
    {
      name: 'shared-mailbox remove',
      summary: 'remove a public mailbox and its messages; those below it stay',
      arguments: [mailboxWord],
      options: [{ flags: '--if-exists', summary: 'be content where it does not exist' }],
      async run({ arguments: [word = ''], options }) {
        const name = nameOf(word)
        const removed = await unless('MAIL_E_NOT_FOUND', options.ifExists === true, () =>
          mailboxes.delete(name),
        )
        return {
          json: { mailbox: name, removed },
          text: removed ? `removed ${name}` : `there was no ${name}`,
        }
      },
    },
    {
      name: 'shared-mailbox access',
      summary:
        'show or change who may do what with a public mailbox; with "Shared", what new ones begin with',
      arguments: [mailboxWord, ...accessWords],
      run: ({ arguments: [word = '', ...words] }) => access(mailboxes, accounts, nameOf(word), words),
    },
    examineCommand(mailboxes, 'check', 'look for damage in the public mailboxes; changes nothing'),
    examineCommand(
      mailboxes,
      'repair',
      'undo the damage that "shared-mailbox check" finds; loses no message',
    ),
  ]
}

/** As clients have it; the level above may be left out. */
function nameOf(word: string): string {
  if (word === '') throw new UsageError('the name is empty')
  return word === sharedLevel || word.startsWith(`${sharedLevel}/`) ? word : `${sharedLevel}/${word}`
}

async function listOutput(mailboxes: PublicMailboxes, accounts: Accounts): Promise<CommandOutput> {
  const shown = []
  for (const { name, list } of await mailboxes.list())
    shown.push({ mailbox: name, access: await shownEntries(list, accounts) })
  const lines = shown.map(({ mailbox, access: entries }) => {
    const given = entries.map(({ identifier, rights }) => `${identifier} ${rights}`).join(', ')
    return printable(`${mailbox}: ${given || 'open to nobody'}`)
  })
  return { json: shown, text: lines.length === 0 ? 'there are no public mailboxes' : lines.join('\n') }
}

async function add(mailboxes: PublicMailboxes, name: string, ifMissing: boolean): Promise<CommandOutput> {
  const added = await unless('MAIL_E_EXISTS', ifMissing, () => mailboxes.create(name))
  const isOpen = (await mailboxes.accessList(name)).length > 0
  const hint = isOpen ? '' : '; open it with `mailwright shared-mailbox access`'
  return {
    json: { mailbox: name, added },
    text: added ? `added ${name}${hint}` : `${name} exists already`,
  }
}

function access(
  mailboxes: PublicMailboxes,
  accounts: Accounts,
  name: string,
  words: readonly string[],
): Promise<CommandOutput> {
  const list: ShownList = {
    name,
    read: () => mailboxes.accessList(name),
    set: (identifier, rights) => mailboxes.setAccess(name, identifier, rights),
  }
  return accessOutput(list, words, accounts)
}

function examineCommand(
  mailboxes: PublicMailboxes,
  word: 'check' | 'repair',
  summary: string,
): PluginCommand {
  return {
    name: `shared-mailbox ${word}`,
    summary,
    async run() {
      const faults = await mailboxes.examine({ repair: word === 'repair' })
      const lines = faults.map(({ mailbox, problem, remedy }) =>
        printable(`${mailbox}: ${problem}; ${word === 'repair' ? '' : 'would be repaired: '}${remedy}`),
      )
      return {
        json: faults,
        text: faults.length === 0 ? 'nothing is wrong' : lines.join('\n'),
        exitCode: word === 'check' && faults.length > 0 ? 1 : 0,
      }
    },
  }
}

/** Names of files and mailboxes may be anybody's: controls of a terminal are shown, not obeyed. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** Whether a change was made; false where it failed with a code that is tolerated. */
async function unless(code: ErrorCode, tolerated: boolean, change: () => Promise<void>): Promise<boolean> {
  try {
    await wellSaid(change)
    return true
  } catch (error) {
    if (tolerated && errorCode(error) === code) return false
    throw error
  }
}
