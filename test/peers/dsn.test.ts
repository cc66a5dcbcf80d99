import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  bufferContent,
  createMessage,
  decodeBody,
  type Message,
  parseDate,
  parseHeader,
  type RecipientParameters,
  readAll,
  reply,
} from 'mailwright'
import PostalMime from 'postal-mime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { type Fate, notified, original, report } from '../support/notifications.ts'
import { requirePeer, requirePeerModule } from '../support/peers/peers.ts'
import { type PostfixSender, postfixFolder, startPostfixSender } from '../support/peers/postfix-sender.ts'
import { temporaryProject } from '../support/project.ts'
import { runProcess } from '../support/run-process.ts'
import { type SmtpServer, startSmtpServer } from '../support/smtp/smtp-server.ts'
import { wireTo } from '../support/wire.ts'

// Notifications as programs read them that were made for those of others, and beside those of a Postfix.

const unknown = reply(550, '5.1.1', 'No such user here')
const full = reply(452, '4.2.2', ['The mailbox is full,', 'try again later'])
const taken = reply(250, '2.0.0', 'Taken')

interface ReadNotification {
  readonly type: string
  readonly report: string
  readonly subject: string
  readonly from: string
  readonly defects: readonly string[]
  readonly text: string
  readonly status: readonly (readonly (readonly [string, string])[])[] | null
  readonly returned: string
  readonly original: string | null
  readonly temporary: readonly string[]
  readonly permanent: readonly string[]
}

const python = requirePeerModule('python3', 'python3-flufl.bounce')

describe.runIf(python.available)(python.title, () => {
  async function readByPython(message: Message): Promise<ReadNotification> {
    await using project = await temporaryProject()
    const file = join(project.folder, 'notification.eml')
    await writeFile(file, await readAll(message.content))
    const script = join(import.meta.dirname, 'dsn.py')
    const { code, stdout, stderr } = await runProcess('/usr/bin/python3', [script, file], project)
    if (code !== 0) throw new Error(stderr)
    const [read] = JSON.parse(stdout) as readonly ReadNotification[]
    if (read === undefined) throw new TypeError('nothing was read')
    return read
  }

  test('reads a failure, and Mailman finds whom it is about', async () => {
    const fates: readonly Fate[] = [
      { to: 'bob@gone.example', action: 'failed', reply: unknown },
      { to: '"odd one"@gone.example', action: 'failed', reply: full },
      { to: 'long@gone.example', action: 'failed', reply: reply(554, '5.7.1', 'word '.repeat(90)) },
    ]
    const read = await readByPython(await notified(await report(fates), { language: 'de' }))
    expect(read).toMatchObject({
      type: 'multipart/report',
      report: 'delivery-status',
      subject: 'Nicht zugestellt: Lunch?',
      from: 'Mail-Zustellsystem <postmaster@relay.client.example>',
      defects: [],
      returned: 'message/rfc822',
      original: 'Lunch?',
      temporary: [],
    })
    expect(read.text).toContain('Das Postfach des Empfängers ist voll.')
    expect(read.status).toHaveLength(4)
    expect(Object.fromEntries(read.status?.[1] ?? [])).toMatchObject({
      'Final-Recipient': 'rfc822; bob@gone.example',
      Action: 'failed',
      Status: '5.1.1',
      'Diagnostic-Code': 'smtp; 550 5.1.1 No such user here',
    })
    expect(read.permanent).toContain('bob@gone.example')
    expect(read.permanent).toContain('long@gone.example')
    expect(read.permanent).toHaveLength(3)
  })

  test('reads a delay as one, and a delivery as no failure', async () => {
    const delayed: Fate = { to: 'bob@gone.example', action: 'delayed', reply: full }
    const delay = await readByPython(await notified(await report([delayed])))
    expect([delay.temporary, delay.permanent, delay.defects]).toEqual([['bob@gone.example'], [], []])
    expect(delay.returned).toBe('text/rfc822-headers')
    const parameters: RecipientParameters = { notify: ['SUCCESS'] }
    const delivered: Fate = { to: 'bob@gone.example', action: 'delivered', reply: taken, parameters }
    const delivery = await readByPython(await notified(await report([delivered])))
    expect([delivery.temporary, delivery.permanent, delivery.defects]).toEqual([[], [], []])
  })

  test('reads very many recipients', async () => {
    const fates = Array.from(
      { length: 1_000 },
      (_, index): Fate => ({ to: `r${index}@gone.example`, action: 'failed', reply: unknown }),
    )
    const read = await readByPython(await notified(await report(fates)))
    expect(read.permanent).toHaveLength(1_000)
  })
})

