import { type Database, database, definePlugin, noOptions } from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import {
  capturedLog,
  codeOf,
  createTestHost,
  type FakeClock,
  type FakeResolver,
  fakeClock,
  fakeResolver,
  type TestHost,
} from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../../test/support/database-under-test.ts'
import type { SecuritySession } from '../requirement.ts'
import { StsFetchError } from './fetch.ts'
import { type MtaStsPolicy, mtaStsPolicy } from './policy.ts'
import { stsMigration } from './tables.ts'

const day = 86_400_000
const listed = { host: 'mx.example.org', port: 25, secure: false }
const other = { host: 'evil.example', port: 25, secure: false }
const enforced = { level: 'verify', names: ['mx.example.org'], source: 'mta-sts' }
const textOf = (mode: string, maxAge = 604_800, mx = 'mx.example.org') =>
  `version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: ${maxAge}\n`

let clock: FakeClock
let resolver: FakeResolver
let text: string | Error
let told: SecuritySession[]
const fetch = vi.fn(async (_domain: string) => {
  if (typeof text !== 'string') throw text
  return text
})
const log = capturedLog()

beforeEach(() => {
  clock = fakeClock()
  resolver = fakeResolver({ '_mta-sts.example.org': { txt: ['v=STSv1; id=1;'] } })
  text = textOf('enforce')
  told = []
  fetch.mockClear()
})

function policyWith(tables?: Database): MtaStsPolicy {
  return mtaStsPolicy({
    resolver,
    clock,
    log,
    fetch,
    database: tables,
    observe: (session) => told.push(session),
  })
}

const announce = (id: string | undefined) =>
  resolver.set('_mta-sts.example.org', id === undefined ? undefined : { txt: [`v=STSv1; id=${id};`] })
const failure = () => new StsFetchError('sts-webpki-invalid', 'no')

describe('modes', () => {
  test('enforce demands a certificate of those hosts that are listed, and refuses others', async () => {
    const policy = policyWith()
    expect(await policy.requirementFor('example.org', listed)).toEqual(enforced)
    expect(told).toEqual([])
    expect(await policy.requirementFor('example.org', other)).toBe('refused')
    expect(told).toMatchObject([{ domain: 'example.org', failure: { result: 'validation-failure' } }])
    expect(policy.policyOf('example.org')).toMatchObject({ mode: 'enforce' })
  })

  test('testing demands nothing and tells', async () => {
    text = textOf('testing')
    const policy = policyWith()
    expect(await policy.requirementFor('example.org', listed)).toEqual({ ...enforced, level: 'may' })
    expect(await policy.requirementFor('example.org', other)).toBeUndefined()
    expect(told).toMatchObject([{ candidate: other, failure: { result: 'validation-failure' } }])
  })

  test('none has no opinion', async () => {
    text = textOf('none')
    expect(await policyWith().requirementFor('example.org', other)).toBeUndefined()
    expect(told).toEqual([])
  })

  test('domains without a record are not looked at further', async () => {
    const policy = policyWith()
    expect(await policy.requirementFor('example.net', listed)).toBeUndefined()
    expect(await policy.requirementFor('[192.0.2.1]', listed)).toBeUndefined()
    expect(fetch).not.toHaveBeenCalled()
  })
})

