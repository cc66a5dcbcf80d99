import { join } from 'node:path'
import {
  definePlugin,
  issuedCertificates,
  MailwrightError,
  type PluginContext,
  type PluginFactory,
} from 'mailwright'
import { ChallengeFiles } from './challenge-files.ts'
import { acmeCommands } from './commands.ts'
import { HttpResponder } from './http-responder.ts'
import { KeptCertificate } from './kept-certificate.ts'
import { type AcmeInput, type AcmeOptions, parseOptions } from './options.ts'
import { Orders } from './orders.ts'
import { Renewals } from './renewals.ts'
import { TlsAlpnResponder } from './tls-alpn-responder.ts'

export type { AcmeInput, AcmeOptions, ChallengeType, KeyType } from './options.ts'

const maxConnections = 64

/** Certificates from an authority that speaks ACME (RFC 8555), ordered and renewed by themselves; see README.md. */
const plugin: PluginFactory<AcmeInput> = definePlugin<AcmeOptions, AcmeInput>({
  name: 'acme',
  provides: [issuedCertificates],
  parseOptions,
  setup(context, options) {
    const challenges = challengesOf(context, options)
    const renewals = renewalsOf(context, options)
    context.provide(issuedCertificates, renewals)
    if (options.webroot === undefined) answer(context, options, challenges)
    return {
      start: () => renewals.load(),
      check: () => renewals.check(),
      serve: async () => {
        if (!renewals.isUsed)
          throw new MailwrightError(
            'MAIL_E_START',
            'nobody serves the certificates: add the plugin `certificates`',
          )
        await renewals.serve()
      },
      stop: () => renewals.stop(),
    }
  },
  commands: (context, options) => acmeCommands(renewalsOf(context, options), context.clock),
})

export default plugin

function challengesOf(
  { dataDir, clock }: PluginContext,
  { challenge, webroot }: AcmeOptions,
): ChallengeFiles {
  return new ChallengeFiles(join(dataDir, 'acme'), challenge, webroot, clock)
}

function renewalsOf(context: PluginContext, options: AcmeOptions): Renewals {
  const { dataDir, clock, log } = context
  const folder = join(dataDir, 'acme')
  const kept = options.certificates.map((wanted) => new KeptCertificate(folder, wanted, options))
  const orders = new Orders({ folder, options, challenges: challengesOf(context, options), clock, log })
  return new Renewals({ kept, orders, clock, log, random: Math.random })
}

/** Listens for the authority. */
function answer(
  context: PluginContext,
  { challenge, host, port }: AcmeOptions,
  challenges: ChallengeFiles,
): void {
  const { clock } = context
  const isTls = challenge === 'tls-alpn-01'
  const responder = isTls ? new TlsAlpnResponder(challenges, clock) : new HttpResponder(challenges, clock)
  context.listen({ role: 'http', host, port, maxConnections, implicitTls: isTls }, (socket) =>
    responder.accept(socket),
  )
}
