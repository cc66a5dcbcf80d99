import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatDate, reply } from 'mailwright'
import type { MilterEntry } from 'mailwright/plugins/milter'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { type MilterProcess, startMilterProcess } from '../support/peers/milter-process.ts'
import { requirePeer, requirePeerModule } from '../support/peers/peers.ts'
import { projectFolder } from '../support/project-files.ts'
import { createMilterHost, login, type MilterHost } from '../support/smtp/milter-host.ts'

const opendkim = requirePeer('opendkim')
const opendmarc = requirePeer('opendmarc')
const rspamd = requirePeer('rspamd')
const pymilter = requirePeerModule('python3', 'python3-milter')

let folder: string
const processes: MilterProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-milter-'))
})

afterEach(async () => {
  for (const each of processes.splice(0)) await each.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Starts a milter at a port of its own; answers what the option `socket` needs. */
async function startMilter(
  program: string,
  words: (socket: string) => Promise<readonly string[]>,
): Promise<string> {
  const port = await freePort()
  const socket = `inet:${port}@127.0.0.1`
  const hasProcesses = program === 'rspamd'
  processes.push(await startMilterProcess(program, await words(socket), { folder, port, hasProcesses }))
  return socket
}

async function inFolder(name: string, ...lines: readonly string[]): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 })
  return path
}

const from = 'tim@example.org'
const to = ['b@example.org', 'c@example.org']
const elsewhere = reply(550, '5.1.1', 'Refused by another plugin')

describe.runIf(opendkim.available)(opendkim.title, () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

  async function startOpendkim(name: string, ...more: readonly string[]): Promise<string> {
    const key = await inFolder('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
    const published = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
    const keys = await inFolder('keys', `test._domainkey.example.org v=DKIM1; k=rsa; p=${published}`)
    return startMilter('opendkim', async (socket) => [
      '-f',
      '-x',
      await inFolder(
        name,
        `Socket ${socket}`,
        'Syslog no',
        'Background no',
        'RequireSafeKeys no',
        'UserID root',
        'Domain example.org',
        'Selector test',
        `KeyFile ${key}`,
        `TestPublicKeys ${keys}`,
        'AuthservID mx.example.org',
        'AlwaysAddARHeader yes',
        ...more,
      ),
    ])
  }

  const data =
    'From: Tim <tim@example.org>\nTo:  b@example.org\nSubject: signed\n and folded\nDate: Mon, 1 Jan 2026 00:00:00 +0000\n' +
    'Message-ID: <1@example.org>\n\nHello,\n\nas   it is.\n\n\n'

  async function signed(canonicalization: string): Promise<{ text: string; made: MilterHost }> {
    const socket = await startOpendkim('sign.conf', 'Mode sv', `Canonicalization ${canonicalization}`)
    const made = await createMilterHost([{ socket, roles: ['submission'] }])
    const answers = await made.host.send({ from, to, data, role: 'submission', login })
    expect(answers.map(({ reply }) => reply.code)).toEqual([250, 250])
    return { text: made.taken[0]?.text ?? '', made }
  }

  test.each(['simple/simple', 'relaxed/relaxed'])(
    'signs %s what users send, and it verifies',
    async (form) => {
      const { text, made } = await signed(form)
      await using _host = made
      expect(text).toMatch(/^DKIM-Signature: v=1; a=rsa-sha256; /)
      expect(text).toContain(data.replaceAll('\n', '\r\n'))
      const socket = await startOpendkim('verify.conf', 'Mode v')
      await using receiver = await createMilterHost([{ socket }])
      await receiver.host.send({ from, to, data: Buffer.from(text, 'latin1') })
      expect(receiver.taken[0]?.text).toMatch(
        /^Authentication-Results: mx\.example\.org;\r\n\tdkim=pass [\s\S]*header\.d=example\.org/,
      )
      const broken = text.replace('as   it is', 'as it was')
      await receiver.host.send({ from, to, data: Buffer.from(broken, 'latin1') })
      expect(receiver.taken[1]?.text).toMatch(/dkim=fail/)
    },
  )

  test('signs what the milter before it made of the message', async () => {
    const doer = await startDoer()
    const socket = await startOpendkim('sign.conf', 'Mode sv', 'Canonicalization simple/simple')
    await using made = await createMilterHost([{ socket: doer }, { socket }])
    const words = 'X-Do: body change add delete insert\nX-Secret: one\nX-Secret: two\n'
    await made.host.send({ from, to, data: words + data, role: 'submission', login })
    const text = made.taken[0]?.text ?? ''
    expect(text).toMatch(/\r\nSubject: changed\r\n[\s\S]*\r\n\r\nnew body\r\nx{70000}\r\n$/)
    const verifier = await startOpendkim('verify.conf', 'Mode v')
    await using receiver = await createMilterHost([{ socket: verifier }])
    await receiver.host.send({ from, to, data: Buffer.from(text, 'latin1') })
    expect(receiver.taken[0]?.text).toMatch(/dkim=pass/)
  })

  test('that is not there defers mail, and by an option lets it through', async () => {
    const socket = `inet:${await freePort()}@127.0.0.1`
    const outcomes: Record<string, number | undefined> = {}
    for (const whenUnavailable of ['tempfail', 'reject', 'accept', 'quarantine'] as const) {
      await using made = await createMilterHost([{ socket, whenUnavailable }])
      const [answer] = await made.host.send({ from, to, data })
      outcomes[whenUnavailable] = answer?.reply.code
    }
    expect(outcomes).toEqual({ tempfail: 451, reject: 550, accept: 250, quarantine: 250 })
  })
})