describe('parsers for Node.js', () => {
  test('mailparser', async () => {
    const message = await notified(
      await report([{ to: 'bob@gone.example', action: 'failed', reply: unknown }]),
    )
    const { text = '', attachments, subject, inReplyTo, headers } = await message.parsed()
    expect(subject).toBe('Not delivered: Lunch?')
    expect(inReplyTo).toBe('<m1@client.example>')
    expect(headers.get('auto-submitted')).toBe('auto-replied')
    expect(text).toContain('There is no such address at the mail system of the recipient.')
    expect(text).toContain('Final-Recipient: rfc822; bob@gone.example')
    expect(attachments.map(({ contentType }) => contentType)).toEqual(['message/rfc822'])
  })

  test('postal-mime, with addresses beyond ASCII', async () => {
    const fate: Fate = { to: 'käthe@bücher.example', action: 'failed', reply: unknown }
    const message = await notified(await report([fate], { parameters: { smtpUtf8: true } }))
    const { attachments, text = '' } = await PostalMime.parse(await readAll(message.content), {
      attachmentEncoding: 'utf8',
    })
    expect(text).toContain('\nkäthe@bücher.example\n')
    const status = attachments.find(({ mimeType }) => mimeType === 'message/global-delivery-status')
    expect(status?.content).toContain('Final-Recipient: utf-8; käthe@bücher.example')
  })
})

interface TakenApart {
  readonly header: ReadonlyMap<string, string>
  readonly types: readonly string[]
  readonly encoding: string | undefined
  /** Fields of the message, and of each recipient. */
  readonly status: readonly ReadonlyMap<string, string>[]
  readonly returned: string
}

async function takenApart(message: Message): Promise<TakenApart> {
  const { root } = await message.structure()
  const octets = await readAll(message.content)
  const bodies = root.children.map(({ bodyStart, bodyEnd }) => octets.subarray(bodyStart, bodyEnd))
  const [, status = '', returned = ''] = bodies.map((body) => decodeBody(body, '8bit').toString())
  const fieldsOf = (text: string) =>
    new Map(parseHeader(Buffer.from(`${text}\r\n\r\n`)).fields.map((field) => [field.name, field.body]))
  return {
    header: new Map(message.header.fields.map((field) => [field.name.toLowerCase(), field.body])),
    types: root.children.map(({ contentType: { type, subtype } }) => `${type}/${subtype}`),
    encoding: message.header.text('content-transfer-encoding'),
    status: status.trimEnd().split('\r\n\r\n').map(fieldsOf),
    returned,
  }
}

const postfix = requirePeer('postmap')
const runs = postfix.available && process.getuid?.() === 0

