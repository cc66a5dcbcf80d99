import {
  type AccessEntry,
  type Account,
  type Accounts,
  allRights,
  type CommandOutput,
  canonicalRights,
  errorCode,
  errorText,
  MailwrightError,
  type PluginCommand,
  parseAddress,
  type Rights,
  type RightsIdentifier,
  type Store,
  sameAddress,
  UsageError,
} from 'mailwright'
import {
  addressIdentifier,
  anyone,
  canonicalIdentifier,
  identifierFor,
  isNegative,
  meantBy,
} from 'mailwright/rights'

/** An access control list that a command shows and changes. */
export interface ShownList {
  /** Of the mailbox. */
  readonly name: string
  read(): Promise<readonly AccessEntry[]>
  /** Sets one line; empty rights remove it. */
  set(identifier: RightsIdentifier, rights: Rights): Promise<void>
}

/** A line of a list, as people read it. */
interface ShownEntry {
  /** An account is called by its address. */
  readonly identifier: string
  readonly rights: Rights
  /** What the list holds, where that is an account's id. */
  readonly id?: string
}

/** Whom a word of the command line means. */
interface Subject {
  readonly word: string
  /** What a list should hold; undefined where there is no such account. */
  readonly identifier: RightsIdentifier | undefined
  /** Everything that a list may hold for it. */
  readonly spellings: ReadonlySet<RightsIdentifier>
}

/** Words as cyradm of Cyrus IMAP has them; read as letters, `read` and `write` would be something else. */
const named: ReadonlyMap<string, Rights> = new Map([
  ['none', ''],
  ['read', 'lrs'],
  ['post', 'lrsp'],
  ['append', 'lrsip'],
  ['delete', 'lrxte'],
  ['write', 'lrswipkxte'],
  ['all', allRights],
])

/** The words of `access` behind the mailbox. */
export const accessWords: NonNullable<PluginCommand['arguments']> = [
  {
    name: 'identifier',
    summary:
      'an address or id of an account, or "anyone"; with "-" in front (after "--") it takes rights away',
    optional: true,
  },
  {
    name: 'rights',
    summary: 'letters of RFC 4314, or none, read, post, append, delete, write, all; none removes the line',
    optional: true,
  },
]

/** `mailbox access`. */
export function mailboxAccessCommand(store: Store, accounts: Accounts): PluginCommand {
  return {
    name: 'mailbox access',
    summary: 'show or change who may do what with a mailbox of an account',
    arguments: [
      { name: 'address', summary: 'whose mailbox it is' },
      { name: 'mailbox', summary: 'such as INBOX or Work/Bills' },
      ...accessWords,
    ],
    async run({ arguments: [address = '', name = '', ...words] }) {
      const mailboxes = await store.open(await accountOf(address, accounts))
      const list: ShownList = {
        name,
        read: () => mailboxes.accessList(name),
        set: (identifier, rights) => mailboxes.setAccess(name, identifier, rights),
      }
      return accessOutput(list, words, accounts)
    },
  }
}

/** Changes a list where the words say so, and answers it: all of it, or the lines of whom alone is named. */
export async function accessOutput(
  list: ShownList,
  [word, rightsWord]: readonly string[],
  accounts: Accounts,
): Promise<CommandOutput> {
  const subject = word === undefined ? undefined : await subjectOf(word, accounts)
  const rights = rightsWord === undefined ? undefined : rightsOf(rightsWord)
  const before = await wellSaid(list.read)
  if (subject !== undefined && rights !== undefined) await change(list, before, subject, rights)
  const isMissing = rights === '' && !before.some(({ identifier }) => subject?.spellings.has(identifier))
  const after = rights === undefined ? before : await list.read()
  const wanted =
    subject === undefined || rights !== undefined
      ? after
      : after.filter(({ identifier }) => subject.spellings.has(identifier))
  const access = await shownEntries(wanted, accounts)
  const none = after.length === 0 ? `${list.name} is open to nobody` : `no line speaks of ${word}`
  return {
    json: { mailbox: list.name, access },
    text: isMissing
      ? `no line speaks of ${word}`
      : access.length === 0
        ? none
        : entryLines(access).join('\n'),
    ...(isMissing ? { exitCode: 1 } : {}),
  }
}

