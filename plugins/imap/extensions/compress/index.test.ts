import { connect, type Socket } from 'node:net'
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw } from 'node:zlib'
import certificates from 'mailwright/plugins/certificates'
import imap from 'mailwright/plugins/imap'
import memory from 'mailwright/plugins/memory'
import { createTestHost } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { login, password, startImapTest } from '../../../../test/support/imap/imap-session.ts'

/** A client that can compress, over a real socket. */
class CompressingClient implements AsyncDisposable {
  readonly #socket: Socket
  readonly #stop: () => Promise<void>
  #text = ''
  #deflate: DeflateRaw | undefined
  #inflating = 0
  /** Octets that came over the network. */
  received = 0

  static async start(): Promise<CompressingClient> {
    const host = await createTestHost({
      sockets: true,
      plugins: [
        memory({ accounts: [{ address: login, password }] }),
        certificates(),
        imap({ port: 0, allowPlaintextLogin: true }),
      ],
    })
    const client = new CompressingClient(connect(host.listeners[0]?.port ?? 0, '127.0.0.1'), () =>
      host.stop(),
    )
    await client.until('ready')
    await client.command(`a LOGIN ${login} "${password}"`)
    return client
  }

  private constructor(socket: Socket, stop: () => Promise<void>) {
    this.#socket = socket
    this.#stop = stop
    socket.on('error', () => undefined)
    socket.on('data', this.#inClear)
    socket.on('data', (octets: Buffer) => {
      this.received += octets.length
    })
  }

  readonly #inClear = (octets: Buffer): void => {
    this.#text += octets.toString('latin1')
  }

  /** Everything up to a line that ends with this. */
  async until(end: string): Promise<string> {
    while (!this.#text.includes(`${end}\r\n`) && !this.#isOver)
      await new Promise((resolve) => setImmediate(resolve))
    const at = this.#text.indexOf(`${end}\r\n`)
    const lines = this.#text.slice(0, at + end.length)
    this.#text = this.#text.slice(at + end.length + 2)
    return at < 0 ? 'closed' : lines
  }

  send(text: string): void {
    if (this.#deflate === undefined) this.#socket.write(text)
    else {
      this.#deflate.write(text)
      this.#deflate.flush(constants.Z_SYNC_FLUSH)
    }
  }

  /** Nothing comes any more: another thread inflates what came last. */
  get #isOver(): boolean {
    return this.#socket.closed && this.#inflating === 0
  }

  /** Sends a command and answers what it is answered, tagged line included. */
  async command(line: string): Promise<string> {
    this.send(`${line}\r\n`)
    const tag = line.split(' ')[0]
    while (!new RegExp(`^${tag} .*\r\n`, 'm').test(this.#text) && !this.#isOver)
      await new Promise((resolve) => setImmediate(resolve))
    const answer = this.#text
    this.#text = ''
    return answer
  }

  /** Goes on compressed, in both directions. */
  compress(): void {
    const inflate = createInflateRaw()
    inflate.on('error', () => undefined)
    inflate.on('data', this.#inClear)
    this.#socket.off('data', this.#inClear)
    this.#socket.on('data', (octets: Buffer) => {
      this.#inflating += 1
      inflate.write(octets, () => {
        this.#inflating -= 1
      })
    })
    this.#deflate = createDeflateRaw()
    this.#deflate.on('data', (octets: Buffer) => this.#socket.write(octets))
  }

  /** Goes on without. */
  decompress(): void {
    this.#socket.removeAllListeners('data')
    this.#socket.on('data', this.#inClear)
    this.#deflate = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
    await this.#stop()
  }
}

test('goes on compressed behind the tagged response', async () => {
  await using client = await CompressingClient.start()
  expect(await client.command('b COMPRESS deflate')).toBe('b OK DEFLATE active\r\n')
  client.compress()
  expect(await client.command('c CAPABILITY')).not.toContain('COMPRESS')
  expect(await client.command('d COMPRESS DEFLATE')).toBe(
    'd BAD [COMPRESSIONACTIVE] DEFLATE is active already\r\n',
  )
  const message = `Subject: long\r\n\r\n${'all work and no play\r\n'.repeat(5_000)}`
  client.send(`e APPEND INBOX {${message.length}}\r\n`)
  await client.until('+ OK')
  client.send(`${message}\r\nf NOOP\r\n`)
  expect(await client.until('f OK Done')).toMatch(/^e OK /m)
  await client.command('g SELECT INBOX')
  const before = client.received
  expect(await client.command('h FETCH 1 BODY.PEEK[]')).toContain(message)
  expect(client.received - before).toBeLessThan(message.length / 20)
  client.send('i IDLE\r\n')
  await client.until('+ idling')
  client.send('DONE\r\n')
  await client.until('i OK Idled')
  expect(await client.command('j LOGOUT')).toMatch(/^\* BYE .*\r\nj OK /)
})

test('ends with the login, which TLS does not (RFC 8437 §4.1)', async () => {
  await using client = await CompressingClient.start()
  await client.command('b COMPRESS DEFLATE')
  client.compress()
  await client.command('c SELECT INBOX')
  expect(await client.command('d UNAUTHENTICATE')).toBe('d OK Nobody is logged in now\r\n')
  client.decompress()
  expect(await client.command('e NOOP')).toBe('e OK Done\r\n')
  expect(await client.command(`f LOGIN ${login} "${password}"`)).toContain('COMPRESS=DEFLATE')
  await client.command('g COMPRESS DEFLATE')
  client.compress()
  expect(await client.command('h NOOP')).toBe('h OK Done\r\n')
})

test.each(['b NOOP\r\n'.repeat(10), '\xff'.repeat(100)])(
  'clear text instead ends the connection: %#',
  async (text) => {
    await using client = await CompressingClient.start()
    await client.command('b COMPRESS DEFLATE')
    client.send(text)
    expect(await client.until('OK')).toBe('closed')
  },
)

test('commands that are sent behind it in clear are never taken for commands', async () => {
  await using client = await CompressingClient.start()
  client.send('b COMPRESS DEFLATE\r\nc CREATE Hidden\r\n')
  await client.until('b OK DEFLATE active')
  expect(await client.until('c OK Created')).toBe('closed')
})

test.each(['COMPRESS', 'COMPRESS ', 'COMPRESS DEFLATE now', 'COMPRESS LZ4', 'COMPRESS "DEFLATE"'])(
  '%s is refused, and nothing is compressed',
  async (command) => {
    await using system = await startImapTest()
    const client = await system.connect()
    expect((await client.command(command)).tagged).toMatch(/^BAD /)
    expect(await client.ok('NOOP')).toEqual([])
  },
)

test('is offered when somebody has logged in', async () => {
  await using system = await startImapTest()
  const stranger = await system.connect(null)
  expect((await stranger.ok('CAPABILITY')).join()).not.toContain('COMPRESS')
  expect((await stranger.command('COMPRESS DEFLATE')).tagged).toMatch(/^BAD /)
  expect((await (await system.connect()).ok('CAPABILITY')).join()).toContain('COMPRESS=DEFLATE')
})
