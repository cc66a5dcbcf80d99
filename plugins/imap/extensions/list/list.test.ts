import type { ImapExtension } from 'mailwright/imap'
import { describe, expect, it } from 'vitest'
import { type ImapTestClient, startImapTest } from '../../../../test/support/imap/imap-session.ts'

/** A client with mailboxes, and with subscriptions whether or not there are such mailboxes. */
async function clientWith(
  mailboxes: readonly string[],
  subscriptions: readonly string[] = [],
  extensions: readonly ImapExtension[] = [],
): Promise<{ client: ImapTestClient } & AsyncDisposable> {
  const system = await startImapTest({ extensions })
  for (const name of mailboxes) await system.mail.createMailbox(name)
  for (const name of subscriptions) await system.mail.subscribe(name, true)
  return { client: await system.connect(), [Symbol.asyncDispose]: () => system[Symbol.asyncDispose]() }
}

describe('LIST', () => {
  it('tells the delimiter, for whatever reference (RFC 9051 §6.3.9)', async () => {
    await using system = await clientWith([])
    const { client } = system
    for (const reference of ['""', 'a/b', '"Other Users/"'])
      expect(await client.ok(`LIST ${reference} ""`)).toEqual(['LIST (\\Noselect) "/" ""'])
  })

  it('tells of children and uses without being asked, and of nothing else', async () => {
    await using system = await clientWith(['a/b'], ['a'])
    const { client } = system
    await client.ok('CREATE Outgoing (USE (\\sent))')
    expect(await client.ok('LIST "" *')).toEqual([
      'LIST (\\HasNoChildren) "/" INBOX',
      'LIST (\\HasNoChildren \\Sent) "/" Outgoing',
      'LIST (\\HasChildren) "/" a',
      'LIST (\\HasNoChildren) "/" a/b',
    ])
    expect(await client.ok('LIST () "" *')).toEqual([
      'LIST () "/" INBOX',
      'LIST () "/" Outgoing',
      'LIST () "/" a',
      'LIST () "/" a/b',
    ])
  })

  it('tells of levels that are no mailboxes where nothing else tells of what is below them', async () => {
    await using system = await clientWith(['a/b/c'])
    const { client } = system
    await client.ok('DELETE a')
    const level = 'LIST (\\Noselect \\HasChildren) "/" a'
    expect(await client.ok('LIST "" a*')).not.toContain(level)
    expect(await client.ok('LIST "" a')).toEqual([level])
    expect(await client.ok('LIST "" %')).toEqual(['LIST (\\HasNoChildren) "/" INBOX', level])
    expect(await client.ok('LIST "" *%')).toContain(level)
    expect(await client.ok('LIST () "" a')).toEqual(['LIST (\\NonExistent \\HasChildren) "/" a'])
    expect(await client.ok('LIST "" (a)')).toEqual(['LIST (\\NonExistent \\HasChildren) "/" a'])
    expect(await client.ok('LIST (SUBSCRIBED) "" %')).toEqual([])
  })

  it('with options or several patterns does not take an empty pattern for a question (RFC 5258 §3)', async () => {
    await using system = await clientWith([])
    const { client } = system
    expect(await client.ok('LIST () "" ""')).toEqual([])
    expect(await client.ok('LIST "" ("")')).toEqual([])
    expect(await client.ok('LIST "" "" RETURN ()')).toEqual([])
    expect(await client.ok('LIST "" ("" INBOX)')).toEqual(['LIST () "/" INBOX'])
  })

  it('tells of a mailbox once that several patterns match', async () => {
    await using system = await clientWith(['a/b', 'c'])
    expect(await system.client.ok('LIST "" (inbox % a/* "a/b")')).toEqual([
      'LIST () "/" INBOX',
      'LIST () "/" a',
      'LIST () "/" a/b',
      'LIST () "/" c',
    ])
  })

  it('ignores a pattern that no name can be like (RFC 5258 §3)', async () => {
    await using system = await clientWith([])
    const { client } = system
    expect(await client.ok('LIST "" "&%"')).toEqual([])
    expect(await client.ok('LIST "" (&A INBOX)')).toEqual(['LIST () "/" INBOX'])
  })

  it('writes names in the client’s form (RFC 3501 §5.1.3, RFC 9051 §5.1)', async () => {
    await using system = await clientWith(['Entwürfe', 'a & b', '%*'])
    const { client } = system
    const listed = await client.ok('LIST "" (E% a%)')
    expect(listed).toEqual(['LIST () "/" Entw&APw-rfe', 'LIST () "/" "a &- b"'])
    expect(await client.ok('LIST "" "Entw&APw-*"')).toHaveLength(1)
    expect(await client.ok('LIST "" "%*" RETURN ()')).toContain('LIST () "/" "%*"')
  })

  it.each([
    'LIST',
    'LIST ""',
    'LIST "" ',
    'LIST  "" *',
    'LIST "" * ',
    'LIST "" ()',
    'LIST "" (* )',
    'LIST "" * (CHILDREN)',
    'LIST "" * RETURN',
    'LIST "" * RETURN CHILDREN',
    'LIST "" * RETURN (BLURB)',
    'LIST "" * RETURN (CHILDREN) x',
    'LIST (BLURB) "" *',
    'LIST (SUBSCRIBED "" *',
    'LIST (RECURSIVEMATCH) "" *',
    'LIST (REMOTE RECURSIVEMATCH) "" *',
    'LIST "" * RETURN (STATUS)',
    'LIST "" * RETURN (STATUS ())',
    'LIST "" * RETURN (STATUS (BLURB))',
  ])('%s is BAD', async (command) => {
    await using system = await clientWith([])
    expect((await system.client.command(command)).tagged).toMatch(/^BAD /)
  })
})

