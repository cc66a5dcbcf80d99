import { accounts } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { type ImapTestClient, startImapTest } from '../../../../test/support/imap/imap-session.ts'

const bob = 'bob@example.org'
const all = 'lrswipkxteacd'

async function shared(): Promise<{ owner: ImapTestClient; guest: ImapTestClient } & AsyncDisposable> {
  const system = await startImapTest({ others: [bob] })
  const owner = await system.connect()
  await owner.ok('CREATE Work')
  return {
    owner,
    guest: await system.connect(bob),
    [Symbol.asyncDispose]: () => system[Symbol.asyncDispose](),
  }
}

describe('SETACL', () => {
  it('replaces, adds and takes away (RFC 4314 §3.1)', async () => {
    await using system = await shared()
    const { owner } = system
    for (const [change, expected] of [
      ['lrs', `lrs`],
      ['+w', 'lrsw'],
      ['+w', 'lrsw'],
      ['-rs', 'lw'],
      ['c', 'kxc'],
      ['+d', 'kxtecd'],
      ['-d', 'kxc'],
      ['lr', 'lr'],
    ]) {
      await owner.ok(`SETACL Work ${bob} ${change}`)
      expect(await owner.ok('GETACL Work'), change).toEqual([
        `ACL Work tim@example.org ${all} ${bob} ${expected}`,
      ])
    }
    await owner.ok(`SETACL Work ${bob} ""`)
    expect(await owner.ok('GETACL Work')).toEqual([`ACL Work tim@example.org ${all}`])
  })

  it('knows an identifier in any spelling, and those that take rights away by themselves', async () => {
    await using system = await shared()
    const { owner } = system
    await owner.ok('SETACL Work ANYONE lr')
    await owner.ok('SETACL Work anyone +s')
    await owner.ok(`SETACL Work -${bob} s`)
    expect(await owner.ok('GETACL Work')).toEqual([`ACL Work tim@example.org ${all} anyone lrs -${bob} s`])
    expect(await system.guest.ok('MYRIGHTS "Other Users/tim@example.org/Work"')).toEqual([
      'MYRIGHTS "Other Users/tim@example.org/Work" lr',
    ])
    await owner.ok(`DELETEACL Work ${bob}`)
    expect((await owner.ok('GETACL Work')).join()).toContain(`-${bob} s`)
    await owner.ok(`DELETEACL Work "-${bob}"`)
    await owner.ok('DELETEACL Work anyone')
    expect(await owner.ok('GETACL Work')).toEqual([`ACL Work tim@example.org ${all}`])
  })

  it('takes identifiers in UTF-8', async () => {
    await using system = await shared()
    const { owner } = system
    const setFor = async (octets: string): Promise<string> => {
      const command = `x SETACL Work {${octets.length}+}\r\n${octets} lr\r\n`
      owner.dialogue.sendOctets(Buffer.from(command, 'latin1'))
      return owner.response()
    }
    expect(await setFor('j\xc3\xbcrgen')).toBe('x OK Set')
    expect((await owner.ok('GETACL Work')).join()).toContain('{7}\r\njürgen lr')
    expect(await setFor('j\xfcrgen')).toMatch(/^x BAD /)
  })

  it.each([
    [`SETACL Work ${bob} lz`, 'BAD'],
    [`SETACL Work ${bob} L`, 'BAD'],
    [`SETACL Work ${bob} +0`, 'BAD'],
    [`SETACL Work ${bob}`, 'BAD'],
    [`SETACL Work ${bob} l r`, 'BAD'],
    ['DELETEACL Work', 'BAD'],
    ['GETACL', 'BAD'],
    ['MYRIGHTS', 'BAD'],
    ['LISTRIGHTS Work', 'BAD'],
    ['SETACL Work tim@example.org lr', 'NO [CANNOT] The rights of the owner stay'],
    ['SETACL Work tim@example.org -l', 'NO [CANNOT]'],
    ['DELETEACL Work tim@example.org', 'NO [CANNOT] The rights of the owner stay'],
    // RFC 4314 §3.
    ['SETACL Work "" l', 'BAD'],
    ['SETACL Work "-" l', 'BAD'],
    ['SETACL Work "--x" +l', 'BAD'],
    ['SETACL Work "\u00ad" l', 'BAD'],
    ['SETACL Work "a\ue000b" l', 'BAD'],
    ['DELETEACL Work ""', 'BAD'],
    ['LISTRIGHTS Work ""', 'BAD'],
    ['LISTRIGHTS Work "--x"', 'BAD'],
    [`SETACL Work ${bob} ++l`, 'BAD'],
    [`SETACL Work ${bob} +-l`, 'BAD'],
    ['SETACL Work -tim@example.org l', 'NO [CANNOT]'],
    [`SETACL nowhere ${bob} l`, 'NO [NONEXISTENT]'],
    [`SETACL nowhere ${bob} +l`, 'NO [NONEXISTENT]'],
    ['GETACL nowhere', 'NO [NONEXISTENT]'],
    ['MYRIGHTS nowhere', 'NO [NONEXISTENT]'],
    ['LISTRIGHTS nowhere anyone', 'NO [NONEXISTENT]'],
  ])('%s is answered %s', async (command, answer) => {
    await using system = await shared()
    const { owner } = system
    expect((await owner.command(command)).tagged.startsWith(answer)).toBe(true)
    expect(await owner.ok('GETACL Work')).toEqual([`ACL Work tim@example.org ${all}`])
  })
})

