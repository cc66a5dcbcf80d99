import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ImapPeerServer } from '../support/imap/imap-peer-server.ts'
import { peerServers } from '../support/imap/imap-peer-servers.ts'
import { requirePeer } from '../support/peers/peers.ts'

const mbsync = requirePeer('mbsync')
const offlineimap = requirePeer('offlineimap')

const message = (subject: string): string =>
  `From: bob@example.org\nTo: ann@example.org\nSubject: ${subject}\nMessage-ID: <${subject}@example.org>\n\nbody of ${subject}\n`
const numbered = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name}${index}`)

describe.each(peerServers)('%s and', (name, start) => {
  let server: ImapPeerServer
  let local: string

  beforeEach(async () => {
    server = await start()
    local = join(server.folder, 'mail')
    await mkdir(local)
  })
  afterEach(() => server[Symbol.asyncDispose]())

  /** Makes a mailbox of the client with messages in it. */
  async function fill(mailbox: string, subjects: readonly string[]): Promise<void> {
    for (const name of ['cur', 'new', 'tmp']) await mkdir(join(local, mailbox, name), { recursive: true })
    for (const subject of subjects)
      await writeFile(join(local, mailbox, 'cur', `${subject}.local:2,`), message(subject))
  }

  /** File names of a mailbox of the client, by the Subject of what is in them. */
  async function files(mailbox: string): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>()
    for (const folder of ['cur', 'new'])
      for (const name of await readdir(join(local, mailbox, folder))) {
        const text = await readFile(join(local, mailbox, folder, name), 'latin1')
        found.set(/^Subject: (.*?)\r?$/m.exec(text)?.[1] ?? '', join(local, mailbox, folder, name))
      }
    return found
  }

  /** Gives flags to a message of the client. */
  async function flag(mailbox: string, subject: string, flags: string): Promise<void> {
    const path = (await files(mailbox)).get(subject) ?? ''
    await rename(path, path.replace(/\/new\/([^/:]*)$/, '/cur/$1').replace(/(:2,[A-Z]*)?$/, `:2,${flags}`))
  }

  const subjects = async (mailbox: string): Promise<readonly string[]> =>
    [...(await server.messages(mailbox)).keys()].toSorted()
  const localSubjects = async (mailbox: string): Promise<readonly string[]> =>
    [...(await files(mailbox)).keys()].toSorted()

  describe.runIf(mbsync.available)(mbsync.title, () => {
    const synchronise = async (): Promise<void> => {
      const settings = `FSync no

IMAPAccount server
Host 127.0.0.1
Port ${server.port}
User ${server.user}
Pass ${server.password}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account server

