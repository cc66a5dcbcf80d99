import { bufferContent } from 'mailwright'
import type { ImapExtension } from 'mailwright/imap'
import { describe, expect, test } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'
import { noteOwnChange } from '../../engine/own-changes.ts'

const message = { content: bufferContent(Buffer.from('Subject: one\r\n\r\ntext\r\n')) }

/** Commands that change something and say so: `XSTORE Work 2`, `XANNOTATE Work /private/comment text`. */
const ownCommands: ImapExtension = {
  name: 'own-commands',
  commands: {
    XSTORE: {
      states: ['authenticated', 'selected'],
      async run({ args, session }) {
        args.space()
        const mailbox = args.mailbox()
        args.space()
        const messages = Array.from({ length: args.number(1) }, () => message)
        const { uids } = await session.mail.append(mailbox, messages)
        await noteOwnChange(session, { stored: { mailbox, uids } })
        if (session.selected?.name === mailbox) await session.selected.mailbox.refresh()
        return { status: 'OK', text: 'Stored' }
      },
    },
    XANNOTATE: {
      states: ['authenticated', 'selected'],
      async run({ args, session }) {
        args.space()
        const mailbox = args.astring()
        args.space()
        const entry = args.astring()
        args.space()
        const value = args.nstring()
        await session.mail.setMetadata(
          mailbox === '' ? undefined : mailbox,
          new Map([[entry, value === undefined ? null : Buffer.from(value)]]),
        )
        await noteOwnChange(session, { annotated: { mailbox, entries: [entry] } })
        return { status: 'OK', text: 'Annotated' }
      },
    },
  },
}

async function started(groups: string): Promise<{ system: ImapTest; client: ImapTestClient }> {
  const system = await startImapTest({ extensions: [ownCommands] })
  await system.mail.createMailbox('Work')
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  await client.ok(`NOTIFY SET ${groups}`)
  return { system, client }
}

async function next(client: ImapTestClient): Promise<string> {
  return (await client.response()).replace(/^\* /, '')
}

const all = '(MessageNew MessageExpunge FlagChange)'
const annotations = '(MailboxMetadataChange ServerMetadataChange)'

describe('what the client stores itself', () => {
  test('is not told of another mailbox (RFC 5465 §5)', async () => {
    const { system, client } = await started(`(SELECTED NONE) (PERSONAL ${all})`)
    await using _ = system
    expect(await client.ok('XSTORE Work 1')).toEqual([])
    expect(await client.ok('XSTORE Work 3')).toEqual([])
    await system.mail.append('Work', [message])
    expect(await next(client)).toMatch(/^STATUS Work \(MESSAGES 5 UIDNEXT 6 /)
  })

  test('hides nothing that others have done before', async () => {
    const { system, client } = await started(`(SELECTED NONE) (PERSONAL ${all})`)
    await using _ = system
    const done = client.ok('XSTORE Work 1')
    await system.mail.append('Work', [message])
    const untagged = await done
    expect(untagged.length > 0 ? untagged[0] : await next(client)).toMatch(/^STATUS Work \(MESSAGES 2 /)
  })

  test('is told of the selected mailbox and not fetched (RFC 5465 §5.2)', async () => {
    const { system, client } = await started(`(SELECTED (MessageNew (UID) MessageExpunge))`)
    await using _ = system
    expect(await client.ok('XSTORE INBOX 2')).toEqual(['2 EXISTS'])
    await system.mail.append('INBOX', [message])
    expect([await next(client), await next(client)]).toEqual(['3 EXISTS', '3 FETCH (UID 3)'])
  })
})

describe('annotations that the client sets itself', () => {
  test('are not told (RFC 5465 §5)', async () => {
    const { system, client } = await started(`(PERSONAL ${annotations})`)
    await using _ = system
    for (const [mailbox, shown] of [
      ['Work', 'Work'],
      ['""', '""'],
    ]) {
      expect(await client.ok(`XANNOTATE ${mailbox} /private/comment "one"`)).toEqual([])
      expect(await client.ok(`XANNOTATE ${mailbox} /private/comment NIL`)).toEqual([])
      const others = mailbox === 'Work' ? 'Work' : undefined
      await system.mail.setMetadata(others, new Map([['/private/comment', Buffer.from('two')]]))
      expect(await next(client)).toBe(`METADATA ${shown} /private/comment`)
    }
  })

  test('hide none that others have set before', async () => {
    const { system, client } = await started(`(PERSONAL ${annotations})`)
    await using _ = system
    const done = client.ok('XANNOTATE Work /private/comment "one"')
    await system.mail.setMetadata('Work', new Map([['/shared/comment', Buffer.from('theirs')]]))
    const untagged = await done
    expect(untagged[0] ?? (await next(client))).toBe('METADATA Work /shared/comment')
  })
})
