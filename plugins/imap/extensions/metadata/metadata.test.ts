import { MailwrightError } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { clientOverStore } from '../../../../test/support/imap/imap-altered-store.ts'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

async function started(): Promise<{ system: ImapTest; client: ImapTestClient } & AsyncDisposable> {
  const system = await startImapTest({ others: ['bob@example.org'] })
  return {
    system,
    client: await system.connect(),
    [Symbol.asyncDispose]: () => system[Symbol.asyncDispose](),
  }
}

describe('annotations', () => {
  it('are set, told and removed, of a mailbox and of the server (RFC 5464 §4.2, §4.3)', async () => {
    await using test = await started()
    const { client } = test
    for (const [mailbox, other] of [
      ['INBOX', '/shared/comment'],
      ['""', '/private/other'],
    ] as const) {
      await client.ok(`SETMETADATA ${mailbox} (/private/comment "mine" ${other} "another")`)
      expect(await client.ok(`GETMETADATA ${mailbox} /private/comment`)).toEqual([
        `METADATA ${mailbox} (/private/comment "mine")`,
      ])
      expect(await client.ok(`GETMETADATA ${mailbox} (${other.toUpperCase()} /private/none)`)).toEqual([
        `METADATA ${mailbox} (${other.toUpperCase()} "another" /private/none NIL)`,
      ])
      await client.ok(`SETMETADATA ${mailbox} (/private/comment NIL)`)
      expect(await client.ok(`GETMETADATA ${mailbox} "/private/comment"`)).toEqual([
        `METADATA ${mailbox} (/private/comment NIL)`,
      ])
    }
  })

  it('are asked for once, however often they are named, and a thousand entries at most', async () => {
    await using test = await started()
    const { client } = test
    await client.ok('SETMETADATA INBOX (/private/a "x")')
    const often = Array.from({ length: 5_000 }, () => '/private').join(' ')
    expect(await client.ok(`GETMETADATA (DEPTH infinity) INBOX (${often})`)).toEqual([
      'METADATA INBOX (/private/a "x")',
    ])
    const none = Array.from({ length: 3_000 }, () => '/private/none').join(' ')
    expect(await client.ok(`GETMETADATA INBOX (${none})`)).toEqual(['METADATA INBOX (/private/none NIL)'])
    const many = (count: number) => Array.from({ length: count }, (_, at) => `/private/e${at}`).join(' ')
    expect(await client.ok(`GETMETADATA INBOX (${many(1_000)})`)).toHaveLength(1)
    expect((await client.command(`GETMETADATA INBOX (${many(1_001)})`)).tagged).toMatch(/^BAD /)
    expect((await client.command(`LIST "" * RETURN (METADATA (${many(1_001)}))`)).tagged).toMatch(/^BAD /)
  })

  it('have values of any octets', async () => {
    await using test = await started()
    const { client } = test
    await client.ok('SETMETADATA INBOX (/private/a {9}', 'two\r\nline /private/b "" /private/c "\\"\\\\")')
    for (const [entry, literal] of [
      ['d', '~{3+}\r\n\0\x01\x02'],
      ['e', '{2+}\r\n\xc3\xa9'],
    ]) {
      const command = `x SETMETADATA INBOX (/private/${entry} ${literal})\r\n`
      client.dialogue.sendOctets(Buffer.from(command, 'latin1'))
      expect(await client.response()).toBe('x OK Set')
    }
    expect(await client.ok('GETMETADATA (DEPTH 1) INBOX /private')).toEqual([
      'METADATA INBOX (/private/a {9}\r\ntwo\r\nline /private/b "" /private/c "\\"\\\\" /private/d ~{3}\r\n\0\x01\x02 /private/e {2}\r\né)',
    ])
    expect((await client.command('SETMETADATA INBOX (/private/a {1}', '\0)')).tagged).toMatch(/^BAD /)
  })

  it('are told to some depth (RFC 5464 §4.2.2)', async () => {
    await using test = await started()
    const { client } = test
    await client.ok('SETMETADATA INBOX (/private/f "0" /private/f/a "1" /private/f/a/b "2" /private/fx "x")')
    const all = '/private/f "0" /private/f/a "1"'
    for (const [depth, told] of [
      ['0', '/private/f "0"'],
      ['1', all],
      ['infinity', `${all} /private/f/a/b "2"`],
    ]) {
      expect(await client.ok(`GETMETADATA (DEPTH ${depth}) INBOX /private/f`)).toEqual([
        `METADATA INBOX (${told})`,
      ])
      expect(await client.ok(`GETMETADATA INBOX (DEPTH ${depth}) (/private/f)`)).toEqual([
        `METADATA INBOX (${told})`,
      ])
    }
    expect(await client.ok('GETMETADATA (DEPTH 1) INBOX (/private/f /private/f/a)')).toEqual([
      `METADATA INBOX (${all} /private/f/a/b "2")`,
    ])
    expect(await client.ok('GETMETADATA (DEPTH infinity) INBOX (/shared)')).toEqual([
      'METADATA INBOX (/shared NIL)',
    ])
  })

  it('are told up to some size, and what the longest has (RFC 5464 §4.2.1)', async () => {
    await using test = await started()
    const { client } = test
    await client.ok('SETMETADATA INBOX (/private/a "12" /private/b "123" /private/c "1234")')
    const entries = '(/private/a /private/b /private/c)'
    expect(await client.command(`GETMETADATA (MAXSIZE 2) INBOX ${entries}`)).toEqual({
      untagged: ['METADATA INBOX (/private/a "12")'],
      tagged: 'OK [METADATA LONGENTRIES 4] That is all',
    })
    expect(await client.command(`GETMETADATA (MAXSIZE 1 DEPTH 0) INBOX ${entries}`)).toEqual({
      untagged: [],
      tagged: 'OK [METADATA LONGENTRIES 4] That is all',
    })
    expect((await client.command(`GETMETADATA (MAXSIZE 4) INBOX ${entries}`)).tagged).toBe('OK That is all')
  })

  it('are set all or none (RFC 5464 §4.3)', async () => {
    await using test = await started()
    const { client } = test
    await client.ok('CREATE a')
    for (const command of [
      `SETMETADATA a (/private/x "1" /private/y "${'z'.repeat(4_097)}")`,
      'SETMETADATA a (/private/x "1" /private/specialuse "\\\\Sent \\\\Junk")',
    ])
      expect((await client.command(command)).tagged).toMatch(/^NO /)
    expect(await client.ok('GETMETADATA a /private/x')).toEqual(['METADATA a (/private/x NIL)'])
  })

  it('have limits (RFC 5464 §4.3)', async () => {
    await using test = await started()
    const { client } = test
    const long = await client.command(`SETMETADATA INBOX (/private/x "${'z'.repeat(4_097)}")`)
    expect(long.tagged).toBe('NO [METADATA MAXSIZE 4096] A value is too long')
    await client.ok(`SETMETADATA INBOX (/private/x "${'z'.repeat(4_096)}")`)
    const entries = (count: number, value: string): string =>
      Array.from({ length: count }, (_, index) => `/private/n${index} ${value}`).join(' ')
    await client.ok(`SETMETADATA INBOX (${entries(99, '"v"')})`)
    const many = await client.command('SETMETADATA INBOX (/private/more "v")')
    expect(many.tagged).toBe('NO [METADATA TOOMANY] There are too many entries')
    await client.ok('SETMETADATA INBOX (/private/n1 "changed")')
    await client.ok('SETMETADATA INBOX (/private/n1 NIL /private/more "v")')
    await client.ok(`SETMETADATA INBOX (${entries(99, 'NIL')})`)
  })

  it('say whom to turn to, which nobody can change (RFC 5464 §3.2.1.1)', async () => {
    await using test = await started()
    const { client } = test
    expect(await client.ok('GETMETADATA "" /shared/admin')).toEqual([
      'METADATA "" (/shared/admin "mailto:postmaster@example.org")',
    ])
    expect((await client.command('SETMETADATA "" (/shared/ADMIN "mailto:me@example.org")')).tagged).toMatch(
      /^NO \[NOPERM\] /,
    )
    await client.ok('SETMETADATA INBOX (/shared/admin "mine")')
  })

  it('that all share are not for clients to set, where they are the server’s (RFC 5464 §3.3)', async () => {
    await using test = await started()
    const { client } = test
    for (const changes of ['/shared/comment "x"', '/private/comment "x" /SHARED/comment ""'])
      expect((await client.command(`SETMETADATA "" (${changes})`)).tagged).toMatch(/^NO \[NOPERM\] /)
    expect(await client.ok('GETMETADATA "" (/shared/comment /private/comment)')).toEqual([
      'METADATA "" (/shared/comment NIL /private/comment NIL)',
    ])
    await client.ok('SETMETADATA "" (/shared/comment NIL)')
  })

  it('have names of four levels below a vendor’s, whose own levels can be asked for (RFC 5464 §3.2)', async () => {
    await using test = await started()
    const { client } = test
    for (const name of ['/private/vendor', '/private/vendor/example', '/SHARED/Vendor/x'])
      expect((await client.command(`SETMETADATA INBOX (${name} "x")`)).tagged).toMatch(/^BAD /)
    await client.ok('SETMETADATA INBOX (/private/vendor/example/a "1" /private/vendors "2")')
    for (const level of ['/private/vendor', '/private/vendor/example'])
      expect(await client.ok(`GETMETADATA (DEPTH infinity) INBOX ${level}`)).toEqual([
        'METADATA INBOX (/private/vendor/example/a "1")',
      ])
  })

  it('say what a mailbox is for, and change it (RFC 6154 §4)', async () => {
    await using test = await started()
    const { client } = test
    await client.ok('CREATE a (USE (\\Sent))')
    await client.ok('CREATE b')
    expect(await client.ok('GETMETADATA a /private/specialuse')).toEqual([
      'METADATA a (/private/specialuse "\\\\Sent")',
    ])
    expect(await client.ok('GETMETADATA (DEPTH infinity) b /private')).toEqual(['METADATA b (/private NIL)'])
    await client.ok('SETMETADATA b (/private/specialuse "\\\\sent" /private/comment "x")')
    expect(await client.ok('LIST (SPECIAL-USE) "" *')).toEqual(['LIST (\\Sent) "/" b'])
    expect(await client.ok('GETMETADATA (DEPTH infinity) b /private')).toEqual([
      'METADATA b (/private/comment "x" /private/specialuse "\\\\Sent")',
    ])
    await client.ok('SETMETADATA b (/private/specialuse NIL)')
    expect(await client.ok('LIST (SPECIAL-USE) "" *')).toEqual([])
    for (const use of ['Important', 'All', 'Flagged'])
      expect((await client.command(`SETMETADATA b (/private/specialuse "\\\\${use}")`)).tagged).toMatch(
        /^NO \[USEATTR\] /,
      )
    expect(await client.ok('GETMETADATA "" /private/specialuse')).toEqual([
      'METADATA "" (/private/specialuse NIL)',
    ])
  })

  it('leave a use as it was where something else cannot be set', async () => {
    await using test = await clientOverStore({
      account: () => ({
        async setMetadata() {
          throw new MailwrightError('MAIL_E_UNAVAILABLE', 'no disk')
        },
      }),
    })
    const { client } = test
    await client.ok('CREATE a (USE (\\Junk))')
    const { tagged } = await client.command('SETMETADATA a (/private/specialuse "\\\\Sent" /private/x "y")')
    expect(tagged).toMatch(/^NO \[UNAVAILABLE\] /)
    expect(await client.ok('LIST (SPECIAL-USE) "" *')).toEqual(['LIST (\\Junk) "/" a'])
  })

  it('of others’ mailboxes are for those who may (RFC 5464 §3.3)', async () => {
    await using test = await started()
    const { client, system } = test
    await client.ok('SETMETADATA INBOX (/shared/comment "all" /private/comment "tim")')
    const guest = await system.connect('bob@example.org')
    const name = '"Other Users/tim@example.org/INBOX"'
    const get = `GETMETADATA ${name} (/shared/comment /private/comment)`
    expect((await guest.command(get)).tagged).toMatch(/^NO \[NONEXISTENT\] /)
    await client.ok('SETACL INBOX bob@example.org l')
    expect((await guest.command(get)).tagged).toMatch(/^NO \[NOPERM\] /)
    await client.ok('SETACL INBOX bob@example.org lr')
    expect((await guest.command(`SETMETADATA ${name} (/shared/comment "x")`)).tagged).toMatch(
      /^NO \[NOPERM\] /,
    )
    expect((await guest.command(`SETMETADATA ${name} (/private/specialuse "\\\\Sent")`)).tagged).toMatch(
      /^NO \[NOPERM\] /,
    )
    await guest.ok(`SETMETADATA ${name} (/private/comment "bob")`)
    expect(await guest.ok(get)).toEqual([`METADATA ${name} (/shared/comment "all" /private/comment "bob")`])
    const many = Array.from({ length: 50 }, (_, index) => `/private/n${index} "v"`).join(' ')
    expect((await guest.command(`SETMETADATA ${name} (${many})`)).tagged).toMatch(/^NO \[METADATA TOOMANY\] /)
  })

  it.each([
    ['GETMETADATA nowhere /private/comment', 'NO [NONEXISTENT]'],
    ['SETMETADATA nowhere (/private/comment "x")', 'NO [NONEXISTENT]'],
    ['SETMETADATA nowhere (/private/comment NIL)', 'NO [NONEXISTENT]'],
    ['GETMETADATA INBOX', 'BAD'],
    ['GETMETADATA INBOX ()', 'BAD'],
    ['GETMETADATA INBOX comment', 'BAD'],
    ['GETMETADATA INBOX /private/*', 'BAD'],
    ['GETMETADATA INBOX "/private/%"', 'BAD'],
    ['GETMETADATA INBOX /private//x', 'BAD'],
    ['GETMETADATA INBOX /private/', 'BAD'],
    ['GETMETADATA INBOX /other/x', 'BAD'],
    ['GETMETADATA () INBOX /private/x', 'BAD'],
    ['GETMETADATA (DEPTH 2) INBOX /private/x', 'BAD'],
    ['GETMETADATA (DEPTH) INBOX /private/x', 'BAD'],
    ['GETMETADATA (MAXSIZE x) INBOX /private/x', 'BAD'],
    ['GETMETADATA (BLURB 1) INBOX /private/x', 'BAD'],
    ['GETMETADATA INBOX (BLURB 1) /private/x', 'BAD'],
    ['GETMETADATA INBOX /private/x /private/y', 'BAD'],
    ['SETMETADATA INBOX', 'BAD'],
    ['SETMETADATA INBOX ()', 'BAD'],
    ['SETMETADATA INBOX /private/x "y"', 'BAD'],
    ['SETMETADATA INBOX (/private "y")', 'BAD'],
    ['SETMETADATA INBOX (/private/x)', 'BAD'],
    ['SETMETADATA INBOX (/private/x y)', 'BAD'],
    ['SETMETADATA INBOX (/private/x "y") z', 'BAD'],
  ])('%s is answered %s', async (command, answer) => {
    await using test = await started()
    expect((await test.client.command(command)).tagged.startsWith(answer)).toBe(true)
  })
})
