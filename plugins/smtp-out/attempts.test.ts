import type { Outcome } from 'mailwright'
import { type FakeClock, type FakeRecords, fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type HostScript, type SmtpHost, startSmtpHost } from '../../test/support/smtp/smtp-host.ts'
import { type OutgoingMail, type Sender, startSender, told } from '../../test/support/smtp/smtp-sending.ts'
import type { SmtpOutInput } from './options.ts'

const seconds = 1_000
const timeout = 30 * seconds
const greetingTime = 200 * seconds

let stack = new AsyncDisposableStack()
let clock: FakeClock
let first: SmtpHost
let second: SmtpHost
let sender: Sender

beforeEach(() => {
  stack = new AsyncDisposableStack()
  clock = fakeClock()
})
afterEach(() => stack.disposeAsync())

/** Two hosts of there.example; single.example has the first one alone, and so has same.example, by another name. */
async function start(script: HostScript, options: SmtpOutInput = {}): Promise<void> {
  first = stack.use(await startSmtpHost({ address: '127.0.0.2', ...script }))
  second = stack.use(await startSmtpHost({ port: first.port }))
  const zones: Readonly<Record<string, FakeRecords>> = {
    'there.example': {
      mx: [
        { preference: 10, exchange: 'mx1.example' },
        { preference: 20, exchange: 'mx2.example' },
      ],
    },
    'single.example': { mx: [{ preference: 10, exchange: 'mx1.example' }] },
    'same.example': { mx: [{ preference: 10, exchange: 'mx.same.example' }] },
    'mx.same.example': { a: ['127.0.0.2'] },
    'second.example': { mx: [{ preference: 10, exchange: 'mx2.example' }] },
    'mx1.example': { a: ['127.0.0.2'] },
    'mx2.example': { a: ['127.0.0.1'] },
  }
  const timeouts = { connect: timeout, greeting: timeout }
  sender = stack.use(await startSender({ port: first.port, timeouts, ...options }, zones, clock))
}

const send = async (to = 'jo@there.example', mail: OutgoingMail = {}): Promise<Outcome | undefined> =>
  (await sender.send({ ...mail, to }))[0]

/** All that goes on without the clock and the hosts. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** The host has so many connections, and the time to wait for its greeting is over. */
async function outwaited(connections: number): Promise<void> {
  await expect.poll(() => first.connections, { timeout: 30_000 }).toBe(connections)
  clock.advance(timeout)
}

test('a host that does not greet is asked behind the others, until its time is over', async () => {
  await start({ greeting: '' })
  const before = send()
  await outwaited(1)
  expect(await before).toMatchObject({ kind: 'delivered' })
  for (let count = 0; count < 3; count++) expect(await send()).toMatchObject({ kind: 'delivered' })
  expect([first.connections, second.messages.length]).toEqual([1, 4])
  clock.advance(240 * seconds)
  const probe = send()
  await expect.poll(() => first.connections, { timeout: 30_000 }).toBe(2)
  expect(await send()).toMatchObject({ kind: 'delivered' })
  await outwaited(2)
  expect(await probe).toMatchObject({ kind: 'delivered' })
  expect([first.connections, second.messages.length]).toEqual([2, 6])
})

test('those who wait for such a host hear together that nobody answers, and together that it is back', async () => {
  await start(
    { greeting: (connection) => (connection <= 2 ? '' : '220 mx1 ESMTP') },
    { connections: { perHost: 2 } },
  )
  const all = Array.from({ length: 6 }, (_, index) => send(`u${index}@single.example`))
  await outwaited(2)
  for (const outcome of await Promise.all(all))
    expect(told(outcome)).toMatch(/^deferred 451 4\.4\.[12] mx1\.example\[127\.0\.0\.2\]/)
  expect(first.connections).toBe(2)
  // It is the only one: it is asked at once.
  const later = await Promise.all(Array.from({ length: 6 }, (_, index) => send(`v${index}@single.example`)))
  expect(later.map((outcome) => outcome?.kind)).toEqual(Array(6).fill('delivered'))
})

