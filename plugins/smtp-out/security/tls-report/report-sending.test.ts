import { gunzipSync } from 'node:zlib'
import {
  database,
  definePlugin,
  formatAddress,
  noOptions,
  type PluginCommand,
  readAll,
  UsageError,
} from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import queue from 'mailwright/plugins/queue'
import {
  capturedLog,
  createTestHost,
  type FakeClock,
  type FakeResolver,
  fakeClock,
  fakeResolver,
  type TestHost,
} from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../../test/support/database-under-test.ts'
import type { SecuritySession } from '../requirement.ts'
import { tlsReport, tlsReportCommand, tlsReportMigration } from './index.ts'

const today = '2026-01-31'
const sessionWith = (domain: string): SecuritySession => ({
  domain,
  candidate: { host: `mx.${domain}`, port: 25, secure: false },
  requirement: { level: 'may', names: [], source: 'default' },
})

let base: DatabaseUnderTest
let clock: FakeClock
let resolver: FakeResolver
let host: TestHost
let command: PluginCommand
let isRefused = false
let trouble: string | undefined
const posted: string[] = []
const mailed: { envelope: readonly (string | null)[]; text: string }[] = []

const holder = definePlugin({
  name: 'holder',
  requires: [database],
  migrations: [tlsReportMigration],
  parseOptions: noOptions,
  setup({ hooks }) {
    hooks.envelope.claimRecipient.tap('claim', async () => (isRefused ? undefined : { reason: 'ours' }))
    hooks.delivery.route.tap('route', async ({ address }) => ({ kind: 'handler', address, handler: 'test' }))
    hooks.data.checkMessage.tap('keep', async ({ reversePath, recipients }, { content }) => {
      const [to] = recipients
      const envelope = [reversePath, to?.forwardPath ?? null].map((path) => path && formatAddress(path))
      mailed.push({ envelope, text: (await readAll(content)).toString() })
      return undefined
    })
    return undefined
  },
})

beforeEach(async () => {
  base = await databaseUnderTest()
  clock = fakeClock(Date.UTC(2026, 0, 31, 12))
  resolver = fakeResolver({ '_smtp._tls.sts.example': { txt: ['v=TLSRPTv1; rua=mailto:tls@sts.example'] } })
  host = await createTestHost({ plugins: [databasePlugin(base.options), holder(), queue()], clock })
  const tables = host.service(database)
  command = tlsReportCommand({
    ...{ database: tables, resolver, clock, flow: host.flow },
    post: async (url, report) => {
      posted.push(`${url} ${Object(JSON.parse(gunzipSync(report).toString()))['report-id']}`)
      return trouble
    },
    ...{ organization: 'Example', contact: 'postmaster@example.org' },
  })
  isRefused = false
  mailed.length = 0
  trouble = undefined
  posted.length = 0
  const counting = tlsReport({ database: tables, clock, log: capturedLog() })
  counting.observe(sessionWith('sts.example'))
  counting.observe(sessionWith('unfetched.example'))
  await counting.stop()
  clock.set(clock.now() + 86_400_000)
})

afterEach(async () => {
  await host.stop()
  await base[Symbol.asyncDispose]()
})

describe('sending', () => {
  const send = async (...words: readonly string[]) =>
    command.run({ arguments: words, options: { send: true } })
  const outcomes = async (...words: readonly string[]) => {
    const { json, exitCode = 0, text } = await send(...words)
    const all = json as { domain: string; outcomes: readonly { outcome: string }[] }[]
    return { exitCode, text, outcomes: all.flatMap((each) => each.outcomes.map(({ outcome }) => outcome)) }
  }

  test('a report is mailed to who wants it, once', async () => {
    expect(await outcomes()).toEqual({
      exitCode: 0,
      outcomes: ['sent'],
      text: 'sts.example: sent: mailto:tls@sts.example\nunfetched.example: no reports are wanted',
    })
    expect(await outcomes(today)).toMatchObject({ exitCode: 0, outcomes: ['sent before'] })
    expect(mailed).toMatchObject([{ envelope: ['postmaster@example.org', 'tls@sts.example'] }])
    const text = mailed[0]?.text ?? ''
    expect(text).toContain('\r\nTLS-Report-Domain: sts.example\r\nTLS-Report-Submitter: example.org\r\n')
    expect(text).toContain('\r\n Report-ID: <2026-01-31T00.00.00Z_sts.example@example.org>\r\n')
    expect(text).toContain('\r\nTLS-Required: No\r\n')
    expect(text).toContain('multipart/report; report-type="tlsrpt"')
    const [, name, packed = ''] = /filename="(.*)"\r\n\r\n([\w+/=\r\n]*)\r\n--/.exec(text) ?? []
    expect(name).toBe('example.org!sts.example!1769817600!1769903999.json.gz')
    const { json } = await command.run({ arguments: [today], options: {} })
    const [{ report }] = json as [{ report: unknown }]
    expect(JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString())).toEqual(report)
    for (const line of text.split('\r\n')) expect(line).toMatch(/^[\x20-\x7e]{0,200}$/)
  })

  test('one that is refused is sent the next time', async () => {
    isRefused = true
    expect(await outcomes()).toMatchObject({ exitCode: 1, outcomes: ['refused'] })
    expect((await send()).text).toContain('sts.example: refused: mailto:tls@sts.example: 550 5.7.1')
    isRefused = false
    expect(await outcomes()).toMatchObject({ exitCode: 0, outcomes: ['sent'] })
  })

  test('a report is posted to who wants it so, once it was taken', async () => {
    resolver.set('_smtp._tls.sts.example', {
      txt: ['v=TLSRPTv1; rua=https://sts.example/in,mailto:tls@sts.example'],
    })
    trouble = 'the host answers 503'
    const first = await outcomes()
    expect(first).toMatchObject({ exitCode: 1, outcomes: ['refused', 'sent'] })
    expect(first.text).toContain('sts.example: refused: https://sts.example/in: the host answers 503')
    trouble = undefined
    expect(await outcomes()).toMatchObject({ exitCode: 0, outcomes: ['sent', 'sent before'] })
    expect(await outcomes()).toMatchObject({ outcomes: ['sent before', 'sent before'] })
    expect(posted).toEqual(Array(2).fill('https://sts.example/in 2026-01-31T00:00:00Z_sts.example'))
  })

  test('other addresses are named, and domains whose DNS does not answer', async () => {
    resolver.set('_smtp._tls.unfetched.example', {
      txt: ['v=TLSRPTv1; rua=mailto:%zz,mailto:nobody,mailto:a%2Bb@x.example?subject=x'],
    })
    resolver.set('_smtp._tls.sts.example', { failure: 'SERVFAIL' })
    const sent = await outcomes()
    expect(sent).toMatchObject({
      exitCode: 1,
      outcomes: ['no address', 'no address', 'sent'],
    })
    expect(sent.text).toContain('sts.example: DNS does not answer')
    expect(mailed.map(({ envelope }) => envelope[1])).toEqual(['a+b@x.example'])
  })

  test('a day that is not over is not reported', async () => {
    await expect(send('2026-02-01')).rejects.toBeInstanceOf(UsageError)
  })
})
