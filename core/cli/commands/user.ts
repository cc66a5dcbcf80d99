import type { Account } from '../../model/account.ts'
import { formatAddress, formatUnicodeAddress } from '../../model/address/address.ts'
import type { AccountsAdministration } from '../../services/accounts.ts'
import { addressArgument, type CliContext, firstLine, UsageError } from '../context.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { existingAccount, requireDomain, unless, withAdministration } from './administration.ts'
import { given, quotaWord, sendingLimitText, sendingLimitWord } from './quantities.ts'

type Options = Parameters<CoreCommand['action']>[2]

const passwordOption = {
  flags: '--password-stdin',
  summary: 'read the password from the first line of standard input',
}

async function password(context: CliContext, options: Options): Promise<string | undefined> {
  return options.passwordStdin === true ? firstLine(context.stdin) : undefined
}

/** An account as `--json` prints it. */
export function accountJson(account: Account): Record<string, unknown> {
  return { ...account, address: formatAddress(account.address) }
}

function accountRow({ address, name = '', quotaBytes, disabled }: Account): readonly string[] {
  const quota = quotaBytes === undefined ? 'none' : String(quotaBytes)
  return [formatUnicodeAddress(address), name, quota, disabled ? 'disabled' : '']
}

/** Those that can be restored, with their ids. */
async function deletedList(administration: AccountsAdministration, domain: string | undefined) {
  const list = await administration.deletedAccounts(domain)
  const rows = list.map(({ account, deletedAt }) => [
    formatUnicodeAddress(account.address),
    account.id,
    deletedAt.toISOString(),
  ])
  const json = list.map(({ account, deletedAt }) => ({ ...accountJson(account), deletedAt }))
  return { json, text: table(['address', 'id', 'deleted'], rows) }
}

const add: CoreCommand = {
  usage: 'user add <address>',
  summary: 'make an account',
  options: [
    passwordOption,
    { flags: '--name <name>', summary: "the person's name" },
    { flags: '--quota <size>', summary: 'what the mailboxes may hold, such as 2G' },
    { flags: '--sending-limit <limit>', summary: 'recipients in a time, such as 100/1h' },
    { flags: '--if-missing', summary: 'be content where it exists already; nothing of it is changed' },
  ],
  examples: ['printf \'%s\\n\' "$PASSWORD" | mailwright user add me@example.org --password-stdin'],
  action: async (context, [word = ''], options) => {
    const address = addressArgument(word)
    const quotaBytes = given(options.quota) ? quotaWord(options.quota) : undefined
    const sendingLimit = given(options.sendingLimit) ? sendingLimitWord(options.sendingLimit) : undefined
    const secret = await password(context, options)
    const { name } = options
    return withAdministration(context, async (administration) => {
      const added = await unless('MAIL_E_EXISTS', options.ifMissing === true, () =>
        administration.addAccount({
          address,
          ...(secret === undefined ? {} : { password: secret }),
          ...(given(name) ? { name } : {}),
          ...(quotaBytes === undefined ? {} : { quotaBytes }),
          ...(sendingLimit === undefined ? {} : { sendingLimit }),
        }),
      )
      const hint = added && secret === undefined ? '; set a password with `mailwright user passwd`' : ''
      const text = `${added ? 'added' : 'exists already:'} ${formatUnicodeAddress(address)}${hint}`
      return { json: { address: formatAddress(address), added }, text }
    })
  },
}

const show: CoreCommand = {
  usage: 'user show <address>',
  summary: 'show everything about an account but its secrets',
  action: async (context, [word = '']) => {
    const address = addressArgument(word)
    return withAdministration(context, async (administration, { service }) => {
      const account = await existingAccount(service, address)
      const appPasswords = service.supports.appPasswords ? await administration.appPasswords(address) : []
      const facts = {
        address: formatUnicodeAddress(account.address),
        id: account.id,
        name: account.name ?? 'none',
        quota: account.quotaBytes === undefined ? 'none' : String(account.quotaBytes),
        state: account.disabled ? 'disabled' : 'enabled',
        'may not use': account.disabledProtocols?.join(', ') ?? 'none',
        'sending limit': sendingLimitText(account.sendingLimit),
        'app passwords': appPasswords.map(({ name }) => name).join(', ') || 'none',
      }
      const text = table(['fact', 'value'], Object.entries(facts))
      return { json: { ...accountJson(account), appPasswords }, text }
    })
  },
}

const passwd: CoreCommand = {
  usage: 'user passwd <address>',
  summary: 'set the password of an account',
  options: [passwordOption],
  action: async (context, [word = ''], options) => {
    const address = addressArgument(word)
    const secret = await password(context, options)
    if (secret === undefined)
      throw new UsageError('say --password-stdin and give the password on standard input')
    return withAdministration(context, async (administration, { changing }) => {
      await changing(address, () => administration.setPassword(address, secret), { end: 'password' })
      return {
        json: { address: formatAddress(address), changed: true },
        text: `set the password of ${formatUnicodeAddress(address)}`,
      }
    })
  },
}

const setQuota: CoreCommand = {
  usage: 'user quota <address> <size>',
  summary: 'set what the mailboxes of an account may hold; "none" for no limit',
  examples: ['mailwright user quota me@example.org 2G'],
  action: async (context, [word = '', size = '']) => {
    const address = addressArgument(word)
    const quotaBytes = quotaWord(size)
    return withAdministration(context, async (administration, { changing }) => {
      await changing(address, () => administration.setQuota(address, quotaBytes))
      return {
        json: { address: formatAddress(address), quotaBytes },
        text: `set the quota of ${formatUnicodeAddress(address)}`,
      }
    })
  },
}

/** What accounts are, and what every one of them has. */
export const userCommands: readonly CoreCommand[] = [
  add,
  {
    usage: 'user list [domain]',
    summary: 'list the accounts',
    options: [{ flags: '--deleted', summary: 'those that were removed and can be restored' }],
    action: (context, [domain], options) =>
      withAdministration(context, async (administration, { service }) => {
        // They may be left of a domain that was removed, too.
        if (options.deleted === true) return deletedList(administration, domain)
        await requireDomain(service, domain)
        const list = await administration.accounts(domain)
        const text = table(['address', 'name', 'quota', 'state'], list.map(accountRow))
        return { json: list.map(accountJson), text }
      }),
  },
  show,
  passwd,
  setQuota,
]
