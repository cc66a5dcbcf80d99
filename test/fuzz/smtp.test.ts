import { afterAll, beforeAll, expect, test } from 'vitest'
import { Random } from '../generator/random.ts'
import { type SmtpServer, startSmtpServer } from '../support/smtp/smtp-server.ts'
import { type Wire, wireTo } from '../support/wire.ts'

// Sessions made of commands and messages that are nearly right, in pieces of any size, with the connection ended anywhere.
// Whatever comes in: replies are well-formed, what is taken has no line end but CRLF, and the server goes on.

const sessions = 400
const replyLine = /^[2-5]\d\d[ -][\x20-\x7e]*$/

let server: SmtpServer

beforeAll(async () => {
  server = await startSmtpServer({ options: { maxSize: '64k', maxLineLength: 2000 } })
})

afterAll(() => server.stop())

const verbs: readonly [string, ...string[]] = [
  'EHLO client.example',
  'HELO client.example',
  'MAIL FROM:<a@client.example>',
  'MAIL FROM:<> SIZE=10 BODY=8BITMIME',
  'MAIL FROM:<jö@client.example> SMTPUTF8',
  'RCPT TO:<b@example.org>',
  'RCPT TO:<@x.example:b@example.org>',
  'RCPT TO:<nobody@example.org>',
  'RCPT TO:<"a\\"b c"@[192.0.2.1]>',
  'DATA',
  'RSET',
  'NOOP',
  'VRFY b',
  'HELP',
  'STARTTLS',
  'AUTH PLAIN AAAA',
  'QUIT',
]

const lines: readonly [string, ...string[]] = [
  'Subject: x',
  '',
  '.',
  '..',
  '.x',
  'text',
  'Received: x',
  'x'.repeat(500),
  '\x00',
  '\xff',
]

/** One session's octets: mostly in the right order, with something wrong here and there. */
function session(random: Random): Buffer {
  const octets: string[] = []
  const ending = () =>
    random.chance(0.97) ? '\r\n' : random.pick(['\n', '\r', '\r\r\n', '\n\r', '\0\r\n', ''])
  const say = (text: string) => octets.push(spoilt(random, text), ending())
  say('EHLO client.example')
  for (let count = random.between(1, 6); count > 0; count--) {
    if (random.chance(0.3)) say(random.pick(verbs))
    say('MAIL FROM:<a@client.example>')
    for (let recipients = random.between(1, 3); recipients > 0; recipients--) say('RCPT TO:<b@example.org>')
    say('DATA')
    for (let count = random.below(30); count > 0; count--) octets.push(random.pick(lines), ending())
    octets.push('\r\n.\r\n')
  }
  return Buffer.from(octets.join(''), 'latin1')
}

function spoilt(random: Random, text: string): string {
  if (!random.chance(0.03)) return text
  const at = random.below(text.length)
  return (
    text.slice(0, at) +
    random.pick(['\x00', '\xff', '<', '>', ' ', '"', '', '%', 'x'.repeat(3000)]) +
    text.slice(at + 1)
  )
}

async function play(random: Random): Promise<string> {
  const wire: Wire = wireTo(server.port)
  await wire.line()
  const octets = session(random)
  for (let at = 0; at < octets.length; ) {
    const length = random.chance(0.5) ? random.between(1, 8) : random.between(1, 2000)
    wire.send(octets.subarray(at, at + length))
    at += length
    if (random.chance(0.2)) await new Promise((resolve) => setImmediate(resolve))
    if (random.chance(0.002)) wire.socket.destroy()
  }
  wire.socket.end()
  return await wire.rest()
}

test(`${sessions} sessions that are nearly right`, async () => {
  const random = new Random(5321)
  let taken = 0
  for (let count = 0; count < sessions; count += 8) {
    const all = await Promise.all(Array.from({ length: 8 }, () => play(new Random(random.below(2 ** 32)))))
    for (const replies of all) {
      const whole = replies.slice(0, replies.lastIndexOf('\r\n') + 2)
      for (const line of whole.split('\r\n').slice(0, -1)) expect(line).toMatch(replyLine)
    }
    for (const { text } of server.taken) expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/)
    taken = server.taken.length
  }
  expect(taken).toBeGreaterThan(sessions / 4)
  await server.closed(sessions)
  const wire = wireTo(server.port)
  expect(await wire.line()).toMatch(/^220 /)
  wire.socket.destroy()
})
