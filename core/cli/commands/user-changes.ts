import { type Address, formatAddress, formatUnicodeAddress } from '../../model/address/address.ts'
import type { AccountsAdministration } from '../../services/accounts.ts'
import { addressArgument, UsageError } from '../context.ts'
import type { CoreCommand } from '../program.ts'
import { existingAccount, findAccount, unless, withAdministration } from './administration.ts'
import { disabledOption, given, listWord, sendingLimitWord, textWord } from './quantities.ts'
import { accountJson } from './user.ts'

type Change = (administration: AccountsAdministration, address: Address) => Promise<void>

/** The changes that the options of `user set` ask for; each is checked before the first one is made. */
function changesOf(options: Parameters<CoreCommand['action']>[2]): readonly Change[] {
  const changes: Change[] = []
  const { name, deny, sendingLimit } = options
  if (given(name)) changes.push((administration, address) => administration.setName(address, textWord(name)))
  const disabled = disabledOption(options)
  if (disabled !== undefined)
    changes.push((administration, address) => administration.setDisabled(address, disabled))
  if (given(deny)) {
    const protocols = listWord(deny)
    changes.push((administration, address) => administration.setProtocols(address, protocols))
  }
  if (given(sendingLimit)) {
    const limit = sendingLimitWord(sendingLimit)
    changes.push((administration, address) => administration.setSendingLimit(address, limit))
  }
  if (changes.length === 0) throw new UsageError('say what to change')
  return changes
}

/** A deleted account by its address or by its id. */
function deletedArgument(word: string): Address | string {
  return word.includes('@') ? addressArgument(word) : word
}

const set: CoreCommand = {
  usage: 'user set <address>',
  summary: 'change an account; "none" takes away',
  options: [
    { flags: '--name <name>', summary: "the person's name" },
    { flags: '--disable', summary: 'let it log in no more, and refuse mail for it' },
    { flags: '--enable', summary: 'let it log in again' },
    { flags: '--deny <protocols>', summary: 'what it may not log in to, such as pop3,imap' },
    { flags: '--sending-limit <limit>', summary: 'recipients in a time, such as 100/1h' },
  ],
  examples: [
    'mailwright user set me@example.org --name "My Name" --deny pop3,managesieve',
    'mailwright user set me@example.org --sending-limit 500/1d',
  ],
  action: async (context, [word = ''], options) => {
    const address = addressArgument(word)
    const changes = changesOf(options)
    return withAdministration(context, async (administration, { changing, requireMeant }) => {
      if (given(options.deny)) requireMeant(listWord(options.deny))
      await changing(address, async () => {
        for (const change of changes) await change(administration, address)
      })
      return {
        json: { address: formatAddress(address), changed: true },
        text: `changed ${formatUnicodeAddress(address)}`,
      }
    })
  },
}

const rename: CoreCommand = {
  usage: 'user rename <address> <to>',
  summary: 'give an account another address; it keeps its id, and its old address is free',
  options: [{ flags: '--if-exists', summary: 'be content where there is no account of the old address' }],
  examples: ['mailwright user rename me@example.org myself@example.org'],
  action: async (context, [word = '', toWord = ''], options) => {
    const [address, to] = [addressArgument(word), addressArgument(toWord)]
    return withAdministration(context, async (administration) => {
      const renamed = await unless('MAIL_E_NOT_FOUND', options.ifExists === true, () =>
        administration.rename(address, to),
      )
      const from = formatUnicodeAddress(address)
      const text = renamed ? `renamed ${from} to ${formatUnicodeAddress(to)}` : `there was no ${from}`
      return { json: { address: formatAddress(address), to: formatAddress(to), renamed }, text }
    })
  },
}

const remove: CoreCommand = {
  usage: 'user remove <address>',
  summary: 'remove an account; its mail stays in the store, and it can be restored',
  options: [{ flags: '--if-exists', summary: 'be content where it does not exist' }],
  action: async (context, [word = ''], options) => {
    const address = addressArgument(word)
    return withAdministration(context, async (administration, { changing }) => {
      const removed = await changing(address, () =>
        unless('MAIL_E_NOT_FOUND', options.ifExists === true, () => administration.removeAccount(address)),
      )
      const text = `${removed ? 'removed' : 'there was no'} ${formatUnicodeAddress(address)}`
      return { json: { address: formatAddress(address), removed }, text }
    })
  },
}

const restore: CoreCommand = {
  usage: 'user restore <address-or-id>',
  summary: 'bring a removed account back with everything it had; of one address the one removed last',
  options: [{ flags: '--if-missing', summary: 'be content where there is an account of that address' }],
  action: async (context, [word = ''], options) => {
    const which = deletedArgument(word)
    return withAdministration(context, async (administration, { service }) => {
      const tolerant = options.ifMissing === true && typeof which !== 'string'
      const existing = tolerant ? await findAccount(service, which) : undefined
      const account = existing ?? (await administration.restoreAccount(which))
      const restored = existing === undefined
      const text = `${restored ? 'restored' : 'exists already:'} ${formatUnicodeAddress(account.address)}`
      return { json: { ...accountJson(account), restored }, text }
    })
  },
}

const purge: CoreCommand = {
  usage: 'user purge <address-or-id>',
  summary: 'forget a removed account for good; its mail stays in the store',
  options: [{ flags: '--if-exists', summary: 'be content where there is none' }],
  action: async (context, [word = ''], options) => {
    const which = deletedArgument(word)
    return withAdministration(context, async (administration) => {
      const purged = await unless('MAIL_E_NOT_FOUND', options.ifExists === true, () =>
        administration.purgeAccount(which),
      )
      const text = `${purged ? 'purged' : 'there was no removed account'} ${word}`
      return { json: { account: word, purged }, text }
    })
  },
}

const logOut: CoreCommand = {
  usage: 'user logout <address>',
  summary: 'end all sessions of an account; its programs have to log in again',
  action: async (context, [word = '']) => {
    const address = addressArgument(word)
    return withAdministration(context, async (_, { service, changing }) => {
      await existingAccount(service, address)
      await changing(address, async () => undefined, { end: 'all' })
      return {
        json: { address: formatAddress(address), told: true },
        text: `told the server to end all sessions of ${formatUnicodeAddress(address)}`,
      }
    })
  },
}

/** What becomes of accounts. */
export const userChangeCommands: readonly CoreCommand[] = [set, rename, remove, restore, purge, logOut]
