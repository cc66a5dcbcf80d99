import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type SmtpServer, startSmtpServer } from '../support/smtp/smtp-server.ts'
import { Wire } from '../support/wire.ts'

let folder: string
let path: string
let server: SmtpServer
const wires: Wire[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-lmtp-'))
  path = join(folder, 'lmtp.sock')
  server = await startSmtpServer({ lmtp: { path, mode: '0660', maxConnections: 2 } })
})

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

async function greeted(): Promise<Wire> {
  const wire = new Wire(connect(path))
  wires.push(wire)
  expect(await wire.line()).toBe('220 mx.example.org LMTP Mailwright')
  return wire
}

async function send(wire: Wire, hello: string): Promise<void> {
  await wire.send(`LHLO ${hello}\r\n`).until('\r\n250 ')
  await wire.line()
  for (const command of ['MAIL FROM:<>', 'RCPT TO:<b@example.org>', 'DATA']) await wire.ask(command)
  expect(await wire.ask('Subject: x\r\n\r\n.')).toMatch(/^250 /)
}

test('LMTP on a Unix socket: permissions, endpoints, trace field, history', async () => {
  expect((await stat(path)).mode & 0o777).toBe(0o660)
  const wire = await greeted()
  await send(wire, 'mta.example')
  const [taken] = server.taken
  expect(taken?.text).toMatch(
    /^Received: from mta\.example \(Unix socket\)\r\n\tby mx\.example\.org with LMTP\r\n\tid \S+\r\n\tfor /,
  )
  const end = { address: path, port: 0 }
  expect(taken?.transaction.session).toMatchObject({ local: end, remote: end })
  await send(wire, 'odd_(name')
  expect(server.taken[1]?.text).toMatch(/^Received: from localhost \(HELO odd_\?name, Unix socket\)\r\n/)
  const connected = (await server.history()).find(({ verb }) => verb === 'connected')
  expect(connected).toMatchObject({ text: `lmtp from ${path}`, facts: { local: end, remote: end } })
})

test('limits hold, sessions are ended at stop, and nothing is left behind', async () => {
  const first = await greeted()
  await greeted()
  const third = new Wire(connect(path))
  wires.push(third)
  expect(await third.rest()).toMatch(/^421 4\.3\.2 Too many connections/)
  const stopping = server.stop()
  expect(await first.rest()).toMatch(/^421 4\.3\.2 Server is stopping/)
  await stopping
  expect(await readdir(folder)).toEqual([])
})

test.each([true, false])('XFORWARD is taken where the socket is listed: %s', async (isListed) => {
  await server.stop()
  server = await startSmtpServer({ lmtp: { path, ...(isListed && { xforward: ['unix'] }) } })
  const wire = await greeted()
  const offer = await wire.send('LHLO mta.example\r\n').until('\r\n250 ')
  await wire.line()
  expect(offer.includes('XFORWARD')).toBe(isListed)
  expect(await wire.ask('XFORWARD ADDR=198.51.100.7')).toMatch(isListed ? /^250 / : /^550 5\.7\.0/)
  await send(wire, 'mta.example')
})
