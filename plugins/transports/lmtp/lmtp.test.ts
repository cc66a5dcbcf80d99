import { Readable } from 'node:stream'
import { fakeClock } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import {
  client,
  endLmtpServer,
  item,
  lmtpServer,
  three,
  two,
} from '../../../test/support/smtp/lmtp-exchange.ts'
import { placeOf } from './server-trouble.ts'

afterEach(endLmtpServer)

async function* failing(): AsyncGenerator<Buffer> {
  yield Buffer.from('Subject: x')
  throw new Error('EIO')
}

describe('LMTP', () => {
  test('one transaction, a reply for each recipient', async () => {
    const { destination, said } = await lmtpServer({
      behindDot: ['250 2.0.0 jo', '452-4.2.2 full\r\n452 4.2.2 really'],
    })
    const { deliver, pool } = client()
    expect(await deliver(destination, await two())).toMatchObject([
      {
        kind: 'delivered',
        text: `${placeOf(destination)} said 250 2.0.0 jo`,
        reply: { code: 250, lines: ['jo'] },
        place: placeOf(destination),
      },
      {
        kind: 'deferred',
        reply: { code: 452, enhanced: '4.2.2', lines: ['full', 'really'] },
        host: '127.0.0.1',
        cause: 'mailbox-full',
        concerns: 'recipient',
      },
    ])
    pool.close()
    expect(said.slice(0, 6)).toEqual([
      'LHLO mx.here.example',
      'MAIL FROM:<a@else.example> SIZE=20',
      'RCPT TO:<jo@here.example>',
      'RCPT TO:<anna@here.example>',
      'DATA',
      'Subject: x\r\n\r\nbody',
    ])
  })

  test.each([true, false])('a refused recipient, all or none: %s', async (atomic) => {
    const { destination, said } = await lmtpServer({
      answer: (command) => (command.includes('anna') ? '550 5.1.1 no anna' : undefined),
    })
    const found = await client().deliver(destination, await two(), { atomic })
    expect(found).toMatchObject([
      { kind: atomic ? 'deferred' : 'delivered' },
      { kind: 'failed', reply: { code: 550, enhanced: '5.1.1' }, concerns: 'recipient' },
    ])
    expect(said.includes('DATA')).toBe(!atomic)
  })

  test.each([
    ['the end', 'close'],
    ['nonsense', 'hello'],
    ['an answer to another question', '354 go on'],
    ['a reply of two codes', '550-5.7.1 no\r\n250 2.0.0 yes'],
  ])('a recipient who was answered has its message, whatever comes then: %s', async (_, then) => {
    const { destination, connections } = await lmtpServer({
      behindDot: ['250 2.0.0 jo', then],
      answer: (command) => (command.includes('nobody') ? '550 5.1.1 no' : undefined),
    })
    const { deliver, pool } = client()
    const items = await three()
    expect(await deliver(destination, items, { atomic: false })).toMatchObject([
      { kind: 'delivered', text: `${placeOf(destination)} said 250 2.0.0 jo` },
      { kind: 'failed', reply: { enhanced: '5.1.1' } },
      { kind: 'deferred', reply: { code: 451, enhanced: '4.4.1' } },
    ])
    await deliver(destination, items, { atomic: false })
    expect(connections()).toBe(2)
    pool.close()
  })

  test('without PIPELINING one command after the other', async () => {
    const { destination } = await lmtpServer({ extensions: ['8BITMIME'] })
    expect(await client().deliver(destination, [await item('jo@here.example')])).toMatchObject([
      { kind: 'delivered' },
    ])
  })

  test('a message that cannot be read says nothing of the server', async () => {
    const { destination } = await lmtpServer({})
    const one = await item('jo@here.example')
    const content = { ...one.message.content, stream: () => Readable.from(failing()) }
    const [outcome] = await client().deliver(destination, [{ ...one, message: { ...one.message, content } }])
    expect(outcome).toMatchObject({ kind: 'deferred', reply: { code: 451 } })
    expect(outcome).not.toHaveProperty('concerns')
  })

  test('a server that answers more than it was asked has said nothing', async () => {
    const { destination, said } = await lmtpServer({
      extensions: ['8BITMIME'],
      answer: (command) => (command.includes('jo@') ? '550 5.1.1 no jo\r\n250 2.1.5 anna' : undefined),
    })
    const problem = {
      kind: 'deferred',
      reply: { lines: [`${placeOf(destination)} answers before it is asked`] },
      concerns: 'destination',
    }
    expect(await client().deliver(destination, await two(), { atomic: false })).toMatchObject([
      problem,
      problem,
    ])
    expect(said).not.toContain('DATA')
  })

  test('a connection is used again, also one that was closed meanwhile', async () => {
    const { destination, connections } = await lmtpServer({
      answer: (command, connection) => (connection === 1 && command === 'RSET' ? 'close' : undefined),
    })
    const { deliver, pool } = client()
    for (let count = 0; count < 3; count++)
      expect(await deliver(destination, [await item('jo@here.example')])).toMatchObject([
        { kind: 'delivered' },
      ])
    expect(connections()).toBe(2)
    pool.close()
  })

  test('an idle connection is ended', async () => {
    const clock = fakeClock()
    const { destination, said } = await lmtpServer({})
    await client({ clock, idleTime: 5_000 }).deliver(destination, [await item('jo@here.example')])
    clock.advance(5_000)
    await expect.poll(() => said.at(-1)).toBe('QUIT')
  })

  test.each([
    ['nonsense', 'hello', 'says what is no reply'],
    ['an endless line', `250-${'x'.repeat(100_000)}`, 'says what is no reply'],
    ['an answer to another question', '354 go on', 'refuses MAIL: 354 go on'],
    ['the end', 'close', 'has closed the connection'],
  ])('%s means later', async (_, answer, problem) => {
    const { destination } = await lmtpServer({
      answer: (command) => (command.startsWith('MAIL') ? answer : undefined),
    })
    expect(await client().deliver(destination, [await item('jo@here.example')])).toMatchObject([
      {
        kind: 'deferred',
        reply: { code: 451, enhanced: '4.4.1', lines: [`${placeOf(destination)} ${problem}`] },
        host: '127.0.0.1',
        concerns: 'destination',
      },
    ])
  })

  test('silence means later, and so does nobody', async () => {
    const clock = fakeClock()
    const { destination, said } = await lmtpServer({
      answer: (command) => (command.startsWith('MAIL') ? '' : undefined),
    })
    const found = client({ clock }).deliver(destination, [await item('jo@here.example')])
    await expect.poll(() => said.some((line) => line.startsWith('MAIL'))).toBe(true)
    clock.advance(60_000)
    expect(await found).toMatchObject([
      { kind: 'deferred', reply: { lines: [`${placeOf(destination)} says nothing`] } },
    ])
    endLmtpServer()
    const nobody = { kind: 'lmtp', socket: '/nowhere/lmtp' } as const
    expect(await client().deliver(nobody, [await item('jo@here.example')])).toMatchObject([
      {
        kind: 'deferred',
        reply: { lines: ['/nowhere/lmtp cannot be reached (ENOENT)'] },
        concerns: 'destination',
      },
    ])
  })

  test('whoever waits no longer ends it', async () => {
    const { destination, said } = await lmtpServer({
      answer: (command) => (command.startsWith('MAIL') ? '' : undefined),
    })
    const waiting = new AbortController()
    const found = client().deliver(destination, [await item('jo@here.example')], { signal: waiting.signal })
    await expect.poll(() => said.some((line) => line.startsWith('MAIL'))).toBe(true)
    waiting.abort()
    const [outcome] = await found
    expect(outcome).toMatchObject({ kind: 'deferred' })
    expect(outcome).not.toHaveProperty('concerns')
  })
})
