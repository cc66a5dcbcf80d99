import { setImmediate as turn } from 'node:timers/promises'
import { type FakeClock, fakeClock } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type FakeMilter,
  type FakeMilterOptions,
  type MilterAnswer,
  milterPacket as packet,
  startFakeMilter,
} from '../../test/support/smtp/milter-fake.ts'
import { createMilterHost } from '../../test/support/smtp/milter-host.ts'

const mail = { from: 'a@client.example', to: 'b@example.org', data: 'A: 1\n\nHello.\n' }
const text = 'A: 1\r\n\r\nHello.\r\n'

const fakes: FakeMilter[] = []
afterEach(async () => {
  for (const fake of fakes.splice(0)) await fake.stop()
})

async function fakeMilter(options: FakeMilterOptions = {}): Promise<FakeMilter> {
  const fake = await startFakeMilter(options)
  fakes.push(fake)
  return fake
}

/** The order in which a mail leads to commands. */
const steps = 'OCHMRTLNBE'.split('')

describe.each(steps)('a milter that goes away at %s', (code) => {
  const ends: readonly (readonly [name: string, answer: MilterAnswer])[] = [
    ['closes the connection', 'close'],
    ['sends half a packet', Buffer.from([0, 0])],
    ['sends garbage', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['sends a packet of 4 GiB', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['answers what has no meaning', packet('?')],
  ]

  test.each(ends)('%s', async (name, answer) => {
    const halves = name.includes('half')
    // At the end of the message, after changes.
    const script =
      code === 'E' && answer !== 'close' ? Buffer.concat([packet('h', 'X', 'y'), answer as Buffer]) : answer
    const fake = await fakeMilter({ answers: { [code]: script } })
    const outcomes: Record<string, unknown> = {}
    for (const whenUnavailable of ['tempfail', 'reject', 'accept', 'quarantine'] as const) {
      const timeouts = { command: halves ? 30 : 5_000, message: halves ? 30 : 5_000 }
      await using made = await createMilterHost([{ socket: fake.socket, whenUnavailable, timeouts }])
      const [reply] = (await made.host.send(mail)).map((one) => one.reply)
      const taken = made.taken.map((one) => [one.text, one.quarantine])
      outcomes[whenUnavailable] = [reply?.code, reply?.enhanced, ...taken.flat()]
    }
    expect(outcomes).toEqual({
      tempfail: [451, '4.7.1'],
      reject: [550, '5.7.1'],
      accept: [250, '2.0.0', text, undefined],
      quarantine: [250, '2.0.0', text, `the mail filter ${fake.socket} failed`],
    })
  })
})

describe('a milter that cannot be agreed with', () => {
  test.each<[string, FakeMilterOptions]>([
    ['a version that is too old', { version: 1 }],
    ['a version that nobody knows', { version: 7 }],
    ['changes that were not offered', { actions: 0x200 }],
    ['another answer', { answers: { O: packet('c') } }],
    ['an answer that is too short', { answers: { O: packet('O', 6, 0x1ff) } }],
    ['an answer too many', { answers: { O: Buffer.concat([packet('O', 6, 0x1ff, 0), packet('c')]) } }],
    ['macros without an end', { macros: Buffer.from([0, 0, 0, 0, 0x6a]) }],
  ])('%s', async (_, options) => {
    const fake = await fakeMilter(options)
    await using made = await createMilterHost([{ socket: fake.socket }])
    expect((await made.host.send(mail))[0]?.reply).toMatchObject({ code: 451, enhanced: '4.7.1' })
  })
})

describe('time', () => {
  /** Moves the clock on until something is answered. */
  async function withTime<Answer>(clock: FakeClock, step: number, work: Promise<Answer>): Promise<Answer> {
    let isOver = false
    const over = work.finally(() => {
      isOver = true
    })
    while (!isOver) {
      clock.advance(step)
      await turn()
    }
    return over
  }

  test.each(steps)('a milter that is silent at %s is given up, and the plugin never is', async (code) => {
    const clock = fakeClock()
    const fake = await fakeMilter({ answers: { [code]: 'nothing' } })
    await using made = await createMilterHost([{ socket: fake.socket }], { clock })
    const [answer] = await withTime(clock, 50, made.host.send(mail))
    expect(answer?.reply).toMatchObject({ code: 451, enhanced: '4.7.1' })
    const told = (await made.host.history()).filter(({ verb }) => verb === 'fault')
    expect(told.map((one) => one.text)).toEqual([`${fake.socket}: it did not answer in time; tempfail`])
  })

  test('signs of life prolong it, up to the limit of the whole message', async () => {
    const clock = fakeClock()
    const started = clock.monotonic()
    const fake = await fakeMilter({ answers: { E: 'nothing' } })
    await using made = await createMilterHost(
      [{ socket: fake.socket, timeouts: { message: '1m', total: '3m' } }],
      {
        clock,
      },
    )
    const [answer] = await withTime(clock, 500, made.host.send(mail))
    expect(answer?.reply.code).toBe(451)
    expect(clock.monotonic() - started).toBeLessThan(130_000)
  })

  test('a milter that puts off its answer for ever is given up', async () => {
    const fake = await fakeMilter({
      answers: { E: Buffer.concat(Array.from({ length: 10_001 }, () => packet('p'))) },
    })
    await using made = await createMilterHost([{ socket: fake.socket }])
    expect((await made.host.send(mail))[0]?.reply.code).toBe(451)
  })
})

describe('what is remembered', () => {
  test('of a session: it is not tried again, and all of its mail is answered alike', async () => {
    const fake = await fakeMilter({ answers: { H: 'close' } })
    await using made = await createMilterHost([{ socket: fake.socket }])
    const session = made.host.flow.openSession({
      role: 'transfer',
      local: { address: '192.0.2.1', port: 25 },
      remote: { address: '192.0.2.10', port: 4000 },
    })
    expect(await session.connect()).toBeUndefined()
    expect(await session.hello({ name: 'x', extended: true })).toBeUndefined()
    expect(await session.hello({ name: 'x', extended: true })).toBeUndefined()
    for (let round = 0; round < 2; round += 1)
      expect(await session.mail(null)).toMatchObject({ ok: false, reply: { code: 451 } })
    session.close()
    expect(fake.connections).toBe(1)
    const events = () => made.host.log.lines.filter(({ level }) => level === 'warn').map(({ event }) => event)
    expect(events()).toEqual(['unavailable'])
    await made.host.send(mail)
    expect(events()).toEqual(['unavailable'])
  })

  test('that it is away and back is said once each', async () => {
    const answers = ['close', 'close', packet('c')] as const
    const clock = fakeClock()
    let sessions = 0
    const fake = await fakeMilter({
      answers: { H: () => answers[Math.min(sessions++, 2)] ?? 'close' },
    })
    await using made = await createMilterHost([{ socket: fake.socket }], { clock })
    for (let round = 0; round < 4; round += 1) {
      await made.host.send(mail)
      clock.advance(1_000)
    }
    const lines = made.host.log.lines.filter(
      ({ event, level }) => /able|cover/.test(event) && level !== 'debug',
    )
    // Whoever logs at warn sees it come back.
    expect(lines.map(({ event, level, milliseconds }) => [event, level, milliseconds])).toEqual([
      ['unavailable', 'warn', undefined],
      ['recovered', 'warn', 2_000],
    ])
  })

  test('of a session that a milter refused: every HELO and MAIL', async () => {
    const fake = await fakeMilter({ answers: { H: packet('y', '554 5.7.1 go away') } })
    await using made = await createMilterHost([{ socket: fake.socket }])
    const session = made.host.flow.openSession({
      role: 'transfer',
      local: { address: '192.0.2.1', port: 25 },
      remote: { address: '192.0.2.10', port: 4000 },
    })
    await session.connect()
    for (let round = 0; round < 2; round += 1)
      expect(await session.hello({ name: 'x', extended: true })).toMatchObject({ code: 554 })
    expect(await session.mail(null)).toMatchObject({ ok: false, reply: { code: 554 } })
    session.close()
    expect(fake.codes).toMatch(/^OCHQ?$/)
  })

  test('a client that leaves while the milter is being agreed with leaves no connection', async () => {
    const fake = await fakeMilter({ pieces: () => 1 })
    await using made = await createMilterHost([{ socket: fake.socket }])
    const session = made.host.flow.openSession({
      role: 'transfer',
      local: { address: '192.0.2.1', port: 25 },
      remote: { address: '192.0.2.10', port: 4000 },
    })
    const begun = session.connect()
    await fake.until(() => fake.codes === 'O')
    session.close()
    await begun
    await fake.until(() => fake.open === 0)
    expect(fake.codes).toBe('OQ')
  })

  test('a client that leaves is no failure of the milter', async () => {
    const fake = await fakeMilter({ answers: { M: 'nothing' } })
    await using made = await createMilterHost([{ socket: fake.socket }])
    const session = made.host.flow.openSession({
      role: 'transfer',
      local: { address: '192.0.2.1', port: 25 },
      remote: { address: '192.0.2.10', port: 4000 },
    })
    await session.connect()
    await session.hello({ name: 'x', extended: true })
    const begun = session.mail(null)
    await fake.until(() => fake.codes === 'OCHM')
    session.close()
    await begun
    await made.host.stop()
    const told = made.host.log.lines.filter(({ level }) => level === 'warn' || level === 'error')
    expect(told.map(({ event }) => event)).toEqual([])
  })
})

describe('who is not seen', () => {
  test('other roles, and exempt networks', async () => {
    const fake = await fakeMilter()
    const entry = {
      socket: fake.socket,
      roles: ['submission'],
      exempt: ['192.0.2.0/28', '2001:db8::/32'],
    } as const
    await using made = await createMilterHost([entry])
    const from = (address: string) => ({ ...mail, role: 'submission', remote: { address, port: 1 } }) as const
    await made.host.send(mail)
    await made.host.send(from('192.0.2.15'))
    await made.host.send(from('2001:db8::7'))
    await made.host.send({ ...from('192.0.2.99'), role: 'lmtp' })
    expect(fake.connections).toBe(0)
    await made.host.send(from('192.0.2.16'))
    await made.host.send(from('/run/socket'))
    expect(fake.connections).toBe(2)
    expect(made.taken).toHaveLength(6)
  })
})
