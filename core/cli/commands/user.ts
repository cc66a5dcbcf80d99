import type { Account } from '../../model/account.ts'
import { formatAddress, formatUnicodeAddress } from '../../model/address.ts'
import { readOptions } from '../../options.ts'
import { addressArgument, type CliContext, firstLine, UsageError } from '../context.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { unless, withAdministration } from './administration.ts'

type Options = Parameters<CoreCommand['action']>[2]

const passwordOption = {
  flags: '--password-stdin',
  summary: 'read the password from the first line of standard input',
}

async function password(context: CliContext, options: Options): Promise<string | undefined> {
  return options.passwordStdin === true ? firstLine(context.stdin) : undefined
}

/** `512M`, `none`. */
function quota(text: string): number | undefined {
  if (text === 'none') return undefined
  try {
    const read = readOptions({ quota: /^\d+$/.test(text) ? Number(text) : text })
    return read.done(read.size('quota', { min: 1 }))
  } catch {
    throw new UsageError(`"${text}" is not a quota such as 512M, 2G or none`)
  }
}

function accountJson(account: Account): Record<string, unknown> {
  const { id, address, name, quotaBytes } = account
  return { id, address: formatAddress(address), name, quotaBytes }
}

export const userCommands: readonly CoreCommand[] = [
  {
    usage: 'user add <address>',
    summary: 'make an account',
    options: [
      passwordOption,
      { flags: '--name <name>', summary: "the person's name" },
      { flags: '--quota <size>', summary: 'what the mailboxes may hold, such as 2G' },
      { flags: '--if-missing', summary: 'be content where it exists already; nothing of it is changed' },
    ],
    examples: ['printf \'%s\\n\' "$PASSWORD" | mailwright user add me@example.org --password-stdin'],
    action: async (context, [word = ''], options) => {
      const address = addressArgument(word)
      const secret = await password(context, options)
      const quotaBytes = typeof options.quota === 'string' ? quota(options.quota) : undefined
      const name = options.name
      return withAdministration(context, async (administration) => {
        const added = await unless('MAIL_E_EXISTS', options.ifMissing === true, async () => {
          await administration.addAccount({
            address,
            ...(secret === undefined ? {} : { password: secret }),
            ...(typeof name === 'string' ? { name } : {}),
            ...(quotaBytes === undefined ? {} : { quotaBytes }),
          })
        })
        const hint = added && secret === undefined ? '; set a password with `mailwright user passwd`' : ''
        const text = `${added ? 'added' : 'exists already:'} ${formatUnicodeAddress(address)}${hint}`
        return { json: { address: formatAddress(address), added }, text }
      })
    },
  },
  {
    usage: 'user list [domain]',
    summary: 'list the accounts',
    action: (context, [domain]) =>
      withAdministration(context, async (administration) => {
        const list = await administration.accounts(domain)
        const rows = list.map(({ address, name = '', quotaBytes }) => [
          formatUnicodeAddress(address),
          name,
          quotaBytes === undefined ? 'none' : String(quotaBytes),
        ])
        return { json: list.map(accountJson), text: table(['address', 'name', 'quota'], rows) }
      }),
  },
  {
    usage: 'user passwd <address>',
    summary: 'set the password of an account',
    options: [passwordOption],
    action: async (context, [word = ''], options) => {
      const address = addressArgument(word)
      const secret = await password(context, options)
      if (secret === undefined)
        throw new UsageError('say --password-stdin and give the password on standard input')
      return withAdministration(context, async (administration) => {
        await administration.setPassword(address, secret)
        return {
          json: { address: formatAddress(address), changed: true },
          text: `set the password of ${formatUnicodeAddress(address)}`,
        }
      })
    },
  },
  {
    usage: 'user quota <address> <size>',
    summary: 'set what the mailboxes of an account may hold; "none" for no limit',
    examples: ['mailwright user quota me@example.org 2G'],
    action: (context, [word = '', size = '']) => {
      const address = addressArgument(word)
      const quotaBytes = quota(size)
      return withAdministration(context, async (administration) => {
        await administration.setQuota(address, quotaBytes)
        return {
          json: { address: formatAddress(address), quotaBytes },
          text: `set the quota of ${formatUnicodeAddress(address)}`,
        }
      })
    },
  },
  {
    usage: 'user remove <address>',
    summary: 'remove an account; its mail stays in the store',
    options: [{ flags: '--if-exists', summary: 'be content where it does not exist' }],
    action: (context, [word = ''], options) => {
      const address = addressArgument(word)
      return withAdministration(context, async (administration) => {
        const removed = await unless('MAIL_E_NOT_FOUND', options.ifExists === true, () =>
          administration.removeAccount(address),
        )
        const text = `${removed ? 'removed' : 'there was no'} ${formatUnicodeAddress(address)}`
        return { json: { address: formatAddress(address), removed }, text }
      })
    },
  },
]
