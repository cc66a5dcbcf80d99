import { describe, expect, test } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

const ann = 'ann@example.org'
const work = '"Other Users/tim@example.org/Work"'

/** Somebody who is told of another account's mailbox, as far as there are rights. */
async function watching(
  rights: string,
  groups: string,
): Promise<{ system: ImapTest; client: ImapTestClient }> {
  const system = await startImapTest({ others: [ann] })
  await system.mail.createMailbox('Work')
  await system.mail.setAccess('Work', ann, rights)
  const client = await system.connect(ann)
  await client.ok(`NOTIFY SET ${groups}`)
  return { system, client }
}

async function next(client: ImapTestClient): Promise<string> {
  return (await client.response()).replace(/^\* /, '')
}

const messages = '(MessageNew MessageExpunge)'
const groups = [`(MAILBOXES ${work} ${messages})`, `(SUBTREE "Other Users" ${messages})`]

describe('access that is lost and given back is told (RFC 5465 §5.9)', () => {
  test.each(groups)('by LIST without a change of names: %s', async (group) => {
    const { system, client } = await watching('lr', group)
    await using _ = system
    for (const lost of ['l', '']) {
      await system.mail.setAccess('Work', ann, lost)
      expect(await next(client)).toBe(`LIST (\\NoAccess) "/" ${work}`)
      await system.deliver('Work', 'Subject: secret\n\n')
      expect(await client.ok('NOOP')).toEqual([])
      await system.mail.setAccess('Work', ann, 'lr')
      const told = [await next(client), await next(client)].sort()
      expect(told).toEqual([
        `LIST (\\HasNoChildren) "/" ${work}`,
        expect.stringMatching(/^STATUS ".*\/Work" \(MESSAGES \d UIDNEXT/),
      ])
    }
  })

  test('as a mailbox that is deleted and made to clients that are told of names (RFC 5465 §5.4)', async () => {
    const { system, client } = await watching('lr', `(SUBTREE ${work} (MailboxName))`)
    await using _ = system
    await system.mail.setAccess('Work', ann, 'r')
    expect(await next(client)).toBe(`LIST (\\NonExistent) "/" ${work}`)
    await system.mail.setAccess('Work', ann, 'lr')
    expect(await next(client)).toBe(`LIST (\\HasNoChildren) "/" ${work}`)
  })
})

test.each(groups)(
  'nothing is told of a mailbox that can be read and not seen: %s (RFC 5465 §5)',
  async (group) => {
    const { system, client } = await watching('r', group)
    await using _ = system
    await system.deliver('Work', 'Subject: secret\n\n')
    await system.mail.setMetadata('Work', new Map([['/shared/comment', Buffer.from('secret')]]))
    expect(await client.ok('NOOP')).toEqual([])
  },
)

test('annotations are told of what can be seen and read (RFC 5465 §5)', async () => {
  const { system, client } = await watching('li', `(SUBTREE ${work} (MailboxMetadataChange))`)
  await using _ = system
  const annotate = (value: string) =>
    system.mail.setMetadata('Work', new Map([['/shared/comment', Buffer.from(value)]]))
  await annotate('secret')
  expect(await client.ok('NOOP')).toEqual([])
  await system.mail.setAccess('Work', ann, 'lr')
  await annotate('open')
  expect(await next(client)).toBe(`METADATA ${work} /shared/comment`)
})

test('a mailbox of the account itself that is deleted is not told as one without access', async () => {
  await using system = await startImapTest()
  await system.mail.createMailbox('Work')
  const client = await system.connect()
  await client.ok(`NOTIFY SET (PERSONAL ${messages})`)
  await system.mail.deleteMailbox('Work')
  await system.deliver('INBOX', 'Subject: one\n\n')
  expect(await next(client)).toMatch(/^STATUS INBOX /)
})
