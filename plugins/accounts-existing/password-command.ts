import type { Readable } from 'node:stream'
import { text as readText } from 'node:stream/consumers'
import { formatAddress, MailwrightError, type PluginCommand, parseAddress } from 'mailwright'
import { type LoginContext, type PasswordSettings, setPassword } from './login.ts'

/** `mailwright existing passwd ADDRESS`, which sets an account's password in the site's own table. */
export function passwordCommand(
  context: Pick<LoginContext, 'database' | 'schema'> & {
    readonly passwords: Pick<PasswordSettings, 'cramMd5'>
  },
  stdin: Readable = process.stdin,
): PluginCommand {
  return {
    name: 'existing passwd',
    summary: "Set an account's password, the first line of standard input, in the site's own table",
    arguments: [{ name: 'address', summary: 'The address of the account' }],
    async run({ arguments: [text = ''] }) {
      const address = parseAddress(text)
      if (address === undefined)
        throw new MailwrightError('MAIL_E_INVALID', `${JSON.stringify(text.slice(0, 100))} is not an address`)
      const [password = ''] = (await readText(stdin)).split(/\r?\n/, 1)
      const [found] = await context.database.query((knex) => context.schema.accountsAt(knex, [address]))
      if (found === undefined)
        throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no account ${formatAddress(address)}`)
      if (!(await setPassword(context, found, password)))
        throw new MailwrightError('MAIL_E_IN_USE', 'the password was changed by somebody else at this moment')
      const name = formatAddress(found.account.address)
      return { json: { address: name }, text: `${name} has a new password` }
    },
  }
}
