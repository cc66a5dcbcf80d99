import { type ExpungeEvent, type FetchMessageObject, ImapFlow, type ImapFlowOptions } from 'imapflow'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ofKind } from '../support/imap/imap-client.ts'
import type { ImapPeerServer } from '../support/imap/imap-peer-server.ts'
import { peerServers } from '../support/imap/imap-peer-servers.ts'

const message = (subject: string): string =>
  `From: bob@example.org\r\nTo: ann@example.org\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.org>\r\n\r\nbody of ${subject}\r\n`

describe.each(peerServers)('%s and imapflow', (_name, start) => {
  let server: ImapPeerServer
  let client: ImapFlow

  beforeEach(async () => {
    server = await start()
    await server.deliver('INBOX', message('one'), message('two'), message('three'))
  })
  afterEach(async () => {
    client.close()
    await server[Symbol.asyncDispose]()
  })

  /** Every event of a kind, from now on. */
  function events<Event>(kind: string): readonly Event[] {
    const found: Event[] = []
    client.on(kind, (event: Event) => found.push(event))
    return found
  }

  async function connect(options: ImapFlowOptions = {}): Promise<void> {
    client = await connected(options)
  }

  async function connected(options: ImapFlowOptions): Promise<ImapFlow> {
    const { user, password: pass, tlsPort: port } = server
    const flow = new ImapFlow({
      host: '127.0.0.1',
      port,
      secure: true,
      tls: { rejectUnauthorized: false },
      auth: { user, pass },
      logger: false,
      emitLogs: false,
      ...options,
    })
    await flow.connect()
    return flow
  }

  const flagsOf = ({ uid, flags }: FetchMessageObject): string => `${uid} ${[...(flags ?? [])].join(' ')}`

  test('reads, marks, copies, moves and expunges, compressed', async () => {
    await connect()
    await client.mailboxOpen('INBOX')
    const read = await client.fetchOne('2', { envelope: true, bodyStructure: true, source: true, uid: true })
    expect(read).toMatchObject({
      uid: 2,
      envelope: { subject: 'two' },
      bodyStructure: { type: 'text/plain' },
    })
    expect(read !== false && read.source?.toString()).toBe(message('two'))
    expect(await client.search({ header: { subject: 'thr' } }, { uid: true })).toEqual([3])
    await client.mailboxCreate('Grüße')
    expect((await client.list()).map(({ path }) => path)).toContain('Grüße')
    expect(await client.messageCopy('1', 'Grüße')).toMatchObject({ uidMap: new Map([[1, 1]]) })
    expect(await client.messageMove('1:2', 'Grüße')).toMatchObject({
      uidMap: new Map([
        [1, 2],
        [2, 3],
      ]),
    })
    expect(await client.status('Grüße', { messages: true, uidNext: true })).toMatchObject({
      messages: 3,
      uidNext: 4,
    })
    await client.messageFlagsAdd('1', ['\\Flagged', '$Work'])
    expect(await client.search({ flagged: true }, { uid: true })).toEqual([3])
    expect(await client.append('INBOX', message('four'), ['\\Seen'])).toMatchObject({ uid: 4 })
    await client.messageDelete('1')
    expect(await client.search({ all: true }, { uid: true })).toEqual([4])
    // It has begun to compress of its own accord.
    const { readSocket, socket } = client.unbind()
    expect(readSocket).not.toBe(socket)
    socket.destroy()
  })

  test('is told of what others do, while it idles', async () => {
    await connect()
    await client.mailboxOpen('INBOX')
    const exists = events<{ readonly count: number }>('exists')
    const flags = events<{ readonly seq: number }>('flags')
    const expunged = events<ExpungeEvent>('expunge')
    const idling = client.idle()
    await server.deliver('INBOX', message('four'))
    await expect.poll(() => exists.at(-1)?.count, { timeout: 15_000 }).toBe(4)
    const other = await server.open()
    await other.ok('SELECT INBOX')
    await other.ok('STORE 2 +FLAGS (\\Flagged)')
    await expect.poll(() => flags.at(-1)?.seq, { timeout: 15_000 }).toBe(2)
    await other.ok('STORE 1 +FLAGS (\\Deleted)')
    await other.ok('EXPUNGE')
    await expect.poll(() => expunged.at(-1)?.seq, { timeout: 15_000 }).toBe(1)
    await client.noop()
    await idling
  })

  test('synchronises by QRESYNC and CONDSTORE', async () => {
    await connect({ qresync: true })
    const { highestModseq = 0n, uidValidity } = await client.mailboxOpen('INBOX')
    await client.logout()

    const other = await server.open()
    await other.ok('SELECT INBOX')
    await other.ok('STORE 3 +FLAGS (\\Answered)')
    await other.ok('STORE 1 +FLAGS (\\Deleted)')
    await other.ok('EXPUNGE')

    client = await connected({ qresync: true })
    const vanished = events<ExpungeEvent>('expunge')
    const changed = events<FetchMessageObject>('flags')
    await client.mailboxOpen('INBOX', { changedSince: highestModseq, uidValidity })
    expect(vanished).toMatchObject([{ uid: 1, vanished: true, earlier: true }])
    expect(changed).toMatchObject([{ uid: 3, flags: new Set(['\\Answered']) }])

    const since = await client.fetchAll(
      '1:*',
      { flags: true, uid: true },
      { changedSince: highestModseq, uid: true },
    )
    expect(since.map(flagsOf)).toEqual(['3 \\Answered'])
    // What has changed since is left as it is.
    await client.messageFlagsAdd('3', ['\\Flagged'], { uid: true, unchangedSince: highestModseq })
    expect(ofKind(await other.ok('UID FETCH 3 FLAGS'), 'fetch')).toMatchObject([
      { items: { flags: ['\\Answered'] } },
    ])
  })

  test('over STARTTLS', async () => {
    await connect({ port: server.port, secure: false, doSTARTTLS: true })
    expect(client.secureConnection).toBe(true)
    expect(await client.status('INBOX', { messages: true })).toMatchObject({ messages: 3 })
  })
})