MaildirStore near
Path ${local}/
Inbox ${local}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
`
      const path = join(server.folder, 'mbsyncrc')
      await writeFile(path, settings)
      const { code, stderr } = await server.run('mbsync', '-c', path, '-a')
      expect(code, stderr).toBe(0)
    }

    /** Whatever is moved, flagged or expunged changes this. */
    const state = async (mailbox: string): Promise<readonly unknown[]> => {
      const client = await server.open()
      const { responses } = await client.ok(`STATUS ${mailbox} (MESSAGES UIDNEXT HIGHESTMODSEQ)`)
      await client.logOut()
      return [responses, [...(await files(mailbox)).entries()].toSorted()]
    }

    /** A run that finds nothing to do. */
    const doesNothing = async (mailbox: string): Promise<void> => {
      const before = await state(mailbox)
      await synchronise()
      expect(await state(mailbox)).toEqual(before)
    }

    // For Dovecot fewer will do, which only shows that the test is right.
    const each = name === 'mailwright' ? 5000 : 500

    test(`keeps ${2 * each} messages the same on both sides`, { timeout: 600_000 }, async () => {
      const theirs = numbered('far', each)
      const ours = numbered('near', each)
      const all = [...theirs, ...ours].toSorted()
      await server.deliver('INBOX', ...theirs.map(message))
      await fill('INBOX', ours)
      await synchronise()
      expect(await subjects('INBOX')).toEqual(all)
      expect(await localSubjects('INBOX')).toEqual(all)
      await doesNothing('INBOX')

      await flag('INBOX', 'far1', 'FS')
      await flag('INBOX', 'near2', 'T')
      const client = await server.open()
      await client.ok('SELECT INBOX')
      await client.ok('STORE 3 +FLAGS (\\Answered)')
      await client.ok('STORE 5:6 +FLAGS (\\Deleted)')
      await client.ok('EXPUNGE')
      await synchronise()
      await doesNothing('INBOX')
      const left = all.filter((name) => !['near2', 'far4', 'far5'].includes(name))
      expect(await subjects('INBOX')).toEqual(left)
      expect(await localSubjects('INBOX')).toEqual(left)
      expect((await files('INBOX')).get('far2')).toMatch(/:2,R$/)
      const { responses } = await client.ok('UID FETCH 2 FLAGS')
      expect(responses).toContainEqual(
        expect.objectContaining({
          items: expect.objectContaining({ flags: expect.arrayContaining(['\\Flagged', '\\Seen']) }),
        }),
      )
    })

    test('makes mailboxes on both sides', async () => {
      await fill('Work', ['work'])
      await fill('INBOX', [])
      const client = await server.open()
      await client.ok('CREATE Gr&APwA3w-e')
      await client.logOut()
      await server.deliver('Gr&APwA3w-e', message('hello'))
      await synchronise()
      expect(await subjects('Work')).toEqual(['work'])
      expect(await localSubjects('Gr&APwA3w-e')).toEqual(['hello'])
      await doesNothing('Work')
    })
  })

  describe.runIf(offlineimap.available)(offlineimap.title, () => {
    const synchronise = async (): Promise<string> => {
      const settings = `[general]
accounts = ann
metadata = ${server.folder}/metadata
ui = basic
fsync = false
[Account ann]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = ${local}
[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = ${server.port}
remoteuser = ${server.user}
remotepass = ${server.password}
ssl = no
starttls = no
auth_mechanisms = PLAIN
`
      const path = join(server.folder, 'offlineimaprc')
      await writeFile(path, settings)
      const { code, stdout, stderr } = await server.run('offlineimap', '-o', '-c', path)
      expect(code, `${stdout}${stderr}`).toBe(0)
      return `${stdout}${stderr}`
    }
    const moved = (text: string): readonly string[] => text.match(/^\s*(Copy|Delet|Add).*/gm) ?? []

    test('keeps mailboxes the same on both sides', async () => {
      const theirs = numbered('far', 50)
      const ours = numbered('near', 50)
      await server.deliver('INBOX', ...theirs.map(message))
      await fill('INBOX', ours)
      await fill('Work', ['work'])
      expect(moved(await synchronise()).length).toBeGreaterThan(0)
      const all = [...theirs, ...ours].toSorted()
      expect(await subjects('INBOX')).toEqual(all)
      expect(await localSubjects('INBOX')).toEqual(all)
      expect(await subjects('Work')).toEqual(['work'])
      expect(moved(await synchronise())).toEqual([])

      await flag('INBOX', 'far1', 'FS')
      const client = await server.open()
      await client.ok('SELECT INBOX')
      await client.ok('STORE 5:6 +FLAGS (\\Deleted)')
      await client.ok('EXPUNGE')
      await synchronise()
      const left = all.filter((name) => !['far4', 'far5'].includes(name))
      expect(await subjects('INBOX')).toEqual(left)
      expect(await localSubjects('INBOX')).toEqual(left)
      const { responses } = await client.ok('UID FETCH 2 FLAGS')
      expect(responses).toContainEqual(
        expect.objectContaining({
          items: expect.objectContaining({ flags: expect.arrayContaining(['\\Flagged', '\\Seen']) }),
        }),
      )
      expect(moved(await synchronise())).toEqual([])
    })
  })
})