/** The entries of a list as people read them. */
export async function shownEntries(
  list: readonly AccessEntry[],
  accounts: Accounts,
): Promise<readonly ShownEntry[]> {
  const shown: ShownEntry[] = []
  for (const { identifier, rights } of list) {
    const meant = meantBy(identifier)
    const account =
      meant === anyone || parseAddress(meant) !== undefined ? undefined : await accounts.byId(meant)
    const mark = isNegative(identifier) ? '-' : ''
    shown.push(
      account === undefined
        ? { identifier, rights }
        : { identifier: mark + addressIdentifier(account.address), rights, id: meant },
    )
  }
  return shown
}

/** Where a word of the command line is to blame, that is wrong use. */
export async function wellSaid<T>(run: () => T | Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw errorCode(error) === 'MAIL_E_INVALID' ? new UsageError(errorText(error)) : error
  }
}

function entryLines(entries: readonly ShownEntry[]): readonly string[] {
  const width = Math.max(...entries.map(({ identifier }) => identifier.length))
  return entries.map(({ identifier, rights }) => `${identifier.padEnd(width)}  ${rights}`)
}

/** An account has one line afterwards, however it was called before. */
async function change(
  list: ShownList,
  before: readonly AccessEntry[],
  { word, identifier, spellings }: Subject,
  rights: Rights,
): Promise<void> {
  if (rights !== '') {
    if (identifier === undefined) throw noAccount(word)
    await list.set(identifier, rights)
  }
  for (const { identifier: other } of before)
    if (spellings.has(other) && (rights === '' || other !== identifier)) await list.set(other, '')
}

async function subjectOf(word: string, accounts: Accounts): Promise<Subject> {
  const canonical = await wellSaid(() => canonicalIdentifier(word))
  const meant = meantBy(canonical)
  const mark = isNegative(canonical) ? '-' : ''
  if (meant === anyone) return { word, identifier: canonical, spellings: new Set([canonical]) }
  const account = await accountNamed(meant, accounts)
  if (account === undefined) return { word, identifier: undefined, spellings: new Set([canonical]) }
  const identifier = mark + identifierFor(account)
  const address = mark + addressIdentifier(account.address)
  return { word, identifier, spellings: new Set([canonical, identifier, address]) }
}

function rightsOf(word: string): Rights {
  // Most words for rights are letters of rights too; what names one twice was not meant as letters.
  const isLetters = new Set(word).size === word.length
  const rights = named.get(word) ?? (isLetters ? canonicalRights(word) : undefined)
  if (rights !== undefined) return rights
  throw new UsageError(`"${word}" is neither letters such as lrs nor one of ${[...named.keys()].join(', ')}`)
}

/** By its address, or by its id. */
async function accountNamed(meant: string, accounts: Accounts): Promise<Account | undefined> {
  const address = parseAddress(meant)
  if (address === undefined) return accounts.byId(meant)
  const found = await accounts.resolve(address)
  return found.kind === 'account' && found.detail === undefined ? found.account : undefined
}

async function accountOf(word: string, accounts: Accounts): Promise<Account> {
  const address = parseAddress(word)
  if (address === undefined) throw new UsageError(`"${word}" is not an address such as someone@example.org`)
  const found = await accounts.resolve(address)
  if (found.kind === 'account' && sameAddress(found.account.address, address)) return found.account
  throw noAccount(word)
}

function noAccount(word: string): MailwrightError {
  return new MailwrightError('MAIL_E_NOT_FOUND', `there is no account ${word}`)
}
