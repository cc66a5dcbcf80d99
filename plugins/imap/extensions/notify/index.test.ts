import { describe, expect, test } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

const message = 'Subject: one\n\ntext\n'

/** A session with some mailboxes, of which one is selected. */
async function started(selected: string | null = 'INBOX') {
  const system = await startImapTest()
  for (const name of ['Work', 'Work/a', 'Other']) await system.mail.createMailbox(name)
  await system.deliver('INBOX', message, message)
  const client = await system.connect()
  if (selected !== null) await client.ok(`SELECT ${selected}`)
  return { system, client, [Symbol.asyncDispose]: () => system[Symbol.asyncDispose]() }
}

/** What comes before the end of a command that tells nothing itself. */
async function pushed(client: ImapTestClient, count: number): Promise<readonly string[]> {
  const responses: string[] = []
  while (responses.length < count) responses.push((await client.response()).replace(/^\* /, ''))
  return responses
}

async function changeFlags(
  system: ImapTest,
  mailbox: string,
  uids: readonly number[],
  flag: string,
): Promise<void> {
  const opened = await system.mail.openMailbox(mailbox)
  await opened.changeFlags(uids, { add: [flag] })
  await opened.close()
}

async function expunge(system: ImapTest, mailbox: string, uids: readonly number[]): Promise<void> {
  const opened = await system.mail.openMailbox(mailbox)
  await opened.expunge(uids)
  await opened.close()
}

const all = '(MessageNew MessageExpunge FlagChange)'