describe('LIST of subscriptions', () => {
  const mailboxes = ['Fruit/Apple', 'Fruit/Banana', 'Tofu', 'Vegetable/Broccoli', 'Vegetable/Corn']
  const subscriptions = ['INBOX', 'Fruit/Banana', 'Fruit/Peach', 'Vegetable', 'Vegetable/Broccoli']

  it('also tells of those without a mailbox', async () => {
    await using system = await clientWith(mailboxes, subscriptions)
    expect(await system.client.ok('LIST (SUBSCRIBED) "" *')).toEqual([
      'LIST (\\Subscribed) "/" INBOX',
      'LIST (\\Subscribed) "/" Fruit/Banana',
      'LIST (\\NonExistent \\Subscribed) "/" Fruit/Peach',
      'LIST (\\Subscribed) "/" Vegetable',
      'LIST (\\Subscribed) "/" Vegetable/Broccoli',
    ])
  })

  it('is the same with REMOTE, and with options twice', async () => {
    await using system = await clientWith(mailboxes, subscriptions)
    const { client } = system
    const once = await client.ok('LIST (SUBSCRIBED) "" * RETURN (SUBSCRIBED CHILDREN)')
    expect(once).toContain('LIST (\\Subscribed \\HasChildren) "/" Vegetable')
    expect(
      await client.ok('LIST (remote Subscribed SUBSCRIBED) "" * RETURN (SUBSCRIBED CHILDREN CHILDREN)'),
    ).toEqual(once)
  })

  it('as a return option tells of mailboxes that exist only', async () => {
    await using system = await clientWith(mailboxes, subscriptions)
    expect(await system.client.ok('LIST (REMOTE) "" *e* RETURN (SUBSCRIBED)')).toEqual([
      'LIST () "/" Fruit/Apple',
      'LIST (\\Subscribed) "/" Vegetable',
      'LIST (\\Subscribed) "/" Vegetable/Broccoli',
      'LIST () "/" Vegetable/Corn',
    ])
  })
})

