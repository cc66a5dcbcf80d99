import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ofKind } from '../support/imap/imap-client.ts'
import type { ImapPeerServer } from '../support/imap/imap-peer-server.ts'
import { peerServers } from '../support/imap/imap-peer-servers.ts'
import { requirePeer, requireUnpackedPeer } from '../support/peers/peers.ts'
import { type Roundcube, startRoundcube } from '../support/peers/roundcube.ts'
import { type SmtpServer, startSmtpServer } from '../support/smtp/smtp-server.ts'

const curl = requirePeer('curl')
const roundcube = requireUnpackedPeer('roundcube')

const message = (subject: string): string =>
  `From: bob@example.org\r\nTo: ann@example.org\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.org>\r\n\r\nbody of ${subject}\r\n`

describe.each(peerServers)('%s and', (_name, start) => {
  describe.runIf(roundcube.available && curl.available)(`${roundcube.title}, ${curl.title}`, () => {
    let server: ImapPeerServer
    let smtp: SmtpServer
    let webmail: Roundcube

    beforeEach(async () => {
      server = await start()
      smtp = await startSmtpServer()
      await server.deliver('INBOX', message('one'), message('two'), message('three'))
      const ports = { imapPort: server.port, smtpPort: smtp.port }
      webmail = await startRoundcube(roundcube, server.folder, ports)
      await webmail.login(server.user, server.password)
    })
    afterEach(async () => {
      await webmail[Symbol.asyncDispose]()
      await smtp.stop()
      await server[Symbol.asyncDispose]()
    })

    const subjects = async (mailbox: string): Promise<readonly string[]> =>
      [...(await server.messages(mailbox)).keys()].toSorted()

    test('a wrong password is refused', async () => {
      await expect(webmail.login(server.user, 'wrong')).rejects.toThrow()
    })

    test('lists, reads and searches', async () => {
      const list = await webmail.ask('_task=mail&_action=list&_mbox=INBOX')
      expect(list).toContain('"messagecount":3')
      for (const subject of ['one', 'two', 'three']) expect(list).toContain(`\\"subject\\":\\"${subject}\\"`)
      const sorted = await webmail.ask('_task=mail&_action=list&_mbox=INBOX&_sort=subject_ASC')
      expect(sorted.match(/subject\\":\\"(one|two|three)/g)?.map((each) => each.slice(12))).toEqual([
        'one',
        'three',
        'two',
      ])
      expect(await webmail.page('_task=mail&_action=show&_uid=2&_mbox=INBOX')).toContain('body of two')
      const found = await webmail.ask('_task=mail&_action=search&_mbox=INBOX&_q=three&_headers=subject')
      expect(found).toContain('"messagecount":1')
    })

    test('marks, moves and deletes', async () => {
      const moved = { _uid: '1', _mbox: 'INBOX', _target_mbox: 'Sent', _remote: '1' }
      expect(await webmail.post('_task=mail&_action=move', moved)).toContain('moved successfully')
      expect(await subjects('INBOX')).toEqual(['three', 'two'])
      expect(await subjects('Sent')).toEqual(['one'])
      const marked = { _uid: '2', _mbox: 'INBOX', _flag: 'flagged', _remote: '1' }
      await webmail.post('_task=mail&_action=mark', marked)
      const client = await server.open()
      await client.ok('SELECT INBOX')
      const { responses } = await client.ok('UID SEARCH FLAGGED')
      expect(responses).toContainEqual(expect.objectContaining({ kind: 'search', numbers: [2] }))
      await client.logOut()
      const removed = { _uid: '3', _mbox: 'INBOX', _remote: '1' }
      expect(await webmail.post('_task=mail&_action=delete', removed)).toContain('"action":"delete"')
      expect(await subjects('INBOX')).toEqual(['two'])
    })

    test('makes mailboxes, with names in any script', async () => {
      const made = { _name: 'Grüße', _parent: '', _mbox: '', _framed: '1' }
      await webmail.post('_task=settings&_action=folder-save', made)
      const client = await server.open()
      const listed = ofKind(await client.ok('LIST "" Gr*'), 'list')
      expect(listed).toMatchObject([{ mailbox: 'Gr&APwA3w-e' }])
    })

    test('sends, and keeps what it has sent', async () => {
      const page = await webmail.page('_task=mail&_action=compose')
      const sent = {
        _id: /name="_id" value="([^"]+)"/.exec(page)?.[1] ?? '',
        _from: /name="_from"[\s\S]*?<option value="(\d+)"/.exec(page)?.[1] ?? '',
        _to: 'tim@example.org',
        _subject: 'sent by hand',
        _message: 'Überall Text',
        _is_html: '0',
        _store_target: 'Sent',
        _framed: '1',
      }
      expect(await webmail.post('_task=mail&_action=send', sent)).toContain('sent successfully')
      expect(smtp.taken.map(({ to }) => to.map(({ localPart, domain }) => `${localPart}@${domain}`))).toEqual(
        [['tim@example.org']],
      )
      expect(await subjects('Sent')).toEqual(['sent by hand'])
      const shown = await webmail.page('_task=mail&_action=show&_uid=1&_mbox=Sent')
      expect(shown).toContain('Überall Text')
    })
  })
})