describe('an account', () => {
  const name = '"Other Users/tim@example.org/Work"'

  it('that was given rights by its id is shown and changed by its address (RFC 4314 §3.2)', async () => {
    await using system = await startImapTest({ others: [bob] })
    await system.mail.createMailbox('Work')
    const found = await system.host.service(accounts).resolve({ localPart: 'bob', domain: 'example.org' })
    const id = found.kind === 'account' ? found.account.id : ''
    const [owner, guest] = [await system.connect(), await system.connect(bob)]
    await system.mail.setAccess('Work', id, 'lr')
    await system.mail.setAccess('Work', `-${id}`, 'w')
    const own = `ACL Work tim@example.org ${all}`
    expect(await owner.ok('GETACL Work')).toEqual([`${own} ${bob} lr -${bob} w`])
    await owner.ok(`SETACL Work ${bob} +s`)
    await owner.ok(`SETACL Work -${bob} +i`)
    expect(await owner.ok('GETACL Work')).toEqual([`${own} ${bob} lrs -${bob} wi`])
    expect((await system.mail.accessList('Work')).map(({ identifier }) => identifier).slice(1)).toEqual([
      id,
      `-${id}`,
    ])
    await owner.ok(`DELETEACL Work -${bob}`)
    await owner.ok(`DELETEACL Work ${bob}`)
    expect(await owner.ok('GETACL Work')).toEqual([own])
    expect((await guest.command(`EXAMINE ${name}`)).tagged).toMatch(/^NO \[NONEXISTENT\] /)
  })
})

describe('an identifier with a dash in front (RFC 4314 §2)', () => {
  const name = '"Other Users/tim@example.org/Work"'
  const rights = async (client: ImapTestClient): Promise<string> =>
    (await client.ok(`MYRIGHTS ${name}`)).join().split(' ').at(-1) ?? ''

  it('takes away what others give, whatever the order, and is changed by itself', async () => {
    await using system = await shared()
    const { owner, guest } = system
    await owner.ok(`SETACL Work -${bob} w`)
    await owner.ok('SETACL Work anyone lrsw')
    await owner.ok(`SETACL Work ${bob} w`)
    expect(await rights(guest)).toBe('lrs')
    await owner.ok(`SETACL Work -${bob} +st`)
    expect(await rights(guest)).toBe('lr')
    await owner.ok(`SETACL Work -${bob} -w`)
    expect(await rights(guest)).toBe('lrw')
    expect(await owner.ok('GETACL Work')).toEqual([
      `ACL Work tim@example.org ${all} -${bob} std anyone lrsw ${bob} w`,
    ])
    await owner.ok(`DELETEACL Work ${bob}`)
    expect(await rights(guest)).toBe('lrw')
    await owner.ok(`DELETEACL Work -${bob}`)
    expect(await rights(guest)).toBe('lrsw')
  })

  it('takes from everybody but the owner as -anyone', async () => {
    await using system = await shared()
    const { owner, guest } = system
    await owner.ok(`SETACL Work ${bob} lrs`)
    await owner.ok('SETACL Work -anyone rs')
    expect(await rights(guest)).toBe('l')
    expect(await owner.ok('MYRIGHTS Work')).toEqual([`MYRIGHTS Work ${all}`])
  })

  it('keeps a mailbox out of sight, of SELECT, and flags as they are', async () => {
    await using system = await shared()
    const { owner, guest } = system
    await owner.ok('APPEND Work {14+}\r\nSubject: one\r\n')
    await owner.ok('SETACL Work anyone lrswte')
    await owner.ok(`SETACL Work -${bob} w`)
    const opened = await guest.ok(`SELECT ${name}`)
    expect(opened).toContain('OK [PERMANENTFLAGS (\\Deleted \\Seen)] Flags permitted')
    expect(await guest.ok('STORE 1 +FLAGS (\\Seen \\Flagged)')).toEqual(['1 FETCH (UID 1 FLAGS (\\Seen))'])
    expect((await guest.command('STORE 1 +FLAGS (\\Flagged)')).tagged).toMatch(/^NO \[NOPERM\] /)
    await guest.ok('CLOSE')
    await owner.ok(`SETACL Work -${bob} r`)
    expect((await guest.command(`SELECT ${name}`)).tagged).toMatch(/^NO \[NOPERM\] /)
    expect((await guest.ok('LIST "" *')).join()).toContain('/Work')
    await owner.ok(`SETACL Work -${bob} lr`)
    expect((await guest.command(`SELECT ${name}`)).tagged).toMatch(/^NO \[NONEXISTENT\] /)
    expect((await guest.ok('LIST "" *')).join()).not.toContain('/Work')
  })
})

