import type { Accounts, PluginCommand } from 'mailwright'
import type { RecentLogins } from './recent-logins.ts'
import { revocationOf } from './revocation.ts'

/** `mailwright pop-before-smtp …` */
export function recentLoginCommands(
  logins: RecentLogins,
  accounts: Accounts | undefined,
): readonly PluginCommand[] {
  return [
    {
      name: 'pop-before-smtp list',
      summary: 'list the addresses that are open for relaying, and for whom',
      async run() {
        const entries = (await logins.list()).map(({ network, login, source, expires_at }) => ({
          network,
          login,
          source,
          until: new Date(Number(expires_at)).toISOString(),
        }))
        const lines = entries.map(
          ({ network, login, source, until }) => `${network}  ${login}  ${source}  until ${until}`,
        )
        return { json: entries, text: lines.length === 0 ? 'no address is open' : lines.join('\n') }
      },
    },
    {
      name: 'pop-before-smtp revoke',
      summary: 'close relaying for an address until its next login',
      arguments: [{ name: 'what', summary: 'an IP address, a network, a login, or "all"' }],
      async run({ arguments: [what = ''] }) {
        const revoked = await logins.revoke(await revocationOf(what, accounts))
        if (revoked === 0) return { json: { revoked }, text: `nothing is open for ${what}`, exitCode: 1 }
        return { json: { revoked }, text: `revoked ${revoked}` }
      },
    },
  ]
}