describe('a policy is kept', () => {
  test('and fetched once for all who ask', async () => {
    const policy = policyWith()
    await Promise.all([1, 2, 3].map(() => policy.requirementFor('example.org', listed)))
    await policy.requirementFor('example.org', listed)
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  test('while its record is gone or cannot be had, until it expires', async () => {
    const policy = policyWith()
    await policy.requirementFor('example.org', listed)
    announce(undefined)
    clock.advance(6 * day)
    expect(await policy.requirementFor('example.org', listed)).toEqual(enforced)
    resolver.set('_mta-sts.example.org', { failure: 'SERVFAIL' })
    expect(await policy.requirementFor('example.org', listed)).toEqual(enforced)
    clock.advance(day)
    expect(await policy.requirementFor('example.org', listed)).toBeUndefined()
  })

  test('until another one is announced', async () => {
    const policy = policyWith()
    await policy.requirementFor('example.org', listed)
    announce('2')
    text = textOf('enforce', 604_800, '*.new.example')
    expect(await policy.requirementFor('example.org', listed)).toBe('refused')
    expect(fetch).toHaveBeenCalledTimes(2)
  })

  test('where the new one cannot be fetched, or makes no sense; and that is tried again later only', async () => {
    const policy = policyWith()
    await policy.requirementFor('example.org', listed)
    announce('2')
    for (const bad of [failure(), 'nonsense', new Error('strange')]) {
      text = bad
      fetch.mockClear()
      expect(await policy.requirementFor('example.org', listed)).toEqual(enforced)
      expect(await policy.requirementFor('example.org', listed)).toEqual(enforced)
      expect(fetch).toHaveBeenCalledTimes(1)
      clock.advance(300_000)
    }
    expect(told.map(({ failure: why }) => why?.result)).toEqual([
      'sts-webpki-invalid',
      'sts-policy-invalid',
      'sts-policy-fetch-error',
    ])
    expect(told).toMatchObject(Array(3).fill({ domain: 'example.org', requirement: enforced }))
  })

  test('while it cannot be fetched anew, of which each time is told, and the postmaster is warned once an hour', async () => {
    const warned = () => log.lines.filter(({ level }) => level === 'warn').length
    const policy = policyWith()
    await policy.requirementFor('example.org', listed)
    const [before, half] = [warned(), 1_800_000]
    clock.advance(day)
    text = failure()
    for (const [index, times] of [1, 1, 2].entries()) {
      fetch.mockClear()
      expect(await policy.requirementFor('example.org', listed)).toEqual(enforced)
      await vi.waitFor(async () => {
        expect(await policy.requirementFor('example.org', listed)).toEqual(enforced)
        expect(told).toHaveLength(index + 1)
      })
      expect(fetch).toHaveBeenCalledTimes(1)
      expect(warned() - before).toBe(times)
      clock.advance(half)
    }
    expect(log.lines.findLast(({ level }) => level === 'warn')).toMatchObject({
      ...{ event: 'unavailable', service: 'mta-sts', domain: 'example.org', until: expect.any(String) },
    })
    text = textOf('enforce')
    await policy.requirementFor('example.org', listed)
    await vi.waitFor(() => expect(fetch).toHaveBeenCalledTimes(2))
    expect(told).toHaveLength(3)
  })

  test('that demands nothing warns nobody', async () => {
    text = textOf('none')
    const policy = policyWith()
    await policy.requirementFor('example.org', listed)
    announce('2')
    text = failure()
    const before = log.lines.length
    await policy.requirementFor('example.org', listed)
    expect(log.lines.slice(before).map(({ level }) => level)).toEqual(['info'])
  })

  test('and fetched again once a day, without anybody waiting', async () => {
    const policy = policyWith()
    await policy.requirementFor('example.org', listed)
    clock.advance(day)
    text = textOf('testing')
    expect(await policy.requirementFor('example.org', listed)).toEqual(enforced)
    await vi.waitFor(() => expect(policy.policyOf('example.org')).toMatchObject({ mode: 'testing' }))
  })
})

describe('a policy that cannot be had', () => {
  test('is no demand, and is told', async () => {
    text = failure()
    const policy = policyWith()
    expect(await policy.requirementFor('example.org', listed)).toBeUndefined()
    expect(told).toMatchObject([
      { requirement: { level: 'may', source: 'mta-sts' }, failure: { result: 'sts-webpki-invalid' } },
    ])
    text = textOf('enforce')
    expect(await policy.requirementFor('example.org', listed)).toBeUndefined()
    clock.advance(300_000)
    expect(await policy.requirementFor('example.org', listed)).toEqual(enforced)
  })

  test('is asked for at once where another is announced', async () => {
    text = 'nonsense'
    const policy = policyWith()
    expect(await policy.requirementFor('example.org', listed)).toBeUndefined()
    expect(told).toMatchObject([{ failure: { result: 'sts-policy-invalid' } }])
    text = textOf('enforce')
    announce('2')
    expect(await policy.requirementFor('example.org', listed)).toEqual(enforced)
  })
})

describe('with a database', () => {
  let base: DatabaseUnderTest
  let host: TestHost
  let tables: Database
  const holder = definePlugin({
    name: 'holder',
    requires: [database],
    migrations: [stsMigration],
    parseOptions: noOptions,
    setup: () => undefined,
  })

  beforeEach(async () => {
    base = await databaseUnderTest()
    host = await createTestHost({ plugins: [databasePlugin(base.options), holder()] })
    tables = host.service(database)
  })
  afterEach(async () => {
    await host.stop()
    await base[Symbol.asyncDispose]()
  })

  test('another process knows the policy, and its changes a minute later', async () => {
    const [one, two] = [policyWith(tables), policyWith(tables)]
    await one.requirementFor('example.org', listed)
    announce(undefined)
    expect(await two.requirementFor('example.org', listed)).toEqual(enforced)
    expect(fetch).toHaveBeenCalledTimes(1)
    announce('2')
    text = textOf('testing')
    expect(await one.requirementFor('example.org', listed)).toMatchObject({ level: 'may' })
    announce(undefined)
    clock.advance(60_000)
    expect(await two.requirementFor('example.org', listed)).toMatchObject({ level: 'may' })
  })

  test('what has expired is forgotten', async () => {
    const policy = policyWith(tables)
    await policy.requirementFor('example.org', listed)
    clock.advance(7 * day)
    announce(undefined)
    expect(await policy.requirementFor('example.org', listed)).toBeUndefined()
    resolver.set('_mta-sts.example.net', { txt: ['v=STSv1; id=1;'] })
    await policy.requirementFor('example.net', listed)
    const rows = await tables.query((knex) => knex('smtp_out_sts_policies').select('domain'))
    expect(rows).toEqual([{ domain: 'example.net' }])
  })

  test('that is away, what is known holds, and for others one has to wait', async () => {
    const policy = policyWith(tables)
    await policy.requirementFor('example.org', listed)
    clock.advance(60_000)
    const away = {
      ...tables,
      query: () => Promise.reject(Object.assign(new Error(), { code: 'MAIL_E_UNAVAILABLE' })),
    }
    const broken = policyWith(away as unknown as Database)
    expect(await broken.requirementFor('example.org', listed).catch(codeOf)).toBe('MAIL_E_UNAVAILABLE')
    const query = vi.spyOn(tables, 'query').mockRejectedValue(new Error('away'))
    expect(await policy.requirementFor('example.org', listed)).toEqual(enforced)
    query.mockRestore()
  })
})