describe('LIST with RECURSIVEMATCH', () => {
  // RFC 5258 §5, example 9.
  const mailboxes = [
    'foo2/bar1',
    'foo2/bar2',
    'baz2/bar2',
    'baz2/bar22',
    'baz2/bar222',
    'eps2/mamba',
    'qux2/bar2',
  ]
  const subscriptions = [
    'foo2/bar1',
    'foo2/bar2',
    'baz2/bar2',
    'baz2/bar22',
    'baz2/bar222',
    'eps2',
    'eps2/mamba',
    'qux2/bar2',
  ]
  const info = '("CHILDINFO" ("SUBSCRIBED"))'

  it('tells of mailboxes above what no pattern matches, and of no others (RFC 5258 §3.5)', async () => {
    await using system = await clientWith(mailboxes, subscriptions)
    const { client } = system
    await client.ok('DELETE qux2')
    expect(await client.ok('LIST (RECURSIVEMATCH SUBSCRIBED) "" *2')).toEqual([
      'LIST (\\Subscribed) "/" baz2/bar2',
      'LIST (\\Subscribed) "/" baz2/bar22',
      'LIST (\\Subscribed) "/" baz2/bar222',
      `LIST (\\Subscribed) "/" eps2 ${info}`,
      `LIST () "/" foo2 ${info}`,
      'LIST (\\Subscribed) "/" foo2/bar2',
      'LIST (\\Subscribed) "/" qux2/bar2',
    ])
    expect(await client.ok('LIST (RECURSIVEMATCH SUBSCRIBED) "" %')).toEqual([
      `LIST () "/" baz2 ${info}`,
      `LIST (\\Subscribed) "/" eps2 ${info}`,
      `LIST () "/" foo2 ${info}`,
      `LIST (\\NonExistent \\HasChildren) "/" qux2 ${info}`,
    ])
  })

  it('does not mean by CHILDINFO that there are mailboxes below (RFC 5258 §5, example 10)', async () => {
    await using system = await clientWith(['foo', 'moo/x'], ['foo/bar', 'moo'])
    expect(await system.client.ok('LIST (SUBSCRIBED RECURSIVEMATCH) "" % RETURN (CHILDREN)')).toEqual([
      `LIST (\\HasNoChildren) "/" foo ${info}`,
      'LIST (\\HasChildren \\Subscribed) "/" moo',
    ])
  })

  it('names all options that must be met together', async () => {
    await using system = await clientWith(['a/b', 'c/d'], ['a/b', 'c/d'])
    const { client } = system
    await client.ok('CREATE a/Sent (USE (\\Sent))')
    await client.ok('SUBSCRIBE a/Sent')
    expect(await client.ok('LIST (RECURSIVEMATCH SPECIAL-USE SUBSCRIBED) "" %')).toEqual([
      'LIST () "/" a ("CHILDINFO" ("SPECIAL-USE" "SUBSCRIBED"))',
    ])
    expect(await client.ok('LIST (SPECIAL-USE SUBSCRIBED) "" *')).toEqual([
      'LIST (\\Sent \\Subscribed) "/" a/Sent',
    ])
  })
})

describe('an extension', () => {
  const third: ImapExtension = {
    name: 'third',
    listSelections: {
      SHORT: (args, { keepOnly, alsoReturn }) => {
        args.space()
        args.expects('(')
        const most = args.number()
        args.expects(')')
        keepOnly(({ name }) => name.length <= most)
        alsoReturn('LENGTH')
      },
    },
    listReturns: {
      LENGTH: () => ({
        async decorate({ name, extended }) {
          extended.push(`"LENGTH" (${name.length})`)
        },
        after: ({ name }) => (name === 'abc' ? undefined : `LENGTH ${name.length}`),
      }),
    },
  }

  it('selects, decorates and writes behind lines', async () => {
    await using system = await clientWith(['abcd/a', 'abc', 'ab'], [], [third])
    const { client } = system
    expect(await client.ok('LIST (SHORT (3)) "" %')).toEqual([
      'LIST () "/" ab ("LENGTH" (2))',
      'LENGTH 2',
      'LIST () "/" abc ("LENGTH" (3))',
    ])
    expect((await client.command('LIST (SHORT) "" %')).tagged).toMatch(/^BAD /)
  })
})
