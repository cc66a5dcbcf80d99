import { type Database, database, definePlugin, noOptions } from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import {
  type CapturedLog,
  capturedLog,
  createTestHost,
  type FakeClock,
  type FakeResolver,
  fakeClock,
  fakeResolver,
  type TestHost,
} from 'mailwright/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../../test/support/database-under-test.ts'
import type { SecuritySession } from '../requirement.ts'
import { DailyReports } from './daily-reports.ts'
import type { SendingOutcome } from './report-sending.ts'
import { SessionCounts } from './session-counts.ts'
import { tlsReportMigration } from './tables.ts'

const minute = 60_000
const hour = 60 * minute

const holder = definePlugin({
  name: 'holder',
  requires: [database],
  migrations: [tlsReportMigration],
  parseOptions: noOptions,
  setup: () => undefined,
})

let base: DatabaseUnderTest
let clock: FakeClock
let resolver: FakeResolver
let log: CapturedLog
let host: TestHost
let tables: Database
let outcome: SendingOutcome['outcome']
const sent: string[] = []
const running: DailyReports[] = []

beforeEach(async () => {
  base = await databaseUnderTest()
  clock = fakeClock(Date.UTC(2026, 0, 31, 20))
  resolver = fakeResolver({
    '_smtp._tls.a.example': { txt: ['v=TLSRPTv1; rua=mailto:tls@a.example'] },
    '_smtp._tls.b.example': { txt: ['v=TLSRPTv1; rua=https://b.example/'] },
  })
  log = capturedLog()
  // The database has the machine's clock: it must not seem to be slow.
  host = await createTestHost({ plugins: [databasePlugin(base.options), holder()] })
  tables = host.service(database)
  outcome = 'sent'
  sent.length = 0
  const counts = new SessionCounts({ database: tables, clock, log })
  for (const domain of ['a.example', 'b.example']) counts.count(sessionWith(domain))
  await counts.stop()
})

afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
  await host.stop()
  await base[Symbol.asyncDispose]()
})

const sessionWith = (domain: string): SecuritySession => ({
  domain,
  candidate: { host: `mx.${domain}`, port: 25, secure: false },
  requirement: { level: 'may', names: [], source: 'default' },
})

function start(
  random = 0,
  onSend: (domain: string) => Promise<void> | undefined = () => undefined,
): DailyReports {
  const reports = new DailyReports({
    ...{ database: tables, resolver, clock, log, random: () => random },
    ...{ organization: 'Example', contact: 'postmaster@example.org' },
    sending: {
      async send(day, { domain, rua }) {
        sent.push(`${day} ${domain}`)
        await onSend(domain)
        return (rua ?? []).map((each) => ({ rua: each, outcome, reply: 'no' }))
      },
    },
  })
  running.push(reports)
  reports.serve()
  return reports
}

/** Lets so much time go by, with all that is done in it. */
async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 10 * minute) {
    clock.advance(10 * minute)
    await vi.waitFor(() => expect(clock.waiting).toBeGreaterThanOrEqual(running.length), { interval: 2 })
  }
}

test('a day is reported once, after midnight UTC', async () => {
  start()
  await pass(4 * hour - 10 * minute)
  expect(sent).toEqual([])
  await pass(10 * minute)
  expect(sent).toEqual(['2026-01-31 a.example', '2026-01-31 b.example'])
  await pass(6 * hour)
  expect(sent).toHaveLength(2)
})

test('not before the time that was drawn, up to four hours', async () => {
  start(0.5)
  await pass(6 * hour - 10 * minute)
  expect(sent).toEqual([])
  await pass(10 * minute)
  expect(sent).toHaveLength(2)
})

test('one process does it, of several', async () => {
  for (let count = 0; count < 4; count++) start()
  await pass(6 * hour)
  expect(sent).toHaveLength(2)
})

test('what is refused is tried again for a day, less and less often', async () => {
  outcome = 'refused'
  start()
  await pass(4 * hour)
  expect(sent).toHaveLength(2)
  await pass(20 * minute)
  expect(sent).toHaveLength(2)
  await pass(10 * minute)
  expect(sent).toHaveLength(4)
  expect(log.lines).toContainEqual(
    expect.objectContaining({ level: 'warn', event: 'unavailable', domain: 'b.example' }),
  )
  await pass(24 * hour)
  expect(sent.length).toBeGreaterThan(8)
  expect(sent.length).toBeLessThan(30)
  const before = sent.length
  await pass(3 * hour)
  expect(sent).toHaveLength(before)
})

test('a domain whose DNS does not answer is asked again', async () => {
  resolver.set('_smtp._tls.b.example', { failure: 'SERVFAIL' })
  start()
  await pass(5 * hour)
  expect(sent.filter((line) => line.includes('b.example')).length).toBeGreaterThan(1)
  resolver.set('_smtp._tls.b.example', {})
  await pass(hour)
  const before = sent.length
  await pass(3 * hour)
  expect(sent).toHaveLength(before)
})

test('another process goes on where one has died', async () => {
  const dead = start(0, () => new Promise(() => undefined))
  await pass(4 * hour - 10 * minute)
  clock.advance(10 * minute)
  await vi.waitFor(() => expect(sent).toEqual(['2026-01-31 a.example']))
  running.splice(running.indexOf(dead), 1)
  start()
  await pass(20 * minute)
  expect(sent).toHaveLength(1)
  await pass(10 * minute)
  expect(sent).toHaveLength(3)
})

test('the end of the server is the end of the sending, and the next one goes on at once', async () => {
  let stopping: Promise<void> | undefined
  const first = start(0, () => {
    stopping ??= first.stop()
    return undefined
  })
  await pass(4 * hour - 10 * minute)
  clock.advance(10 * minute)
  await vi.waitFor(() => expect(stopping).toBeDefined())
  await stopping
  expect(sent).toEqual(['2026-01-31 a.example'])
  running.length = 0
  start()
  await pass(10 * minute)
  expect(sent).toHaveLength(3)
})
