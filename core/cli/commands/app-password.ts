import { checkRoles } from '../../accounts/rules.ts'
import { formatAddress, formatUnicodeAddress } from '../../model/address/address.ts'
import { addressArgument, firstLine } from '../context.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { unless, withAdministration } from './administration.ts'
import { given, listWord } from './quantities.ts'

export const appPasswordCommands: readonly CoreCommand[] = [
  {
    usage: 'user app-password add <address> <name>',
    summary: 'make a password for one program or device; it is printed once and never again',
    options: [
      { flags: '--for <protocols>', summary: 'what it opens, such as imap,submission; all where absent' },
      {
        flags: '--secret-stdin',
        summary: 'take the first line of standard input, at least 20 octets that a program made',
      },
      {
        flags: '--if-missing',
        summary: 'be content where there is one of that name; nothing is printed then',
      },
    ],
    examples: ['mailwright user app-password add me@example.org "My phone" --for imap,submission'],
    action: async (context, [word = '', name = ''], options) => {
      const address = addressArgument(word)
      const roles = given(options.for) ? checkRoles(listWord(options.for)) : []
      const supplied = options.secretStdin === true ? await firstLine(context.stdin) : undefined
      return withAdministration(context, async (administration, { requireMeant }) => {
        requireMeant(roles)
        let secret: string | undefined
        const added = await unless('MAIL_E_EXISTS', options.ifMissing === true, async () => {
          const wanted = { name, roles, ...(supplied === undefined ? {} : { secret: supplied }) }
          secret = (await administration.addAppPassword(address, wanted)).secret
        })
        // What was given is known already, and need not be seen on a screen.
        const shown = supplied === undefined ? secret : undefined
        const text = added ? (shown ?? `added ${name}`) : `exists already: ${name}`
        const json = { address: formatAddress(address), name, roles, added }
        return { json: shown === undefined ? json : { ...json, secret: shown }, text }
      })
    },
  },
  {
    usage: 'user app-password list <address>',
    summary: 'list the app passwords of an account, with their last use',
    action: async (context, [word = '']) => {
      const address = addressArgument(word)
      return withAdministration(context, async (administration) => {
        const list = await administration.appPasswords(address)
        const rows = list.map(({ name, roles, createdAt, lastUsedAt }) => [
          name,
          roles.join(', ') || 'all',
          createdAt.toISOString(),
          lastUsedAt?.toISOString() ?? 'never',
        ])
        return { json: list, text: table(['name', 'for', 'made', 'last used'], rows) }
      })
    },
  },
  {
    usage: 'user app-password remove <address> <name>',
    summary: 'revoke an app password, at once',
    options: [{ flags: '--if-exists', summary: 'be content where it does not exist' }],
    action: async (context, [word = '', name = ''], options) => {
      const address = addressArgument(word)
      return withAdministration(context, async (administration, { changing }) => {
        const remove = () => administration.removeAppPassword(address, name)
        const removed = await changing(
          address,
          () => unless('MAIL_E_NOT_FOUND', options.ifExists === true, remove),
          { end: 'app-password', appPassword: name },
        )
        const text = `${removed ? 'removed' : 'there was no'} ${name} of ${formatUnicodeAddress(address)}`
        return { json: { address: formatAddress(address), name, removed }, text }
      })
    },
  },
]
