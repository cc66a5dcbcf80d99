import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dialogueMailwright } from '../../support/imap/dialogue/mailwright.ts'
import { parseImapScript } from '../../support/imap/dialogue/parse-script.ts'
import { playImapScript } from '../../support/imap/dialogue/player.ts'
import { type DialogueServer, dialogueCourier, dialogueDovecot } from '../../support/imap/dialogue/servers.ts'
import { requirePeer, requirePeerModule, requireUnpackedPeer } from '../../support/peers/peers.ts'
import { projectFolder } from '../../support/project-files.ts'

const folder = join(projectFolder, 'test/dialogues/imap')
const files = readdirSync(folder).filter((name) => name.endsWith('.dialogue'))
const script = (name: string) => parseImapScript(readFileSync(join(folder, name), 'utf8'))

// JMAPACCESS (RFC 9698) tells where JMAP is, and there is none.
const notOurs: readonly string[] = ['jmapaccess.dialogue']

const dovecot = requirePeerModule('doveadm', 'dovecot-imapd')
const openssl = requirePeer('openssl')
const courier = requireUnpackedPeer('courier')

const servers = [
  { title: 'mailwright', available: true, start: () => dialogueMailwright() },
  {
    title: dovecot.title,
    available: dovecot.available && openssl.available,
    start: () => dialogueDovecot(),
  },
  { title: courier.title, available: courier.available, start: () => dialogueCourier(courier) },
]

describe.each(servers.filter(({ available }) => available))('$title plays', ({ start }) => {
  let server: DialogueServer

  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it.each(files)('%s', async (name) => {
    const { leftOut } = await playImapScript(script(name), server)
    if (server.name === 'mailwright') expect(leftOut === undefined).toBe(!notOurs.includes(name))
    // Of others it is enough to know why.
    expect(leftOut).not.toBe('')
  })
})
