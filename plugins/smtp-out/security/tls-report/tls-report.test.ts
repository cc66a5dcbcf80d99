import {
  type Database,
  database,
  definePlugin,
  type Log,
  noOptions,
  type PluginCommand,
  UsageError,
} from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import {
  capturedLog,
  createTestHost,
  type FakeClock,
  fakeClock,
  fakeResolver,
  type TestHost,
} from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../../test/support/database-under-test.ts'
import type { StsPolicy } from '../mta-sts/index.ts'
import type { SecuritySession } from '../requirement.ts'
import { type TlsReports, tlsReport, tlsReportCommand, tlsReportMigration } from './index.ts'
import type { TlsReport } from './report.ts'

const resolver = fakeResolver({
  '_smtp._tls.sts.example': { txt: ['v=TLSRPTv1; rua=mailto:tls@sts.example'] },
  '_smtp._tls.plain.example': { failure: 'SERVFAIL' },
})
const reporter = { organization: 'Example', contact: 'postmaster@example.org' }
const sts: StsPolicy = { mode: 'testing', maxAge: 86_400, mx: ['*.sts.example'] }
const tlsa = { usage: 3, selector: 1, matchingType: 1, data: Buffer.from('abcd', 'hex') }
const untrusted = { result: 'certificate-not-trusted', detail: 'self-signed' } as const
const candidateOf = (host: string) => ({ host, port: 25, secure: true })

const plainSession: SecuritySession = {
  domain: 'plain.example',
  candidate: candidateOf('mx.plain.example'),
  requirement: { level: 'may', names: [], source: 'default' },
}
const stsSession: SecuritySession = {
  domain: 'sts.example',
  candidate: candidateOf('mx.sts.example'),
  requirement: { level: 'may', names: ['mx.sts.example'], source: 'mta-sts' },
}
const daneSession: SecuritySession = {
  domain: 'sts.example',
  candidate: candidateOf('dane.sts.example'),
  requirement: { level: 'dane', names: ['dane.sts.example'], tlsa: [tlsa], source: 'dane' },
}
const unfetched: SecuritySession = {
  domain: 'unfetched.example',
  candidate: candidateOf('mx.unfetched.example'),
  requirement: { level: 'may', names: [], source: 'mta-sts' },
  failure: { result: 'sts-policy-fetch-error', detail: 'x'.repeat(1_000) },
}

let base: DatabaseUnderTest
let clock: FakeClock
let host: TestHost
let tables: Database
let command: PluginCommand
const started: TlsReports[] = []

const holder = definePlugin({
  name: 'holder',
  requires: [database],
  migrations: [tlsReportMigration],
  parseOptions: noOptions,
  setup: () => undefined,
})

beforeEach(async () => {
  base = await databaseUnderTest()
  clock = fakeClock(Date.UTC(2026, 0, 31, 12))
  host = await createTestHost({ plugins: [databasePlugin(base.options), holder()] })
  tables = host.service(database)
  command = tlsReportCommand({
    ...{ database: tables, resolver, clock, flow: host.flow, post: async () => undefined },
    ...reporter,
  })
})

afterEach(async () => {
  for (const each of started.splice(0)) await each.stop()
  await host.stop()
  await base[Symbol.asyncDispose]()
})

function start(given: Database = tables, log: Log = capturedLog()): TlsReports {
  const stsPolicyOf = (domain: string) => (domain === 'sts.example' ? sts : undefined)
  const made = tlsReport({ database: given, clock, log, stsPolicyOf })
  started.push(made)
  return made
}

async function reports(
  day?: string,
  options = {},
): Promise<readonly { domain: string; rua: unknown; report: TlsReport }[]> {
  const { json } = await command.run({ arguments: day === undefined ? [] : [day], options })
  return json as never
}

const today = '2026-01-31'

describe('a report', () => {
  test('has a part for each policy, with what failed and why', async () => {
    const counting = start()
    for (let count = 0; count < 5; count++) counting.observe(stsSession)
    counting.observe({ ...stsSession, failure: untrusted })
    counting.observe({ ...stsSession, failure: { ...untrusted, detail: 'another text' } })
    counting.observe({ ...stsSession, candidate: candidateOf('mx2.sts.example'), failure: untrusted })
    counting.observe(daneSession)
    await counting.stop()
    const [one, ...more] = await reports(today)
    expect(more).toEqual([])
    expect(one).toMatchObject({ domain: 'sts.example', rua: ['mailto:tls@sts.example'] })
    const { policies, ...head } = one?.report ?? { policies: [] }
    expect(head).toEqual({
      'organization-name': 'Example',
      'date-range': { 'start-datetime': '2026-01-31T00:00:00Z', 'end-datetime': '2026-01-31T23:59:59Z' },
      'contact-info': 'postmaster@example.org',
      'report-id': '2026-01-31T00:00:00Z_sts.example',
    })
    const details = (name: string, count: number) => ({
      'result-type': 'certificate-not-trusted',
      'receiving-mx-hostname': name,
      'failed-session-count': count,
      'failure-reason-code': 'self-signed',
    })
    expect(policies.toSorted((a, b) => (a.policy['policy-type'] < b.policy['policy-type'] ? -1 : 1))).toEqual(
      [
        {
          policy: {
            'policy-type': 'sts',
            'policy-string': ['version: STSv1', 'mode: testing', 'mx: *.sts.example', 'max_age: 86400'],
            'policy-domain': 'sts.example',
            'mx-host': ['*.sts.example'],
          },
          summary: { 'total-successful-session-count': 5, 'total-failure-session-count': 3 },
          'failure-details': expect.arrayContaining([
            details('mx.sts.example', 2),
            details('mx2.sts.example', 1),
          ]),
        },
        {
          policy: {
            'policy-type': 'tlsa',
            'policy-string': ['3 1 1 ABCD'],
            'policy-domain': 'sts.example',
            'mx-host': ['dane.sts.example'],
          },
          summary: { 'total-successful-session-count': 1, 'total-failure-session-count': 0 },
        },
      ],
    )
  })

  test('is there for domains without a policy, and with one that could not be had', async () => {
    const counting = start()
    counting.observe(plainSession)
    counting.observe(unfetched)
    await counting.stop()
    const [plain, failed] = await reports(today)
    expect(plain).toMatchObject({
      ...{ domain: 'plain.example', rua: null },
      report: {
        policies: [{ policy: { 'policy-type': 'no-policy-found', 'policy-domain': 'plain.example' } }],
      },
    })
    expect(failed).toMatchObject({
      ...{ domain: 'unfetched.example', rua: [] },
      report: {
        policies: [
          {
            policy: { 'policy-type': 'sts' },
            'failure-details': [{ 'result-type': 'sts-policy-fetch-error', 'failed-session-count': 1 }],
          },
        ],
      },
    })
  })
})

