import { database, definePlugin, nextHops, type PluginFactory, resolver } from 'mailwright'
import { MessageDelivery } from './message-delivery.ts'
import { parseOptions, type SmtpOutInput, type SmtpOutOptions } from './options.ts'
import { messageTurns, Pace, turnsMigration } from './pace/index.ts'
import { RemoteDelivery } from './remote-delivery.ts'
import { Destinations } from './routing/destination.ts'
import { Identities } from './routing/identities.ts'
import { MailHosts } from './routing/mail-hosts.ts'
import { checkPasswords } from './routing/password-check.ts'
import { ClientTls } from './security/client-tls.ts'
import { stsMigration } from './security/mta-sts/index.ts'
import { SecurityPolicies } from './security/policies.ts'
import { securitySources } from './security/sources.ts'
import { dailyReports, reporting, tlsReportCommand, tlsReportMigration } from './security/tls-report/index.ts'
import { ConnectionPool } from './session/connection-pool.ts'

export type {
  AddressFamily,
  ConnectionsInput,
  IdentityInput,
  SenderIdentityInput,
  SmtpOutInput,
  TimeoutsInput,
} from './options.ts'
export type { LimitInput } from './pace/index.ts'
export type { RelayInput, RelayRuleInput } from './routing/relay-option.ts'
export type { OwnCertificateInput } from './security/own-certificate.ts'
export type { TlsLevel, TlsRuleInput } from './security/tls-rule.ts'

/** Milliseconds between the end of what is at work and that of the hook, so that outcomes are heard. */
const margin = 10_000

/** Carries mail to other hosts; see README.md. */
const plugin: PluginFactory<SmtpOutInput> = definePlugin<SmtpOutOptions, SmtpOutInput>({
  name: 'smtp-out',
  requires: [resolver],
  optional: [database],
  provides: [nextHops],
  migrations: [stsMigration, tlsReportMigration, turnsMigration],
  parseOptions,
  setup({ hooks, use, useOptional, provide, clock, log, flow, hostname }, options) {
    const { timeouts, connections } = options
    const shared = { ...options, resolver: use(resolver), database: useOptional(database), clock, log }
    const destinations = new Destinations(options)
    const identities = new Identities(options, hostname)
    const tls = new ClientTls({ authorities: options.authorities, clock })
    const sources = securitySources({ ...shared, trusting: () => tls.context })
    const pool = new ConnectionPool({ clock, timeouts, connections, tls, observe: sources.observe })
    const hosts = new MailHosts({ ...shared, hostnames: identities.hostnames, random: Math.random })
    const policies = new SecurityPolicies({ ...options, published: sources.published })
    const pace = new Pace({ ...shared, turns: messageTurns(shared), idleTime: connections.idleTime })
    const delivery = new MessageDelivery({
      ...shared,
      ...{ destinations, hosts, policies, identities, pace, pool },
    })
    const timeout = timeouts.delivery
    const remote = new RemoteDelivery({ destinations, delivery, clock, log, timeout })
    const reports = options.sendTlsReports ? dailyReports({ ...shared, flow, hostname }) : undefined

    provide(nextHops, destinations)

    hooks.delivery.deliver.tap(
      'remote',
      async (batch, { signal }) => (batch.kind === 'remote' ? remote.deliver(batch, signal) : undefined),
      { timeout: timeout + margin, kinds: ['remote'] },
    )

    return {
      start: async () => tls.start(),
      check: async () => {
        tls.start()
        await checkPasswords(options, 'file')
      },
      serve: async () => {
        // Whoever runs `mailwright check` has another environment than the server.
        await checkPasswords(options, 'environment')
        reports?.serve()
      },
      stop: async () => {
        const reported = reports?.stop()
        remote.close()
        pool.close()
        await reported
        await sources.stop()
      },
    }
  },
  commands({ use, useOptional, clock, flow, hostname }, options) {
    const kept = useOptional(database)
    if (kept === undefined || !options.tlsReports) return []
    const sender = reporting({ ...options, resolver: use(resolver), clock, flow, hostname })
    return [tlsReportCommand({ database: kept, ...sender })]
  },
})

export default plugin
