import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ImapPeerServer } from '../support/imap/imap-peer-server.ts'
import { peerServers } from '../support/imap/imap-peer-servers.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { runProcess } from '../support/run-process.ts'

const curl = requirePeer('curl')
const fetchmail = requirePeer('fetchmail')
const getmail = requirePeer('getmail')
const mutt = requirePeer('mutt')
const python = requirePeer('python3')
const script = requirePeer('script')
const snail = requirePeer('s-nail')

const message = (subject: string, body = `body of ${subject}`): string =>
  `From: bob@example.org\r\nTo: ann@example.org\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.org>\r\n\r\n${body}\r\n`
const asLf = (text: string): string => text.replaceAll('\r\n', '\n')

describe.each(peerServers)('%s and', (_name, start) => {
  let server: ImapPeerServer

  beforeEach(async () => {
    server = await start()
    await server.deliver(
      'INBOX',
      message('one'),
      message('two', `${'.0123456789 and so on\r\n'.repeat(5000)}`),
    )
  })
  afterEach(() => server[Symbol.asyncDispose]())

  async function inFolder(name: string, text: string): Promise<string> {
    const path = join(server.folder, name)
    await writeFile(path, text, { mode: 0o600 })
    return path
  }

  /** Flags of the messages in the INBOX. */
  async function flags(): Promise<readonly string[]> {
    const client = await server.open()
    const { responses } = await client.ok('SELECT INBOX')
    const isEmpty = responses.some((response) => response.kind === 'exists' && response.number === 0)
    const answer = isEmpty ? { responses: [] } : await client.ok('FETCH 1:* FLAGS')
    await client.logOut()
    return answer.responses.flatMap((response) =>
      response.kind === 'fetch'
        ? [
            (response.items.flags ?? [])
              .filter((flag) => flag !== '\\Recent')
              .toSorted()
              .join(' '),
          ]
        : [],
    )
  }

  describe.runIf(curl.available)(curl.title, () => {
    const ask = (path: string, ...words: readonly string[]) =>
      server.run(
        'curl',
        '-sS',
        '-k',
        '-u',
        `${server.user}:${server.password}`,
        ...words,
        `imap://127.0.0.1:${server.port}/${path}`,
      )

    test('lists, fetches, searches and appends', async () => {
      expect((await ask('')).stdout).toContain('INBOX')
      expect((await ask('INBOX;MAILINDEX=1')).stdout).toBe(message('one'))
      expect((await ask('INBOX;UID=2;SECTION=HEADER.FIELDS%20(SUBJECT)')).stdout).toBe('Subject: two\r\n\r\n')
      expect((await ask('INBOX?SUBJECT%20two')).stdout.trim()).toBe('* SEARCH 2')
      const file = await inFolder('three', message('three'))
      expect(await ask('INBOX', '-T', file)).toMatchObject({ code: 0 })
      expect((await server.messages('INBOX')).get('three')).toBe(message('three'))
    })

    test('over STARTTLS and over TLS', async () => {
      expect((await ask('INBOX;MAILINDEX=1', '--ssl-reqd')).stdout).toBe(message('one'))
      const secret = `${server.user}:${server.password}`
      const url = `imaps://127.0.0.1:${server.tlsPort}/INBOX;MAILINDEX=2`
      const { stdout } = await server.run('curl', '-sS', '-k', '-u', secret, url)
      expect(stdout).toBe((await server.messages('INBOX')).get('two'))
    })

    test('is refused a wrong password', async () => {
      const words = ['-sS', '-k', '-u', `${server.user}:wrong`, `imap://127.0.0.1:${server.port}/`]
      // 67: the server denied the login.
      expect((await server.run('curl', ...words)).code).toBe(67)
    })
  })

  describe.runIf(python.available)(`${python.title}, imaplib`, () => {
    test('does all that it can', async () => {
      const program = join(import.meta.dirname, 'imap.py')
      const words = [program, `${server.port}`, `${server.tlsPort}`, server.user, server.password]
      const { stdout, stderr } = await server.run('python3', ...words)
      expect(stderr).toBe('')
      expect(JSON.parse(stdout)).toEqual({
        selected: ['2'],
        searched: ['2'],
        sizes: [message('one').length],
        header: 'Subject: one\r\n\r\n',
        stored: ['\\Flagged'],
        appended: 'OK',
        copied: 'OK',
        listed: true,
        expunged: ['1'],
        left: 'two',
        tls: ['2'],
        idle_free: 'OK',
      })
    })
  })

  describe.runIf(fetchmail.available)(fetchmail.title, () => {
    const poll = async (...options: readonly string[]) => {
      const box = join(server.folder, 'fetched')
      await writeFile(box, '')
      const settings = [
        `poll 127.0.0.1 service ${server.port} proto imap`,
        `user "${server.user}" password "${server.password}" sslproto ""`,
        `mda "cat >> ${box}"`,
        ...options,
        '',
      ]
      const rc = await inFolder('fetchmailrc', settings.join('\n'))
      const result = await server.run('fetchmail', '-f', rc, '--nosyslog')
      return { code: result.code, box: await readFile(box, 'latin1') }
    }

    test('fetches what is new, and keeps it', async () => {
      const { code, box } = await poll('keep')
      expect(code).toBe(0)
      expect(box).toContain('body of one')
      expect(await flags()).toEqual(['\\Seen', '\\Seen'])
      // 1: there was no mail to fetch.
      expect(await poll('keep')).toEqual({ code: 1, box: '' })
    })

    test('deletes what it has fetched', async () => {
      expect((await poll('no keep')).code).toBe(0)
      expect(await flags()).toEqual([])
    })

    test('is told of mail while it idles', async () => {
      const box = join(server.folder, 'fetched')
      await writeFile(box, '')
      const settings = [
        `poll 127.0.0.1 service ${server.port} proto imap`,
        `user "${server.user}" password "${server.password}" sslproto "" idle keep`,
        `mda "cat >> ${box}"`,
        '',
      ]
      const rc = await inFolder('fetchmailrc', settings.join('\n'))
      const running = runProcess(
        'fetchmail',
        ['-f', rc, '--nosyslog', '--pidfile', join(server.folder, 'pid')],
        {
          folder: server.folder,
          env: { HOME: server.folder },
          limit: 20_000,
        },
      )
      const text = () => readFile(box, 'latin1')
      await expect.poll(text, { timeout: 15_000 }).toContain('and so on')
      await server.deliver('INBOX', message('three'))
      await expect.poll(text, { timeout: 15_000 }).toContain('body of three')
      await server.run('fetchmail', '--quit', '--pidfile', join(server.folder, 'pid'))
      await running
    })
  })

  describe.runIf(getmail.available)(getmail.title, () => {
    test('fetches, and fetches nothing twice', async () => {
      const box = join(server.folder, 'box')
      for (const name of ['cur', 'new', 'tmp']) await mkdir(join(box, name), { recursive: true })
      const settings = `[retriever]
type = SimpleIMAPRetriever
server = 127.0.0.1
port = ${server.port}
username = ${server.user}
password = ${server.password}
mailboxes = ("INBOX",)
[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat > ${box}/new/$$")
allow_root_commands = true
[options]
read_all = false
`
      await inFolder('getmailrc', settings)
      const fetchAll = async (): Promise<number> => {
        const { code, stderr } = await server.run(
          'getmail',
          '--getmaildir',
          server.folder,
          '--rcfile',
          'getmailrc',
        )
        expect(code, stderr).toBe(0)
        return (await readdir(join(box, 'new'))).length
      }
      expect(await fetchAll()).toBe(2)
      expect(await fetchAll()).toBe(2)
      await server.deliver('INBOX', message('three'))
      expect(await fetchAll()).toBe(3)
    })
  })

  describe.runIf(snail.available)(snail.title, () => {
    test('reads, flags, moves and deletes', async () => {
      const [user, password] = [encodeURIComponent(server.user), encodeURIComponent(server.password)]
      await inFolder(
        'mailrc',
        `set v15-compat=y folder="imap://${user}:${password}@127.0.0.1:${server.port}" imap-auth=login
unset imap-use-starttls
set hold header
`,
      )
      const commands = ['headers', 'type 1', 'flag 2', 'copy 1 +Kept', 'delete 1', 'quit']
      const client = await server.open()
      await client.ok('CREATE Kept')
      await client.logOut()
      const { stdout, stderr } = await runProcess('s-nail', ['-n', '-#', '-f', '+INBOX'], {
        folder: server.folder,
        stdin: `${commands.join('\n')}\n`,
        env: { HOME: server.folder, MAILRC: join(server.folder, 'mailrc'), LC_ALL: 'C.UTF-8' },
      })
      expect(stdout, stderr).toContain('body of one')
      expect([...(await server.messages('INBOX')).keys()]).toEqual(['two'])
      expect([...(await server.messages('Kept')).keys()]).toEqual(['one'])
      expect((await flags())[0]).toContain('\\Flagged')
    })
  })

  describe.runIf(mutt.available && script.available)(`${mutt.title}, ${script.title}`, () => {
    test('flags, copies and deletes in batch', async () => {
      const client = await server.open()
      await client.ok('CREATE Kept')
      await client.logOut()
      const keys = [
        '<tag-pattern>~s one<enter><tag-prefix><flag-message><untag-pattern>~A<enter>',
        '<tag-pattern>~s two<enter><tag-prefix><copy-message>=Kept<enter><untag-pattern>~A<enter>',
        '<delete-pattern>~s two<enter><sync-mailbox><exit>',
      ]
      const settings = [
        `set folder="imap://127.0.0.1:${server.port}/" spoolfile="imap://127.0.0.1:${server.port}/INBOX"`,
        `set imap_user="${server.user}" imap_pass="${server.password}"`,
        'set ssl_starttls=no ssl_force_tls=no',
        'set quit=yes delete=yes wait_key=no beep=no move=no confirmappend=no confirmcreate=no header_cache=""',
        `push "${keys.join('')}"`,
      ]
      const rc = await inFolder('muttrc', `${settings.join('\n')}\n`)
      // In a process group of its own, which is what timeout makes otherwise, mutt may not read the terminal.
      const command = `timeout --foreground 40 mutt -n -F '${rc}'`
      const { code } = await runProcess('script', ['-qec', command, '/dev/null'], {
        folder: server.folder,
        env: { HOME: server.folder, TERM: 'xterm' },
      })
      expect(code).toBe(0)
      expect([...(await server.messages('INBOX')).keys()]).toEqual(['one'])
      expect([...(await server.messages('Kept')).keys()]).toEqual(['two'])
      expect(asLf((await server.messages('INBOX')).get('one') ?? '')).toBe(asLf(message('one')))
      expect((await flags())[0]).toContain('\\Flagged')
    })
  })
})
