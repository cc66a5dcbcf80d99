import { type AccountStore, type Mailbox, MailwrightError } from 'mailwright'
import { overlay } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import { clientOverStore } from '../../../test/support/imap/imap-altered-store.ts'

const message = 'Subject: x\r\n\r\ntext\r\n'
const literal = `{${message.length}+}\r\n${message}`

/** As stores on disks are: what is opened is looked for by its name, and another mailbox of that name is noticed. */
function byName(inner: AccountStore): Partial<AccountStore> {
  return {
    async openMailbox(name) {
      const opened = await inner.openMailbox(name)
      const there = async (): Promise<Mailbox> => {
        if ((await inner.status(name)).id === opened.id) return opened
        throw new MailwrightError('MAIL_E_UNAVAILABLE', 'the UIDs were given anew')
      }
      return overlay(opened, {
        refresh: async () => (await there()).refresh(),
        changeFlags: async (...args) => (await there()).changeFlags(...args),
        search: async (criterion) => (await there()).search(criterion),
        copy: async (...args) => (await there()).copy(...args),
        move: async (...args) => (await there()).move(...args),
      })
    },
  }
}

/** A client that has a mailbox with two messages selected, and another one. */
async function started() {
  const system = await clientOverStore({ account: byName })
  const { client, connect } = system
  const other = await connect()
  for (const command of ['CREATE Work', `APPEND Work (\\Deleted) ${literal}`, `APPEND Work ${literal}`])
    await other.ok(command)
  await client.ok('SELECT Work')
  await client.ok('NOOP')
  return {
    client,
    other,
    async makeAgain() {
      await other.ok('DELETE Work')
      await other.ok('CREATE Work')
    },
    [Symbol.asyncDispose]: () => system[Symbol.asyncDispose](),
  }
}

const bye = 'BYE the selected mailbox is gone'

describe('a session whose mailbox was deleted and made again ends with BYE', () => {
  test.each([
    'NOOP',
    'STORE 1 +FLAGS (\\Seen)',
    'UID SEARCH ALL',
    'UID COPY 1 INBOX',
    'UID MOVE 1 INBOX',
    'EXPUNGE',
  ])('at %s', async (command) => {
    await using system = await started()
    await system.makeAgain()
    expect(await system.client.command(command)).toEqual({
      untagged: [bye],
      tagged: 'NO [NONEXISTENT] The selected mailbox is gone',
    })
    await system.client.dialogue.expectEnd()
  })

  test('in IDLE', async () => {
    await using system = await started()
    system.client.dialogue.send('i IDLE')
    expect(await system.client.response()).toBe('+ idling')
    await system.makeAgain()
    expect(await system.client.response()).toBe(`* ${bye}`)
    await system.client.dialogue.expectEnd()
  })

  test('behind an APPEND to it, which has stored the message and says so', async () => {
    await using system = await started()
    const { client, other } = system
    await system.makeAgain()
    const { untagged, tagged } = await client.command(`APPEND Work ${literal}`)
    expect([untagged, tagged]).toEqual([[bye], expect.stringMatching(/^OK \[APPENDUID \d+ 1\] /)])
    expect(await other.ok('STATUS Work (MESSAGES)')).toEqual(['STATUS Work (MESSAGES 1)'])
    await client.dialogue.expectEnd()
  })
})

describe('TRYCREATE means the target (RFC 9051 §7.1)', () => {
  const commands = ['UID COPY 1 INBOX', 'MOVE 1 INBOX', 'UID MOVE 1 INBOX']

  test.each(commands)('and not the mailbox from which %s takes', async (command) => {
    await using system = await started()
    await system.other.ok('DELETE Work')
    expect(await system.client.command(command)).toEqual({
      untagged: [bye],
      tagged: 'NO [NONEXISTENT] The selected mailbox is gone',
    })
  })

  test.each(commands)('of %s', async (command) => {
    await using system = await started()
    const { tagged } = await system.client.command(command.replace('INBOX', 'Nowhere'))
    expect(tagged).toMatch(/^NO \[TRYCREATE\] /)
  })
})

test('CLOSE leaves a mailbox that is gone', async () => {
  await using system = await started()
  await system.other.ok('DELETE Work')
  expect(await system.client.command('CLOSE')).toEqual({ untagged: [], tagged: 'OK Closed' })
  expect(await system.client.ok('NOOP')).toEqual([])
  expect((await system.client.command('FETCH 1 UID')).tagged).toMatch(/^BAD /)
})
