import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import aliases, { table } from 'mailwright/plugins/aliases'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import rewriting from 'mailwright/plugins/rewriting'
import smtp from 'mailwright/plugins/smtp'
import srs from 'mailwright/plugins/srs'
import transports from 'mailwright/plugins/transports'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { type DovecotMail, startDovecotMail } from '../support/peers/dovecot-mail.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { environment } from '../support/run-process.ts'

// Where mail for an address ends, over several servers: ours, and those of others.

// Debian has these where only root looks.
process.env.PATH = `${process.env.PATH}${delimiter}/usr/sbin`

const text = `Subject: dots\r\n\r\n.\r\n..\r\n${'x'.repeat(100)}\r\nFrom here\r\n`

describe('LMTP to a server of our own', () => {
  let store: TestHost
  let front: TestHost
  beforeAll(async () => {
    store = await createTestHost({
      sockets: true,
      plugins: [
        memory({ accounts: ['jo', 'anna'].map((name) => ({ address: `${name}@here.example` })) }),
        localDelivery(),
        smtp({ role: 'lmtp', port: 0 }),
      ],
    })
    const [listener] = store.listeners
    front = await createTestHost({
      plugins: [
        transports({ map: { 'here.example': { to: 'lmtp', host: '127.0.0.1', port: listener?.port ?? 0 } } }),
        memory({}),
        localDelivery(),
      ],
    })
  })
  afterAll(async () => {
    await front?.stop()
    await store?.stop()
  })

  const send = async (...to: string[]) =>
    (await front.send({ from: 'a@else.example', to, data: text })).map(
      ({ reply }) => `${reply.code} ${reply.enhanced}`,
    )

  test('every recipient gets the message, dots and all', async () => {
    expect(await send('jo@here.example', 'anna@here.example')).toEqual(['250 2.0.0', '250 2.0.0'])
    const stored = await store.history({ text: 'into INBOX' })
    expect(stored.map(({ facts }) => facts?.recipient).toSorted()).toEqual([
      'anna@here.example',
      'jo@here.example',
    ])
  })

  test('whom it does not know nobody gets mail for', async () => {
    expect(await send('jo@here.example', 'nobody@here.example')).toEqual(['550 5.1.1', '550 5.1.1'])
    expect(await send('nobody@here.example')).toEqual(['550 5.1.1'])
    expect(await store.history({ text: 'into INBOX' })).toHaveLength(2)
  })
})

describe('files of a Postfix, in the places that they have here', () => {
  test('an alias leads to a program, another to a mailbox, and what nobody has is refused', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mw-addresses-'))
    const files = {
      virtual:
        'list@here.example bot+daily@progs.example\ninfo@here.example jo@here.example\nold.example x\n@old.example @here.example\n',
      canonical: 'boss@here.example jo@here.example\n',
      transport: 'progs.example bot:\n.progs.example error:5.1.2 no hosts here\n',
    }
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
    const inFile = (name: keyof typeof files) => table(`hash:${join(folder, name)}`)
    // Who runs as root needs somebody else for programs.
    const user = process.getuid?.() === 0 ? { user: 'nobody' } : {}
    const command = ['/bin/echo', '$user', '$extension', '$sender']
    await using host = await createTestHost({
      plugins: [
        memory({ accounts: [{ address: 'jo@here.example' }] }),
        rewriting({ canonical: [inFile('canonical')] }),
        aliases({ virtual: [inFile('virtual')] }),
        transports({ tables: [inFile('transport')], pipes: { bot: { command, ...user } } }),
        srs({ domain: 'srs.example' }),
        localDelivery({ postmaster: 'jo@here.example' }),
      ],
    })
    const to = ['list', 'info+x', 'boss', 'abuse', 'nobody'].map((name) => `${name}@here.example`)
    const answers = await host.send({
      from: 'a@else.example',
      to: [...to, 'info@old.example', 'nobody@old.example', 'x@y.progs.example', 'x@foreign.example'],
      data: text,
    })
    expect(answers.map(({ reply }) => `${reply.code} ${reply.enhanced}`)).toEqual([
      ...Array(4).fill('250 2.0.0'),
      '550 5.1.1',
      '250 2.0.0',
      '550 5.7.1',
      '550 5.1.2',
      '550 5.7.1',
    ])
    const [piped] = await host.history({ text: 'by a program' })
    expect(piped?.text).toBe('by a program: bot daily a@else.example')
    await rm(folder, { recursive: true, force: true })
  })
})

const doveadm = requirePeer('doveadm')
const hasLmtp = doveadm.available && existsSync('/usr/lib/dovecot/lmtp')