describe('of others’ mailboxes', () => {
  const name = '"Other Users/tim@example.org/Work"'

  it('nothing is told that the account does not see', async () => {
    await using system = await shared()
    for (const command of [
      `MYRIGHTS ${name}`,
      `GETACL ${name}`,
      `LISTRIGHTS ${name} ${bob}`,
      `SETACL ${name} ${bob} l`,
    ])
      expect((await system.guest.command(command)).tagged).toMatch(/^NO \[NONEXISTENT\] /)
  })

  it('lists are for those with the right a (RFC 4314 §4)', async () => {
    await using system = await shared()
    const { owner, guest } = system
    await owner.ok(`SETACL Work ${bob} lr`)
    expect(await guest.ok(`MYRIGHTS ${name}`)).toEqual([`MYRIGHTS ${name} lr`])
    for (const command of [`GETACL ${name}`, `LISTRIGHTS ${name} ${bob}`, `SETACL ${name} ${bob} l`])
      expect((await guest.command(command)).tagged).toMatch(/^NO \[NOPERM\] /)
    await owner.ok(`SETACL Work ${bob} +a`)
    expect(await guest.ok(`GETACL ${name}`)).toEqual([`ACL ${name} tim@example.org ${all} ${bob} lra`])
    await guest.ok(`SETACL ${name} anyone l`)
    expect((await owner.ok('GETACL Work')).join()).toContain('anyone l')
  })

  it('nothing is told of messages once the right to read is gone', async () => {
    await using system = await shared()
    const { owner, guest } = system
    await owner.ok('APPEND Work {10+}\r\na: b\r\n\r\nx\r')
    await owner.ok(`SETACL Work ${bob} lr`)
    await guest.ok(`SELECT ${name}`)
    expect(await guest.ok('FETCH 1 (UID RFC822.SIZE)')).toHaveLength(1)
    await owner.ok(`DELETEACL Work ${bob}`)
    const { untagged, tagged } = await guest.command('FETCH 1 (UID RFC822.SIZE)')
    expect(untagged.filter((line) => line.includes('FETCH'))).toEqual([])
    expect(tagged).toMatch(/^NO /)
  })

  it('rights that can be given are told; the owner has all (RFC 4314 §3.7)', async () => {
    await using system = await shared()
    const { owner, guest } = system
    const optional = '"" l r s w i p k x t e a c d'
    expect(await owner.ok(`LISTRIGHTS Work ${bob}`)).toEqual([`LISTRIGHTS Work ${bob} ${optional}`])
    expect(await owner.ok('LISTRIGHTS Work tim@example.org')).toEqual([
      `LISTRIGHTS Work tim@example.org ${all}`,
    ])
    expect(await owner.ok('LISTRIGHTS Work -tim@example.org')).toEqual([
      'LISTRIGHTS Work -tim@example.org ""',
    ])
    await owner.ok(`SETACL Work ${bob} la`)
    expect(await guest.ok(`LISTRIGHTS ${name} ${bob}`)).toEqual([`LISTRIGHTS ${name} ${bob} ${optional}`])
    expect(await guest.ok(`LISTRIGHTS ${name} TIM@example.org`)).toEqual([
      `LISTRIGHTS ${name} TIM@example.org ${all}`,
    ])
  })
})

it('the capability names the rights that RFC 2086 does not know (RFC 4314 §2.2)', async () => {
  await using system = await shared()
  expect((await system.owner.ok('CAPABILITY')).join()).toContain(' ACL RIGHTS=texk ')
})
