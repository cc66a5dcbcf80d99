import { bufferContent } from 'mailwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Random } from '../generator/random.ts'
import { type ImapServer, startImapServer } from '../support/imap/imap-server.ts'
import type { Wire } from '../support/wire.ts'

// Commands over many messages go on in turn with those of other sessions: that shows in how many of these are answered
// meanwhile: two to four where nobody gives way, and the more the slower the machine is where somebody does.

const count = 50_000

let server: ImapServer
let worker: Wire
let other: Wire

async function selected(): Promise<Wire> {
  const wire = await server.loggedIn()
  await wire.send('s SELECT INBOX\r\n').until('s OK')
  await wire.line()
  return wire
}

beforeAll(async () => {
  server = await startImapServer()
  const random = new Random(50)
  const messages = Array.from({ length: count }, (_, at) => {
    const parent = at > 0 && random.chance(0.5) ? `In-Reply-To: <${random.below(at)}@x.example>\r\n` : ''
    const text = `From: Name ${random.below(500)} <n${random.below(500)}@x.example>\r\nSubject: ${random.chance(0.5) ? 'Re: ' : ''}topic ${random.below(5_000)}\r\nMessage-ID: <${at}@x.example>\r\n${parent}\r\n${'text '.repeat(20)}\r\n`
    return { content: bufferContent(Buffer.from(text)) }
  })
  await server.mail.append('INBOX', messages)
  await server.mail.createMailbox('Copy')
  worker = await selected()
  other = await server.loggedIn()
})

afterAll(async () => {
  for (const wire of [worker, other]) wire.socket.destroy()
  await server[Symbol.asyncDispose]()
})

/** How many commands of another session are answered while this one is. */
async function turnsDuring(command: string): Promise<number> {
  let isOver = false
  let turns = 0
  const pinging = (async () => {
    for (; !isOver; turns += 1) expect(await other.ask('p NOOP')).toBe('p OK Done')
  })()
  await worker.send(`w ${command}\r\n`).until('w OK ')
  isOver = true
  await worker.line()
  await pinging
  return turns
}

test.each([
  ['FETCH 1:* (FLAGS ENVELOPE)'],
  ['FETCH 1:* BODY[]'],
  ['SEARCH TEXT nowhere'],
  ['SEARCH FROM n12'],
  ['SORT (SUBJECT) UTF-8 ALL'],
  ['SORT (REVERSE FROM) UTF-8 ALL'],
  ['THREAD REFERENCES UTF-8 ALL'],
])('%s lets others have their turns', async (command) => {
  expect(await turnsDuring(command)).toBeGreaterThanOrEqual(7)
})