describe.runIf(hasLmtp)(`LMTP to Dovecot: ${doveadm.title}`, () => {
  let folder: string
  let dovecot: DovecotMail
  let front: TestHost
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mw-lmtp-'))
    const socket = join(folder, 'lmtp')
    const settings = `protocols = imap pop3 lmtp
service lmtp {
  unix_listener ${socket} {
    mode = 0666
  }
}
`
    dovecot = await startDovecotMail(folder, { settings })
    front = await createTestHost({
      plugins: [
        transports({ map: { 'store.example': { to: 'lmtp', socket } } }),
        memory({}),
        localDelivery(),
      ],
    })
  })
  afterAll(async () => {
    await front?.stop()
    await dovecot?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('the message is stored octet for octet, twice over one connection', async () => {
    for (let count = 0; count < 2; count++) {
      const mail = { from: 'a@else.example', to: 'ann@store.example', data: text }
      expect(await front.send(mail)).toMatchObject([{ reply: { code: 250 } }])
    }
    const files = await readdir(join(dovecot.maildir, 'new'))
    expect(files).toHaveLength(2)
    const stored = await readFile(join(dovecot.maildir, 'new', files[0] ?? ''), 'latin1')
    expect(stored).toMatch(/^Return-Path: <a@else\.example>\r?\n/)
    expect(stored.replaceAll('\r\n', '\n').endsWith(text.replaceAll('\r\n', '\n'))).toBe(true)
  })
})

const postsrsd = '/usr/sbin/postsrsd'

/** A real postsrsd: two tables over TCP, one for each direction. */
class Postsrsd implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #ports: readonly [forward: number, reverse: number]

  private constructor(child: ChildProcess, ports: readonly [number, number]) {
    this.#child = child
    this.#ports = ports
  }

  static async start(secretFile: string, separator: string): Promise<Postsrsd> {
    const ports = [await freePort(), await freePort()] as const
    const words = [
      '-4',
      '-s',
      secretFile,
      '-d',
      'fwd.example',
      '-a',
      separator,
      '-n',
      '6',
      '-N',
      '6',
      '-l',
      '127.0.0.1',
    ]
    const child = spawn(postsrsd, [...words, '-f', String(ports[0]), '-r', String(ports[1])], {
      env: environment(),
      stdio: 'ignore',
    })
    const started = new Postsrsd(child, ports)
    for (let attempt = 0; child.exitCode === null && attempt < 400; attempt++) {
      if ((await started.ask(1, 'x').catch(() => 'not yet')) === undefined) return started
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error('postsrsd does not answer')
  }

  /** What it makes of an address; undefined where it makes nothing of it. */
  async ask(direction: 0 | 1, address: string): Promise<string | undefined> {
    const socket = connect(this.#ports[direction], '127.0.0.1')
    try {
      await once(socket, 'connect')
      socket.write(`get ${address}\n`)
      const [answer] = await once(socket.setEncoding('latin1'), 'data')
      return /^200 (.*)\n$/.exec(answer)?.[1]
    } finally {
      socket.destroy()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill()
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
  }
}

describe.runIf(existsSync(postsrsd))('SRS beside postsrsd', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mw-postsrsd-'))
    await writeFile(join(folder, 'secret'), 'first-secret\nsecond-secret\n')
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const senders = [
    'jo@else.example',
    'Jo.B+tag@Else.example',
    'a=b@else.example',
    'SRS0=abcd=UU=else.example=jo@first.example',
    'SRS0-abcd=UU=else.example=jo@first.example',
    'SRS1=wxyz=first.example==abcd=UU=else.example=jo@second.example',
  ]

  test.each(['=', '-', '+'] as const)(
    'addresses are the same, and either reads the other’s (%s)',
    async (separator) => {
      const secretFile = join(folder, 'secret')
      await using peer = await Postsrsd.start(secretFile, separator)
      const options = { domain: 'fwd.example', secretFile, separator }
      await using host = await createTestHost({ plugins: [srs(options)] })
      const command = async (name: string, address: string) => {
        const found = host.host.commands.find((one) => one.name === name)
        return (await found?.run({ arguments: [address], options: {} }))?.text
      }
      for (const sender of senders) {
        const theirs = await peer.ask(0, sender)
        const ours = await command('srs forward', sender)
        expect(ours?.toLowerCase()).toBe(theirs?.toLowerCase())
        const back = await peer.ask(1, ours ?? '')
        expect(await command('srs reverse', theirs ?? '')).toBe(back)
        expect(back?.toLowerCase()).toBe(
          sender.replace(/^SRS1=\w+=first\.example=(.*)@second/, 'SRS0$1@first').toLowerCase(),
        )
      }
      expect(await peer.ask(1, 'SRS0=aaaaaa=UU=else.example=jo@fwd.example')).toBeUndefined()
      expect(await command('srs reverse', 'SRS0=aaaaaa=UU=else.example=jo@fwd.example')).toBe('forged')
    },
  )
})