describe('the selected mailbox', () => {
  test('is told of at once, also while no command is in progress', async () => {
    await using setting = await started()
    const { client, system } = setting
    await client.ok(`NOTIFY SET (SELECTED ${all})`)
    await system.deliver('INBOX', message)
    expect(await pushed(client, 1)).toEqual(['3 EXISTS'])
    await changeFlags(system, 'INBOX', [2], '\\Flagged')
    expect(await pushed(client, 1)).toEqual(['2 FETCH (UID 2 FLAGS (\\Flagged))'])
    await expunge(system, 'INBOX', [1])
    expect(await pushed(client, 1)).toEqual(['1 EXPUNGE'])
    expect(await client.ok('NOOP')).toEqual([])
  })

  test('new messages come with what the client wants to know of them', async () => {
    await using setting = await started()
    const { client, system } = setting
    await client.ok(
      'NOTIFY SET (selected (MessageNew (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)] ENVELOPE) MessageExpunge))',
    )
    await system.deliver('INBOX', message)
    const [exists, fetched] = await pushed(client, 2)
    expect(exists).toBe('3 EXISTS')
    expect(fetched).toMatch(
      /^3 FETCH \(UID 3 FLAGS \(\) ENVELOPE \(.*\) BODY\[HEADER\.FIELDS \(SUBJECT\)\] \{16\}\r\nSubject: one\r\n\r\n\)$/,
    )
    await client.ok('ENABLE CONDSTORE')
    await system.deliver('INBOX', message)
    expect((await pushed(client, 2))[1]).toMatch(/^4 FETCH \(UID 4 MODSEQ \(\d+\) FLAGS /)
  })

  test('asking for a body does not mark the message', async () => {
    await using setting = await started()
    const { client, system } = setting
    await client.ok('NOTIFY SET (SELECTED (MessageNew (BODY[]) MessageExpunge FlagChange))')
    await system.deliver('INBOX', message)
    expect((await pushed(client, 2))[1]).toContain('text\r\n')
    expect(await client.ok('FETCH 3 FLAGS')).toEqual(['3 FETCH (FLAGS ())'])
  })

  test('expunges wait for a command with SELECTED-DELAYED', async () => {
    await using setting = await started()
    const { client, system } = setting
    await client.ok(`NOTIFY SET (SELECTED-DELAYED ${all})`)
    await expunge(system, 'INBOX', [1])
    await system.deliver('INBOX', message)
    expect(await pushed(client, 1)).toEqual(['3 EXISTS'])
    expect(await client.ok('FETCH 2:3 (UID)')).toEqual(['2 FETCH (UID 2)', '3 FETCH (UID 3)'])
    expect(await client.ok('NOOP')).toEqual(['1 EXPUNGE'])
    await expunge(system, 'INBOX', [2])
    client.dialogue.send('i IDLE')
    expect(await client.response()).toBe('+ idling')
    expect(await pushed(client, 1)).toEqual(['1 EXPUNGE'])
  })

  test('flags are not told where they are not asked for', async () => {
    await using setting = await started()
    const { client, system } = setting
    await client.ok('NOTIFY SET (SELECTED (MessageNew MessageExpunge))')
    await changeFlags(system, 'INBOX', [1], '\\Flagged')
    await system.deliver('INBOX', message)
    expect(await pushed(client, 1)).toEqual(['3 EXISTS'])
    expect(await client.ok('NOOP')).toEqual([])
    expect(await client.ok('STORE 2 +FLAGS (\\Seen)')).toEqual(['2 FETCH (UID 2 FLAGS (\\Seen))'])
  })

  test.each(['NOTIFY NONE', `NOTIFY SET (PERSONAL ${all})`, 'NOTIFY SET (SELECTED NONE)'])(
    'nothing is told after %s, but what the client does itself',
    async (command) => {
      await using setting = await started()
      const { client, system } = setting
      await client.ok(command)
      await system.deliver('INBOX', message)
      await changeFlags(system, 'INBOX', [1], '\\Flagged')
      expect(await client.ok('NOOP')).toEqual([])
      client.dialogue.send('i IDLE', 'DONE')
      expect(await pushed(client, 2)).toEqual(['+ idling', 'i OK Idled'])
      expect(await client.ok('STORE 1:2 +FLAGS (\\Deleted)')).toHaveLength(2)
      await client.ok('SELECT INBOX')
      expect(await client.ok('NOOP')).toEqual([])
    },
  )

  test('is followed when another one is selected', async () => {
    await using setting = await started()
    const { client, system } = setting
    await client.ok(`NOTIFY SET (SELECTED ${all})`)
    await client.ok('SELECT Work')
    await system.deliver('INBOX', message)
    await system.deliver('Work', message)
    expect(await pushed(client, 1)).toEqual(['1 EXISTS'])
    expect(await client.ok('NOOP')).toEqual([])
  })

  test('what has come together is told when it begins', async () => {
    await using setting = await started()
    const { client, system } = setting
    await expunge(system, 'INBOX', [1])
    expect(await client.ok(`NOTIFY SET (SELECTED ${all})`)).toEqual(['1 EXPUNGE'])
  })

  test.each(['(SELECTED NONE)', `(PERSONAL ${all})`, '(SELECTED (MessageNew MessageExpunge))'])(
    'what has come together is told, whatever is told from now on: %s (RFC 5465 §3.1)',
    async (groups) => {
      await using setting = await started()
      const { client, system } = setting
      await client.ok('NOTIFY NONE')
      await expunge(system, 'INBOX', [1])
      await changeFlags(system, 'INBOX', [2], '\\Flagged')
      await system.deliver('INBOX', message)
      expect(await client.ok(`NOTIFY SET ${groups}`)).toEqual([
        '1 EXPUNGE',
        '2 EXISTS',
        '1 FETCH (UID 2 FLAGS (\\Flagged))',
      ])
      await changeFlags(system, 'INBOX', [2], '\\Answered')
      expect(await client.ok('NOOP')).toEqual([])
    },
  )

  test('what came before another NOTIFY is fetched once', async () => {
    await using setting = await started()
    const { client, system } = setting
    const group = '(SELECTED (MessageNew (UID) MessageExpunge))'
    await client.ok(`NOTIFY SET ${group}`)
    const delivered = system.deliver('INBOX', message)
    const untagged = await client.ok(`NOTIFY SET ${group}`)
    await delivered
    const told = untagged.length > 0 ? untagged : await pushed(client, 2)
    expect(told).toEqual(['3 EXISTS', '3 FETCH (UID 3)'])
    expect(await client.ok('NOOP')).toEqual([])
  })
})

describe('other mailboxes', () => {
  test('are told of by STATUS, by what is asked for', async () => {
    await using setting = await started()
    const { client, system } = setting
    await client.ok(
      `NOTIFY SET (SELECTED NONE) (MAILBOXES Work (MessageNew MessageExpunge)) (SUBTREE Other ${all})`,
    )
    await system.deliver('Work', message)
    expect(await pushed(client, 1)).toEqual([
      expect.stringMatching(/^STATUS Work \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY \d+ UNSEEN 1\)$/),
    ])
    await changeFlags(system, 'Work', [1], '\\Seen')
    await system.deliver('Other', message)
    expect(await pushed(client, 1)).toEqual([
      expect.stringMatching(
        /^STATUS Other \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY \d+ UNSEEN 1 HIGHESTMODSEQ \d+\)$/,
      ),
    ])
    await changeFlags(system, 'Other', [1], '\\Seen')
    expect((await pushed(client, 1))[0]).toMatch(/^STATUS Other \(MESSAGES 1 .* UNSEEN 0 /)
    await expunge(system, 'Other', [1])
    expect((await pushed(client, 1))[0]).toMatch(/^STATUS Other \(MESSAGES 0 UIDNEXT 2 /)
    await system.deliver('Work/a', message)
    await system.deliver('INBOX', message)
    expect(await client.ok('NOOP')).toEqual([])
  })

  test('STATUS tells what there is before the tagged response', async () => {
    await using setting = await started()
    const { client } = setting
    await client.ok('ENABLE CONDSTORE')
    expect(
      await client.ok('NOTIFY SET STATUS (PERSONAL (MessageNew MessageExpunge)) (SELECTED NONE)'),
    ).toEqual([
      expect.stringMatching(
        /^STATUS Other \(MESSAGES 0 UIDNEXT 1 UIDVALIDITY \d+ UNSEEN 0 HIGHESTMODSEQ \d+\)$/,
      ),
      expect.stringMatching(/^STATUS Work \(/),
      expect.stringMatching(/^STATUS Work\/a \(/),
    ])
    expect(await client.ok('NOTIFY SET STATUS (PERSONAL (MailboxName))')).toEqual([])
  })

  test('a group that says NONE keeps mailboxes out of those behind it', async () => {
    await using setting = await started(null)
    const { client } = setting
    const told = await client.ok(
      'NOTIFY SET STATUS (MAILBOXES (Work INBOX) NONE) (PERSONAL (MessageNew MessageExpunge))',
    )
    expect(told.map((response) => response.split(' ')[1])).toEqual(['Other', 'Work/a'])
  })

  test('those of several groups are told of what any of them says', async () => {
    await using setting = await started(null)
    const { client, system } = setting
    await client.ok(`NOTIFY SET (MAILBOXES Work (MailboxName)) (SUBTREE Work ${all})`)
    await system.deliver('Work', message)
    expect((await pushed(client, 1))[0]).toMatch(/^STATUS Work /)
    await system.mail.deleteMailbox('Work/a')
    expect(await pushed(client, 1)).toEqual(['LIST (\\HasNoChildren) "/" Work'])
  })

  test('what the client does not know is passed over', async () => {
    await using setting = await started(null)
    expect(await setting.client.ok(`NOTIFY SET STATUS (MAILBOXES (Missing Work) ${all})`)).toHaveLength(1)
  })
})

test('mailboxes that must not be looked into are told as such (RFC 5465 §3.1, §5.9)', async () => {
  const ann = 'ann@example.org'
  await using system = await startImapTest({ others: [ann] })
  for (const name of ['Open', 'Closed', 'Hidden']) await system.mail.createMailbox(name)
  const work = 'Other Users/tim@example.org'
  await system.mail.setAccess('Open', ann, 'lr')
  await system.mail.setAccess('Closed', ann, 'l')
  const client = await system.connect(ann)
  const named = ['Open', 'Closed', 'Hidden'].map((name) => `"${work}/${name}"`).join(' ')
  const told = await client.ok(
    `NOTIFY SET STATUS (MAILBOXES (${named}) (MailboxName MessageNew MessageExpunge))`,
  )
  expect([...told].sort()).toEqual([
    `LIST (\\NoAccess) "/" "${work}/Closed"`,
    expect.stringMatching(/^STATUS ".*\/Open" \(MESSAGES 0 /),
  ])
  await system.deliver('Open', message)
  expect((await pushed(client, 1))[0]).toMatch(/\/Open" \(MESSAGES 1 /)
  await system.mail.setAccess('Open', ann, '')
  expect(await pushed(client, 1)).toEqual([`LIST (\\NonExistent) "/" "${work}/Open"`])
  await system.deliver('Open', message)
  expect(await client.ok('NOOP')).toEqual([])
})

describe('the list of mailboxes', () => {
  test('is told of by LIST', async () => {
    await using setting = await started(null)
    const { client, system } = setting
    await client.ok('NOTIFY SET (PERSONAL (MailboxName))')
    await system.mail.createMailbox('New')
    expect(await pushed(client, 1)).toEqual(['LIST (\\HasNoChildren) "/" New'])
    await system.mail.renameMailbox('New', 'N & M')
    expect(await pushed(client, 1)).toEqual(['LIST (\\HasNoChildren) "/" "N &- M" ("OLDNAME" (New))'])
    await system.mail.createMailbox('Other/below')
    expect(await pushed(client, 2)).toEqual([
      'LIST (\\HasChildren) "/" Other',
      'LIST (\\HasNoChildren) "/" Other/below',
    ])
    await system.mail.deleteMailbox('Other')
    expect(await pushed(client, 1)).toEqual(['LIST (\\NonExistent \\HasChildren) "/" Other'])
    await system.mail.subscribe('Work', true)
    expect(await client.ok('NOOP')).toEqual([])
  })

  test('a mailbox that is renamed out of sight has gone, and one that comes into sight has come', async () => {
    await using setting = await started(null)
    const { client, system } = setting
    await client.ok('NOTIFY SET (SUBTREE Work (MailboxName MessageNew MessageExpunge))')
    await system.mail.renameMailbox('Work/a', 'Elsewhere')
    expect(await pushed(client, 2)).toEqual([
      'LIST (\\HasNoChildren) "/" Work',
      'LIST (\\NonExistent) "/" Work/a',
    ])
    await system.deliver('Elsewhere', message)
    await system.mail.renameMailbox('Elsewhere', 'Work/b')
    const came = await pushed(client, 3)
    expect(came[0]).toMatch(/^STATUS Work\/b \(MESSAGES 1 /)
    expect(came.slice(1)).toEqual(['LIST (\\HasChildren) "/" Work', 'LIST (\\HasNoChildren) "/" Work/b'])
  })

  test('subscriptions are told, also of what does not exist', async () => {
    await using setting = await started(null)
    const { client, system } = setting
    await client.ok('NOTIFY SET (PERSONAL (SubscriptionChange))')
    await system.mail.subscribe('Work', true)
    expect(await pushed(client, 1)).toEqual(['LIST (\\HasChildren \\Subscribed) "/" Work'])
    await system.mail.subscribe('Work', false)
    expect(await pushed(client, 1)).toEqual(['LIST (\\HasChildren) "/" Work'])
    await system.mail.subscribe('Missing', true)
    expect(await pushed(client, 1)).toEqual(['LIST (\\NonExistent \\Subscribed) "/" Missing'])
    await system.mail.createMailbox('New')
    expect(await client.ok('NOOP')).toEqual([])
  })

  test('SUBSCRIBED follows the subscriptions', async () => {
    await using setting = await started(null)
    const { client, system } = setting
    await client.ok(`NOTIFY SET (SUBSCRIBED (MailboxName SubscriptionChange MessageNew MessageExpunge))`)
    await system.deliver('Work', message)
    await system.mail.subscribe('Work', true)
    expect(await pushed(client, 1)).toEqual(['LIST (\\HasChildren \\Subscribed) "/" Work'])
    await system.deliver('Work', message)
    expect((await pushed(client, 1))[0]).toMatch(/^STATUS Work \(MESSAGES 2 /)
    await system.mail.subscribe('Work', false)
    expect(await pushed(client, 1)).toEqual(['LIST (\\HasChildren) "/" Work'])
    await system.deliver('Work', message)
    expect(await client.ok('NOOP')).toEqual([])
  })
})

test('annotations are told by their names', async () => {
  await using setting = await started()
  const { client, system } = setting
  await client.ok('NOTIFY SET (PERSONAL (MailboxMetadataChange ServerMetadataChange))')
  const set = (mailbox: string | undefined, name: string, value: string | null) =>
    system.mail.setMetadata(mailbox, new Map([[name, value === null ? null : Buffer.from(value)]]))
  await set('Work', '/private/comment', 'mine')
  expect(await pushed(client, 1)).toEqual(['METADATA Work /private/comment'])
  await set('INBOX', '/shared/comment', 'ours')
  expect(await pushed(client, 1)).toEqual(['METADATA INBOX /shared/comment'])
  await set('Work', '/private/comment', null)
  expect(await pushed(client, 1)).toEqual(['METADATA Work /private/comment'])
  await set(undefined, '/private/vendor/x', '1')
  expect(await pushed(client, 1)).toEqual(['METADATA "" /private/vendor/x'])
  await set(undefined, '/private/vendor/x', '1')
  expect(await client.ok('NOOP')).toEqual([])
})

describe('it is over', () => {
  test('with NOTIFY NONE', async () => {
    await using setting = await started(null)
    const { client, system } = setting
    await client.ok('NOTIFY SET (PERSONAL (MailboxName MessageNew MessageExpunge))')
    await client.ok('NOTIFY NONE')
    await system.mail.createMailbox('New')
    await system.deliver('New', message)
    expect(await client.ok('NOOP')).toEqual([])
  })

  test('with the login, and the next one is told as ever', async () => {
    await using setting = await started()
    const { client, system } = setting
    await client.ok('NOTIFY SET (PERSONAL (MailboxName))')
    await client.ok('UNAUTHENTICATE')
    await system.mail.createMailbox('New')
    await client.ok('LOGIN tim@example.org "correct horse"')
    await client.ok('SELECT INBOX')
    await system.deliver('INBOX', message)
    expect(await client.ok('NOOP')).toEqual(['3 EXISTS'])
  })

  test('where there are more mailboxes than are kept in mind', async () => {
    await using setting = await started(null)
    const { client, system } = setting
    for (let count = 0; count < 995; count += 1) await system.mail.createMailbox(`m${count}`)
    await client.ok('NOTIFY SET (PERSONAL (MailboxName))')
    await system.mail.createMailbox('one-more')
    expect((await pushed(client, 1))[0]).toBe('LIST (\\HasNoChildren) "/" one-more')
    await system.mail.createMailbox('too/many')
    expect((await pushed(client, 1))[0]).toMatch(/^OK \[NOTIFICATIONOVERFLOW\] /)
    await system.mail.createMailbox('untold')
    expect(await client.ok('NOOP')).toEqual([])
    expect(await client.command('NOTIFY SET (PERSONAL (MailboxName))')).toEqual({
      untagged: [],
      tagged: expect.stringMatching(/^NO \[NOTIFICATIONOVERFLOW\] /),
    })
    await client.ok('NOTIFY SET (MAILBOXES Work (MailboxName))')
  })
})

describe('is refused', () => {
  const supported =
    'MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange'

  test.each([
    '(SELECTED (MessageNew MessageExpunge AnnotationChange))',
    '(PERSONAL (MessageRead))',
    '(PERSONAL (MailboxName X-Other))',
  ])('%s: there is no such event', async (groups) => {
    await using setting = await started()
    expect((await setting.client.command(`NOTIFY SET ${groups}`)).tagged).toMatch(
      `NO [BADEVENT (${supported})] `,
    )
  })

  test.each([
    '',
    ' ',
    ' SET',
    ' SET STATUS',
    ' NONE now',
    ' SOME',
    ' SET (PERSONAL)',
    ' SET (PERSONAL ())',
    ' SET (PERSONAL MailboxName)',
    ' SET (PERSONAL (MessageNew))',
    ' SET (PERSONAL (MessageExpunge))',
    ' SET (PERSONAL (FlagChange))',
    ' SET (PERSONAL (MessageNew MessageExpunge)) ',
    ' SET (SELECTED (MessageNew () MessageExpunge))',
    ' SET (SELECTED (MessageNew (BLURB) MessageExpunge))',
    ' SET (SELECTED (MessageNew (FLAGS MessageExpunge)))',
    ' SET (SELECTED (MailboxName))',
    ' SET (SELECTED-DELAYED (MessageNew MessageExpunge SubscriptionChange))',
    ' SET (SELECTED NONE) (SELECTED-DELAYED (MessageNew MessageExpunge))',
    ' SET (PERSONAL (MessageNew (UID) MessageExpunge))',
    ' SET (MAILBOXES (MailboxName))',
    ' SET (EVERYWHERE (MailboxName))',
  ])('NOTIFY%s is a mistake', async (rest) => {
    await using setting = await started()
    expect((await setting.client.command(`NOTIFY${rest}`)).tagged).toMatch(/^BAD /)
  })

  test('too many groups at once are too much to tell', async () => {
    await using setting = await started()
    const groups = ' (MAILBOXES Work (MailboxName))'.repeat(101)
    expect((await setting.client.command(`NOTIFY SET${groups}`)).tagged).toMatch(
      /^NO \[NOTIFICATIONOVERFLOW\]/,
    )
  })
})