describe('the command', () => {
  test.each(['192.0.2.1', '2001:db8::1', '[192.0.2.1]'])(
    'asks nobody whether %s wants a report',
    async (domain) => {
      resolver.set(`_smtp._tls.${domain}`, { txt: ['v=TLSRPTv1; rua=mailto:tls@plain.example'] })
      const counting = start()
      counting.observe({ ...plainSession, domain })
      await counting.stop()
      expect(await reports(today)).toMatchObject([{ domain, rua: [] }])
    },
  )

  test('tells of yesterday, of any day, and of one domain', async () => {
    const counting = start()
    counting.observe(plainSession)
    counting.observe(stsSession)
    await counting.stop()
    expect(await reports()).toEqual([])
    clock.set(clock.now() + 86_400_000)
    expect(await reports()).toHaveLength(2)
    expect(await reports(today, { domain: 'STS.example' })).toMatchObject([{ domain: 'sts.example' }])
    const { text } = await command.run({ arguments: [], options: {} })
    expect(text).toContain('sts.example: mailto:tls@sts.example\n{')
    expect(text).toContain('plain.example: DNS does not answer')
    expect(await command.run({ arguments: ['2026-01-01'], options: {} })).toEqual({
      json: [],
      text: 'no sessions were counted on 2026-01-01',
    })
  })

  test.each(['yesterday', '2026-13-01', '2026-1-1', ''])('does not know the day %j', async (day) => {
    await expect(reports(day)).rejects.toBeInstanceOf(UsageError)
  })

  test('does not know what is no domain', async () => {
    await expect(reports(today, { domain: 'a b' })).rejects.toBeInstanceOf(UsageError)
  })
})

describe('counting', () => {
  const count = async () => {
    const all = await reports(today)
    return all.flatMap(({ report }) =>
      report.policies.map(({ summary }) => summary['total-successful-session-count']),
    )
  }

  test('is written after a while, by several processes into one sum', async () => {
    const [one, two] = [start(), start()]
    for (let index = 0; index < 3; index++) {
      one.observe(plainSession)
      two.observe(plainSession)
    }
    expect(await count()).toEqual([])
    const total = (sessions: number) =>
      expect
        .poll(
          async () => {
            clock.advance(10_000)
            return count()
          },
          { timeout: 20_000 },
        )
        .toEqual([sessions])
    await total(6)
    one.observe(plainSession)
    await total(7)
  })

  test('is by UTC day', async () => {
    const counting = start()
    clock.set(new Date('2026-01-31T23:59:59.999Z'))
    counting.observe(plainSession)
    clock.set(new Date('2026-02-01T00:00:00Z'))
    counting.observe(plainSession)
    await counting.stop()
    expect(await count()).toEqual([1])
    expect(await reports('2026-02-01')).toHaveLength(1)
  })

  test('goes on while the database is away, and is written once', async () => {
    const log = capturedLog()
    const unavailable = Object.assign(new Error('away'), { code: 'MAIL_E_UNAVAILABLE' })
    const transaction = vi.spyOn(tables, 'transaction').mockRejectedValue(unavailable)
    const counting = start(tables, log)
    counting.observe(plainSession)
    clock.advance(10_000)
    await vi.waitFor(() => expect(log.lines).not.toEqual([]))
    transaction.mockRestore()
    counting.observe(plainSession)
    await counting.stop()
    expect(await count()).toEqual([2])
  })

  test('of very many kinds does not take all memory', async () => {
    const counting = tlsReport({ database: tables, clock, log: capturedLog(), mostWaiting: 10 })
    started.push(counting)
    for (let index = 0; index < 20; index++)
      counting.observe({ ...plainSession, domain: `d${index}.example` })
    counting.observe({ ...plainSession, domain: 'd0.example' })
    await counting.stop()
    expect((await count()).toSorted()).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 2])
  })

  test('is forgotten after a month', async () => {
    const counting = start()
    counting.observe(plainSession)
    await counting.stop()
    clock.set(clock.now() + 31 * 86_400_000)
    const later = start()
    later.observe(stsSession)
    await later.stop()
    expect(await reports(today)).toEqual([])
  })
})
