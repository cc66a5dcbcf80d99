import {
  accounts,
  type Certificates,
  ConfigError,
  certificates,
  definePlugin,
  type PluginFactory,
  queue,
  resolver,
  statusNotifications,
} from 'mailwright'
import { clientCiphers } from 'mailwright/network'
import { DiskRoom } from './disk-room.ts'
import { Engine } from './engine.ts'
import { parseOptions, type SmtpInput, type SmtpOptions } from './options.ts'
import { SecureContexts } from './secure-contexts.ts'
import type { SmtpService } from './session.ts'

export type { SmtpInput, SmtpOptions, SmtpTimeouts } from './options.ts'

/** One SMTP listener: for other servers, or for users who log in; see README.md. */
const plugin: PluginFactory<SmtpInput> = definePlugin<SmtpOptions, SmtpInput>({
  name: 'smtp',
  requires: [queue],
  optional: [accounts, certificates, resolver, statusNotifications],
  parseOptions,
  setup({ use, useOptional, listen, flow, hostname, spool, log, clock }, options) {
    const keys = options.tls === 'none' ? undefined : useOptional(certificates)
    checkTls(options, keys)
    if (options.auth && useOptional(accounts) === undefined) {
      throw new ConfigError(
        'auth',
        'nobody could log in: add a plugin that provides "accounts", such as accounts-sql',
      )
    }
    const contexts =
      keys &&
      new SecureContexts(keys, log, clock, {
        authoritiesFile: options.clientCertificateAuthorities,
        // Users send passwords; between servers anything is better than clear text (RFC 7435 §3).
        ciphers: options.role === 'submission' ? clientCiphers : undefined,
      })
    const mail = use(queue)
    const canReport = options.role !== 'lmtp' && useOptional(statusNotifications) !== undefined
    const service: SmtpService = {
      options,
      get isNearlyFull() {
        return engine.isNearlyFull
      },
      get offersDsn() {
        return options.dsn ?? (canReport && mail.supports.retries)
      },
      hostname,
      spool,
      room: new DiskRoom(spool, options.minFree, log),
      log,
      clock,
      canSecure: keys !== undefined,
      resolver: options.lookupClientName ? useOptional(resolver) : undefined,
    }
    const engine: Engine = new Engine(service, flow, contexts)
    const { role, host, port, path, mode, maxConnections, implicitTls } = options
    const place = path === undefined ? { host, port } : { path, mode }
    const onOverflow = engine.overflow.bind(engine)
    listen({ ...place, role, maxConnections, implicitTls, onOverflow }, (socket) => engine.connect(socket))
    return {
      start: async () => contexts?.start(),
      check: async () => contexts?.check(),
      drain: (over) => engine.stop(over),
      async stop() {
        await engine.stop()
        contexts?.stop()
      },
    }
  },
})

export default plugin

function checkTls(options: SmtpOptions, keys: Certificates | undefined): void {
  if (keys !== undefined) return
  const advice = 'add the certificates plugin, or another one that provides "certificates"'
  if (options.implicitTls) throw new ConfigError('implicitTls', `needs TLS keys: ${advice}`)
  if (options.tls === 'required')
    throw new ConfigError('tls', `cannot be "required" without TLS keys: ${advice}`)
  if (options.auth && !options.allowPlaintextAuth) {
    throw new ConfigError(
      'auth',
      `nobody could log in, for passwords need TLS: ${advice}, or set allowPlaintextAuth: true`,
    )
  }
}
