import { describe, expect, test } from 'vitest'
import { LineConnection } from '../network/line-connection.ts'
import { fakeClock } from '../testing/fake-clock.ts'
import { memoryConnection } from '../testing/memory-connection.ts'
import { ehloKeywords, readReply } from './reply-reader.ts'

/** What is made of all that a server says before it closes. */
async function readFrom(said: string): Promise<unknown> {
  const { client, server } = memoryConnection()
  const clock = fakeClock()
  client.end(said)
  const connection = new LineConnection(server, clock, 1_000)
  try {
    return await readReply(connection, clock, 1_000)
  } finally {
    connection.destroy()
  }
}

test('a reply has its code, its lines, and an enhanced code of its class', async () => {
  expect(await readFrom('250-2.1.5 one\r\n250 2.1.5 two\r\n')).toEqual({
    code: 250,
    enhanced: '2.1.5',
    lines: ['one', 'two'],
  })
  expect(await readFrom('550 no\r\n')).toEqual({ code: 550, enhanced: undefined, lines: ['no'] })
  expect(await readFrom('451 5.7.1 later\r\n')).toEqual({
    code: 451,
    enhanced: undefined,
    lines: ['5.7.1 later'],
  })
})

test('its text is cleaned', async () => {
  expect(await readFrom('550 5.1.1 a\x1b[2J\x07\u009b\r\n')).toMatchObject({ lines: ['a?[2J??'] })
})

describe('what is no reply ends the connection', () => {
  test.each([
    ['', 'has closed the connection'],
    ['250', 'has closed the connection'],
    ['hello\r\n', 'what is no reply'],
    ['150 x\r\n', 'what is no reply'],
    ['550-5.7.1 rejected\r\n250 2.0.0 ok\r\n', 'what is no reply'],
    ['250-2.0.0 ok\r\n251 2.0.0 ok\r\n', 'what is no reply'],
    [`250 ${'x'.repeat(3_000)}\r\n`, 'what is no reply'],
    ['250-x\r\n'.repeat(1_001), 'has no end'],
  ])('%.20j', async (said, problem) => {
    await expect(readFrom(said)).rejects.toMatchObject({
      code: 'MAIL_E_UNAVAILABLE',
      message: expect.stringContaining(problem),
    })
  })
})

test('the whole of a reply has to come in time, however its lines trickle', async () => {
  const { client, server } = memoryConnection()
  const clock = fakeClock()
  const connection = new LineConnection(server, clock, 1_000)
  const read = readReply(connection, clock, 1_000)
  const outcome = expect(read).rejects.toMatchObject({ kind: 'silence' })
  for (let count = 0; count < 4; count++) {
    client.write('250-x\r\n')
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(300)
  }
  await outcome
  connection.destroy()
})

test('keywords of EHLO are in capitals, with their parameters', () => {
  const lines = ['mx.example greets you', 'size 1000', 'AUTH PLAIN  LOGIN', '']
  expect([...ehloKeywords({ code: 250, enhanced: '2.0.0', lines })]).toEqual([
    ['SIZE', '1000'],
    ['AUTH', 'PLAIN LOGIN'],
    ['', ''],
  ])
})