describe.runIf(runs)(runs ? 'beside a Postfix' : `${postfix.title} (as root)`, () => {
  let server: SmtpServer
  let sender: PostfixSender
  let port: number

  beforeAll(async () => {
    const folder = await postfixFolder()
    server = await startSmtpServer()
    port = await freePort()
    const here = `clear:[127.0.0.1]:${server.port}`
    sender = await startPostfixSender(folder, {
      transports: { 'gone.example': here, 'client.example': here },
      // It looks at what waits each second, and warns at the first look.
      settings: ['delay_warning_time = 1s', 'queue_run_delay = 1s', 'minimal_backoff_time = 1s'],
      services: [
        `127.0.0.1:${port} inet n - n - - smtpd`,
        'clear unix - - n - - smtp -o smtp_tls_security_level=none',
      ],
    })
  })

  afterAll(async () => {
    await sender?.stop()
    await server?.stop()
  })

  /** Sends the original through Postfix, and waits for what it has to say of it. */
  async function byPostfix(mail: string, recipients: readonly string[]): Promise<TakenApart> {
    const before = server.taken.length
    const wire = wireTo(port)
    await wire.line()
    await wire.send('EHLO x.example\r\n').until('\r\n250 ')
    await wire.line()
    await wire.ask(`MAIL FROM:<a@client.example> BODY=8BITMIME${mail}`)
    for (const each of recipients) await wire.ask(`RCPT TO:${each}`)
    await wire.ask('DATA')
    const text = original.slice(original.indexOf('From:'))
    await wire.send(Buffer.from(`${text}.\r\n`)).line()
    await wire.send('QUIT\r\n').rest()
    const find = () => server.taken.slice(before).find(({ to }) => to[0]?.localPart === 'a')
    try {
      await expect.poll(find, { timeout: 30_000 }).toBeDefined()
    } catch (error) {
      throw new Error(await sender.log(), { cause: error })
    }
    return takenApart(await createMessage(bufferContent(find()?.octets ?? Buffer.alloc(0))))
  }

  // The fields that we write as Postfix does; dates are compared as such.
  const shared = [
    'Reporting-MTA',
    'Original-Envelope-Id',
    'Final-Recipient',
    'Action',
    'Status',
    'Remote-MTA',
    'Diagnostic-Code',
  ]

  function expectAlike(ours: TakenApart, theirs: TakenApart): void {
    expect(ours.types).toEqual(theirs.types)
    // Postfix says 8bit also where what needed it does not go back.
    if (ours.types.includes('message/rfc822')) expect(ours.encoding).toBe(theirs.encoding)
    for (const name of ['to', 'auto-submitted', 'mime-version'])
      expect(ours.header.get(name)?.replaceAll(/[<>]/g, '')).toBe(theirs.header.get(name))
    expect(ours.status).toHaveLength(theirs.status.length)
    for (const block of theirs.status) {
      const about = block.get('Final-Recipient')
      const mine = ours.status.find((own) => own.get('Final-Recipient') === about)
      for (const name of shared) expect([name, mine?.get(name)]).toEqual([name, block.get(name)])
      const named = [...block.keys()].filter(
        (name) => !name.startsWith('X-') && name !== 'Original-Recipient',
      )
      for (const name of named) expect([...(mine?.keys() ?? [])]).toContain(name)
    }
    for (const apart of [ours, theirs])
      expect(parseDate(apart.status[0]?.get('Arrival-Date') ?? '')).toBeInstanceOf(Date)
    expect(theirs.returned).toContain('\r\nSubject: Lunch?\r\n')
    expect(ours.returned).toContain('\r\nSubject: Lunch?\r\n')
    expect(ours.returned.includes('Grüße')).toBe(theirs.returned.includes('Grüße'))
  }

  const refused = reply(550, '5.7.1', 'We do not take mail for that address')
  const fullHere = reply(552, '5.2.2', 'The mailbox is full')

  test('a failure is reported with the same fields', async () => {
    const theirs = await byPostfix(' RET=FULL ENVID=QQ+2B314+3D', [
      '<nobody@gone.example> ORCPT=rfc822;bob+2Btag@gone.example NOTIFY=FAILURE',
      '<full@gone.example>',
    ])
    const fates: readonly Fate[] = [
      {
        to: 'nobody@gone.example',
        action: 'failed',
        reply: refused,
        parameters: { originalRecipient: 'rfc822;bob+tag@gone.example', notify: ['FAILURE'] },
      },
      { to: 'full@gone.example', action: 'failed', reply: fullHere },
    ]
    const parameters = { ret: 'FULL', envelopeId: 'QQ+314=' } as const
    const ours = await takenApart(await notified(await report(fates, { parameters })))
    expectAlike(ours, theirs)
    const originals = [ours, theirs].map(({ status }) =>
      status[1]?.get('Original-Recipient')?.replaceAll(' ', ''),
    )
    expect(originals).toEqual(['rfc822;bob+tag@gone.example', 'rfc822;bob+tag@gone.example'])
  })

  test('a delay is reported with the same fields, and with the header only', async () => {
    const busy = reply(450, '4.2.1', 'The mailbox is busy')
    server.checks.recipient = async ({ localPart }) => (localPart.startsWith('later') ? busy : undefined)
    const theirs = await byPostfix(' RET=FULL ENVID=QQ314', [
      '<later@gone.example> NOTIFY=DELAY,FAILURE ORCPT=rfc822;bob@gone.example',
      '<later2@gone.example> NOTIFY=FAILURE',
      '<later3@gone.example>',
    ])
    const fate = { action: 'delayed', reply: busy } as const
    const fates: readonly Fate[] = [
      {
        ...fate,
        to: 'later@gone.example',
        parameters: { originalRecipient: 'rfc822;bob@gone.example', notify: ['DELAY', 'FAILURE'] },
      },
      { ...fate, to: 'later2@gone.example', parameters: { notify: ['FAILURE'] } },
      { ...fate, to: 'later3@gone.example' },
    ]
    const parameters = { ret: 'FULL', envelopeId: 'QQ314' } as const
    const ours = await takenApart(await notified(await report(fates, { parameters })))
    expectAlike(ours, theirs)
    for (const { status } of [ours, theirs])
      expect(parseDate(status[1]?.get('Will-Retry-Until') ?? '')).toBeInstanceOf(Date)
  })

  test('with RET=HDRS the header goes back', async () => {
    const theirs = await byPostfix(' RET=HDRS', ['<nobody@gone.example>'])
    const fate: Fate = { to: 'nobody@gone.example', action: 'failed', reply: refused }
    const ours = await takenApart(await notified(await report([fate], { parameters: { ret: 'HDRS' } })))
    expectAlike(ours, theirs)
  })

  test('what is handed to a host that does not report is relayed', async () => {
    const theirs = await byPostfix('', ['<b@gone.example> NOTIFY=SUCCESS'])
    const diagnostic = theirs.status[1]?.get('Diagnostic-Code') ?? ''
    const fate: Fate = {
      to: 'b@gone.example',
      action: 'relayed',
      reply: reply(250, '2.0.0', diagnostic.replace(/^smtp; 250 2\.0\.0 /, '')),
      parameters: { notify: ['SUCCESS'] },
    }
    const ours = await takenApart(await notified(await report([fate])))
    expectAlike(ours, theirs)
  })
})