describe.runIf(opendmarc.available)(opendmarc.title, () => {
  async function startOpendmarc(): Promise<MilterEntry> {
    const socket = await startMilter('opendmarc', async (where) => [
      '-f',
      '-c',
      await inFolder(
        'opendmarc.conf',
        `Socket ${where}`,
        'Syslog false',
        'Background false',
        'UserID root',
        'AuthservID mx.example.org',
        'RequiredHeaders true',
        'SoftwareHeader true',
        'DNSTimeout 1',
      ),
    ])
    return { socket }
  }

  test('adds its field, and refuses a header without From', async () => {
    await using made = await createMilterHost([await startOpendmarc()])
    const good = await made.host.send({
      from,
      to,
      data: 'From: tim@example.invalid\nDate: Mon, 1 Jan 2026 00:00:00 +0000\n\nHello.\n',
    })
    expect(good.map(({ reply }) => reply.code)).toEqual([250, 250])
    expect(made.taken[0]?.text).toMatch(/^DMARC-Filter: OpenDMARC Filter/m)
    const bad = await made.host.send({ from, to, data: 'Subject: nobody\n\nHello.\n' })
    expect(bad.map(({ reply }) => [reply.code, reply.enhanced])).toEqual([
      [550, '5.7.1'],
      [550, '5.7.1'],
    ])
  })
})

describe.runIf(rspamd.available)(rspamd.title, () => {
  /** The proxy that speaks milter, which scans by itself, without DNS and Redis. */
  async function startRspamd(): Promise<string> {
    const domains = await inFolder('domains', 'org')
    return startMilter('rspamd', async (socket) => [
      '-f',
      '-i',
      '-u',
      'root',
      '-g',
      'root',
      '-c',
      await inFolder(
        'rspamd.conf',
        'lua = "$RULESDIR/rspamd.lua"',
        `options { pidfile = "${folder}/pid"; tempdir = "${folder}"; control_socket = "${folder}/control";`,
        `  url_tld = "${domains}"; disable_hyperscan = true; filters = [];`,
        '  dns { nameserver = ["127.0.0.1:1:1"]; timeout = 0.1s; retransmits = 1; } }',
        'logging { type = "console"; level = "error"; }',
        'actions { reject = 15; add_header = 0.5; }',
        `worker "rspamd_proxy" { bind_socket = "127.0.0.1:${/\d+/.exec(socket)?.[0]}"; milter = yes; count = 1;`,
        '  upstream "local" { default = yes; self_scan = yes; } }',
      ),
    ])
  }

  test('refuses its test pattern, marks what looks odd, and lets other mail through', async () => {
    await using made = await createMilterHost([{ socket: await startRspamd() }])
    const send = async (...lines: readonly string[]) => {
      const [answer] = await made.host.send({ from, to, data: `From: ${from}\n${lines.join('\n')}\n` })
      return answer?.reply
    }
    const gtube = 'XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X'
    expect(await send('', gtube)).toMatchObject({ code: 554, lines: ['Gtube pattern'] })
    // Without a date it looks odd to rspamd.
    expect(await send('Subject: odd', '', 'Hello.')).toMatchObject({ code: 250 })
    const fields = ['Subject: good', `Date: ${formatDate(new Date())}`, 'Message-ID: <1@example.org>']
    expect(await send(...fields, 'To: b@example.org', '', 'Hello.')).toMatchObject({ code: 250 })
    expect(made.taken.map(({ text }) => /^X-Spam: Yes\r$/m.test(text))).toEqual([true, false])
  })
})

