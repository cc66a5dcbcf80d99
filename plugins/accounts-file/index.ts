import { isAbsolute, join } from 'node:path'
import {
  type Accounts,
  accounts,
  addressKey,
  canonicalDomain,
  definePlugin,
  type PluginFactory,
  parseAddress,
  type SessionRole,
  type Verification,
  verifyNothing,
  verifyPassword,
} from 'mailwright'
import { FileAdministration } from './administration.ts'
import { type AccountsFileInput, type AccountsFileOptions, parseOptions } from './options.ts'
import { AccountsSource } from './source.ts'

export type { AccountsFileInput, AccountsFileOptions } from './options.ts'

/** Domains, accounts and aliases in a text file. */
const plugin: PluginFactory<AccountsFileInput> = definePlugin<AccountsFileOptions, AccountsFileInput>({
  name: 'accounts-file',
  provides: [accounts],
  parseOptions,
  setup({ provide, clock, log, dataDir }, options) {
    const file = isAbsolute(options.file) ? options.file : join(dataDir, options.file)
    const source = new AccountsSource({ file, create: options.create, clock, log })
    const service: Accounts = {
      supports: { administration: true, aliases: true, catchAll: true, persistent: true },
      async domain(name) {
        const canonical = canonicalDomain(name)
        const { domains } = await source.current()
        return canonical !== undefined && domains.has(canonical) ? { name: canonical } : undefined
      },
      async resolve(address) {
        return (await source.current()).resolve(address, options.detailSeparator)
      },
      async byId(id) {
        return (await source.current()).byId(id)?.account
      },
      verify: (login, secret, role) => verifyLogin(source, login, secret, role),
      administration: new FileAdministration({ source, file, clock }),
    }
    provide(accounts, service)
    return {
      start: () => source.open(),
      serve: async () => source.watch(),
      stop: async () => source.close(),
    }
  },
})

/** Tells whether there is such an account, and whether it may log in, only after as much work as a wrong secret takes. */
async function verifyLogin(
  source: AccountsSource,
  login: string,
  secret: string,
  role: SessionRole,
): Promise<Verification> {
  const address = parseAddress(login)
  const entry = address && (await source.current()).accounts.get(addressKey(address))
  if (entry?.password === undefined) {
    await verifyNothing(secret)
    return { ok: false, reason: entry === undefined ? 'unknown' : 'wrong-secret' }
  }
  if (!(await verifyPassword(secret, entry.password))) return { ok: false, reason: 'wrong-secret' }
  if (entry.disabled) return { ok: false, reason: 'disabled' }
  if (entry.account.disabledProtocols?.includes(role)) return { ok: false, reason: 'protocol' }
  return { ok: true, account: entry.account }
}

export default plugin