/** A delivery to single.example finds out whether the first host, which says nothing, greets again. */
async function probing(options: SmtpOutInput = {}): Promise<readonly Promise<Outcome | undefined>[]> {
  await start({ greeting: '' }, options)
  const before = send('jo@single.example')
  await expect.poll(() => first.connections, { timeout: 30_000 }).toBe(1)
  clock.advance(greetingTime)
  expect(told(await before)).toMatch(/^deferred/)
  const probe = send('jo@single.example')
  await expect.poll(() => first.connections, { timeout: 30_000 }).toBe(2)
  return [probe]
}

test('one delivery finds out, the others hear of it', async () => {
  const [probe] = await probing()
  const other = send('al@single.example')
  const same = send('al@same.example')
  await settle()
  await outwaited(2)
  expect(told(await probe)).toMatch(/^deferred/)
  expect(told(await other)).toMatch(/^deferred 451 4\.4\.[12] mx1\.example/)
  expect(await same).toMatchObject({ host: 'mx.same.example' })
  expect(told(await same)).toMatch(
    /^deferred 451 4\.4\.[12] mx\.same\.example\[127\.0\.0\.2\]:\d+ says nothing$/,
  )
  expect(first.connections).toBe(2)
})

test('a host that is slow to greet again has not been tried for those who come meanwhile, but for whom it is the last time', async () => {
  const [probe] = await probing({ timeouts: { connect: timeout, greeting: greetingTime } })
  clock.advance(70 * seconds)
  const waits = { kind: 'deferred', untried: true, retryAfter: 60 * seconds, host: 'mx1.example' }
  expect(await send('al@single.example')).toMatchObject(waits)
  expect(first.connections).toBe(2)
  const lasts = [1, 2, 3].map(() => send('al@single.example', { isLast: true }))
  await settle()
  clock.advance(greetingTime)
  await expect.poll(() => first.connections, { timeout: 30_000 }).toBe(3)
  clock.advance(greetingTime)
  const kinds = (await Promise.all([probe, ...lasts])).map((outcome) => outcome?.kind)
  expect(kinds).toEqual(['deferred', 'deferred', 'deferred', 'deferred'])
  expect(first.connections).toBe(3)
})

test('who waits for what another delivery finds out takes no turn from others', async () => {
  const hosts = ['mx1.example', 'mx2.example']
  const [probe] = await probing({ limits: [{ hosts, connections: 2 }] })
  const other = send('al@single.example')
  await settle()
  expect(await send('jo@second.example')).toMatchObject({ kind: 'delivered' })
  await outwaited(2)
  expect((await Promise.all([probe, other])).map((outcome) => outcome?.kind)).toEqual([
    'deferred',
    'deferred',
  ])
})

test('a host that says that it has had enough is there, and is asked first again', async () => {
  await start({ greeting: '421 4.3.2 too busy' })
  for (let count = 0; count < 3; count++) expect(await send()).toMatchObject({ kind: 'delivered' })
  expect([first.connections, second.messages.length]).toEqual([3, 3])
})

test.each([
  [true, 'could not be sent in time'],
  [false, 'could not be sent now, it will be tried again'],
])('what takes too long, and is tried for the last time (%s), %s', async (isLast, text) => {
  const timeouts = { connect: timeout, greeting: greetingTime, delivery: timeout }
  await start({ greeting: '' }, { timeouts, connections: { perHost: 1 } })
  const before = send('jo@single.example')
  await expect.poll(() => first.connections, { timeout: 30_000 }).toBe(1)
  const late = send('jo@single.example', { isLast })
  await settle()
  await outwaited(1)
  expect(told(await late)).toBe(`deferred 451 4.3.0 The message ${text}`)
  await before
})