function startDoer(): Promise<string> {
  const program = join(projectFolder, 'test/peers/milter-doer.py')
  // Debian's Python has the package.
  return startMilter('/usr/bin/python3', async (socket) => [program, socket])
}

describe.runIf(pymilter.available)(`${pymilter.title} with libmilter`, () => {
  let made: MilterHost
  beforeEach(async () => {
    made = await createMilterHost([{ socket: await startDoer() }], {
      refuse: ({ localPart }) => (localPart === 'elsewhere' ? elsewhere : undefined),
    })
  })
  afterEach(() => made[Symbol.asyncDispose]())

  const send = async (words: string, more: { to?: string[]; from?: string; hello?: string } = {}) => {
    const data = `X-Do: ${words}\nSubject: as it was\nX-Secret: one\nX-Secret: two\n\nHello.\n`
    const answers = await made.host.send({ from, to, data, ...more })
    return answers.map(({ reply }) => reply)
  }

  test('adds, inserts, changes and deletes fields', async () => {
    await send('add insert change delete')
    expect(made.taken[0]?.text.split('\r\n')).toEqual([
      'X-Inserted: on top',
      'X-Second: below the first',
      'X-Do: add insert change delete',
      'Subject: changed',
      'X-Secret: one',
      'X-Added: below',
      'X-Folded: one',
      '\ttwo',
      'X-None: was not there',
      '',
      'Hello.',
      '',
    ])
  })

  test('changes the envelope, replaces the body, quarantines', async () => {
    await send('recipients sender body quarantine progress')
    expect(made.taken).toMatchObject([
      {
        to: ['c@example.org', 'added@example.org', 'with@example.org'],
        quarantine: 'looks odd',
        reversePath: 'bounces@example.org',
      },
    ])
    expect(made.taken[0]?.text).toMatch(/\r\n\r\nnew body\r\nx{70000}\r\n$/)
  })

  test('refuses at each stage, and discards', async () => {
    expect((await send('', { hello: 'refuse.example' }))[0]?.code).toBe(550)
    expect((await send('', { from: 'later@example.org' }))[0]?.code).toBe(451)
    const mixed = await send('', { to: ['refused@example.org', 'b@example.org'] })
    expect(mixed[0]).toMatchObject({
      code: 550,
      enhanced: '5.1.1',
      lines: ['Not here, 100% sure', 'Second line'],
    })
    expect(mixed[1]?.code).toBe(250)
    expect((await send('reject-header'))[0]?.code).toBe(550)
    expect((await send('add body verdict-reject'))[0]).toMatchObject({
      code: 554,
      lines: ['Refused at the end'],
    })
    expect(made.taken).toHaveLength(1)
    expect((await send('discard'))[0]?.code).toBe(250)
    expect(made.taken).toHaveLength(1)
    await send('add verdict-accept')
    expect(made.taken[1]?.text).toContain('X-Added: below')
  })

  test('hears of commands that nobody knows, and may answer', async () => {
    const ends = { local: { address: '192.0.2.1', port: 25 }, remote: { address: '192.0.2.10', port: 4000 } }
    const session = made.host.flow.openSession({ role: 'transfer', ...ends })
    await session.connect()
    expect(await session.unknownCommand('XOTHER')).toBeUndefined()
    expect(await session.unknownCommand('XREFUSED')).toMatchObject({ code: 550, lines: ['Not that'] })
    session.close()
  })

  test('sees everything, and what others refused', async () => {
    await send('report', { to: ['elsewhere@example.org', 'b@example.org'] })
    expect(/X-Seen: (.*)/.exec(made.taken[0]?.text ?? '')?.[1]).toBe(
      'connect 192.0.2.10; hello client.example; mail <tim@example.org>; rcpt <elsewhere@example.org>; ' +
        'refused <elsewhere@example.org>; rcpt <b@example.org>; octets 8',
    )
  })
})
