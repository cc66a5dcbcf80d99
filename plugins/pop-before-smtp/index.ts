import {
  accounts,
  database,
  definePlugin,
  formatAddress,
  PeriodicWork,
  type PluginFactory,
  type Session,
} from 'mailwright'
import { recentLoginCommands } from './commands.ts'
import { LogFollower } from './log-follower.ts'
import { readLoginLine } from './login-line.ts'
import { type PopBeforeSmtpInput, type PopBeforeSmtpOptions, parseOptions } from './options.ts'
import { RecentLogins, recentLoginsMigration } from './recent-logins.ts'
import { SenderCheck } from './sender-check.ts'

export type { LogInput, PopBeforeSmtpInput } from './options.ts'

const cleanEvery = 60_000

/** Who has just read mail from an address may send from there; see README.md. */
const plugin: PluginFactory<PopBeforeSmtpInput> = definePlugin<PopBeforeSmtpOptions, PopBeforeSmtpInput>({
  name: 'pop-before-smtp',
  requires: [database],
  optional: [accounts],
  migrations: [recentLoginsMigration],
  parseOptions,

  setup({ hooks, use, useOptional, flow, clock, log }, options) {
    const logins = new RecentLogins(use(database), clock, options)
    const senders = new SenderCheck(useOptional(accounts), flow.delivery, options.ownSender)

    hooks.connection.loggedIn.tap('remember', async ({ role, remote, tls }, { address }) => {
      const counts = (role === 'pop3' || role === 'imap') && (tls !== undefined || !options.requireTls)
      if (counts) await logins.remember(remote.address, formatAddress(address), role)
    })

    const counts = ({ role }: Session) => role === 'transfer' || (role === 'submission' && options.submission)

    hooks.connection.claimClient.tap('recent-login', async (session) => {
      const [login] = counts(session) ? await logins.of(session.remote.address) : []
      return login === undefined ? undefined : { reason: `after a login of ${login}` }
    })

    hooks.envelope.claimRecipient.tap('recent-login', async ({ session, reversePath }, { forwardPath }) => {
      if (!counts(session) || !(await senders.isForeign(forwardPath))) return undefined
      for (const login of await logins.of(session.remote.address))
        if (await senders.maySend(login, reversePath)) return { reason: `relay after a login of ${login}` }
      return undefined
    })

    const cleaning = new PeriodicWork({ clock, log, service: 'recent logins', every: cleanEvery }, (signal) =>
      logins.clean(signal),
    )
    const followers = options.logs.map(
      ({ path, format, alwaysTls, domain }) =>
        new LogFollower(path, { clock, log }, async (line) => {
          const { login, address, tls } = readLoginLine(format, line) ?? {}
          if (login === undefined || address === undefined) return
          const counts = tls || alwaysTls || !options.requireTls
          const name = login.includes('@') || domain === undefined ? login : `${login}@${domain}`
          if (counts) await logins.remember(address, name, format)
        }),
    )
    return {
      async serve() {
        for (const follower of followers) await follower.start()
        cleaning.start()
      },
      async stop() {
        for (const follower of followers) await follower.stop()
        await cleaning.stop()
      },
    }
  },

  commands: ({ use, useOptional, clock }, options) =>
    recentLoginCommands(new RecentLogins(use(database), clock, options), useOptional(accounts)),
})

export default plugin
