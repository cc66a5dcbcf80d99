import { type Clock, type CommandOutput, MailwrightError, type PluginCommand, UsageError } from 'mailwright'
import type { KeptCertificate } from './kept-certificate.ts'
import type { Renewals } from './renewals.ts'

/** `mailwright acme list`, `mailwright acme renew`. */
export function acmeCommands(renewals: Renewals, clock: Clock): readonly PluginCommand[] {
  const { kept } = renewals
  return [
    {
      name: 'acme list',
      summary: 'the wanted certificates: until when they are valid, when they are renewed, what went wrong',
      run: async () => listOf(await Promise.all(kept.map((each) => stateOf(each, clock.now())))),
    },
    {
      name: 'acme renew',
      summary:
        'order now, due or not; the running server answers the authority, and takes over what is issued',
      arguments: [{ name: 'name', summary: 'the first name of one certificate; else all', optional: true }],
      run: async ({ arguments: [name] }) => {
        if (name !== undefined && !kept.some((each) => each.name === name))
          throw new UsageError(`no certificate begins with the name ${name}`)
        await renewals.load()
        const outcomes = await renewals.renew(name)
        if (outcomes === undefined)
          throw new MailwrightError('MAIL_E_IN_USE', 'another process is ordering certificates')
        const failed = outcomes.some(({ problem }) => problem !== undefined)
        return {
          json: outcomes,
          text: outcomes.map((each) => `${each.name}: ${each.problem ?? 'issued'}`).join('\n'),
          exitCode: failed ? 1 : 0,
        }
      },
    },
  ]
}

interface CertificateState {
  readonly names: readonly string[]
  readonly file: string
  /** Times in ISO 8601; undefined where there is none. */
  readonly validTo: string | undefined
  readonly renewAt: string | undefined
  readonly retryAt: string | undefined
  readonly problem: string | undefined
}

async function stateOf(kept: KeptCertificate, now: number): Promise<CertificateState> {
  const [present, record] = await Promise.all([kept.present(), kept.record(now)])
  return {
    names: kept.wanted.names,
    file: kept.file,
    validTo: present?.leaf.validToDate.toISOString(),
    renewAt: time(record.renewAt),
    retryAt: time(record.retryAt),
    problem: record.problem,
  }
}

function time(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds).toISOString()
}

function listOf(states: readonly CertificateState[]): CommandOutput {
  const lines = states.flatMap(({ names, validTo, renewAt, retryAt, problem }) => [
    names.join(' '),
    validTo === undefined ? '  none yet' : `  valid until ${validTo}`,
    ...(renewAt === undefined ? [] : [`  renewed at ${renewAt}`]),
    ...(problem === undefined
      ? []
      : [`  failed: ${problem}`, `  tried again ${retryAt === undefined ? 'now' : `at ${retryAt}`}`]),
  ])
  return { json: states, text: lines.join('\n') }
}
