import { bufferContent, type Mailbox, MailwrightError, readAll, type StagedMessage } from 'mailwright'
import { recordedRetrieval } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { brokenFixture, failedCases, type NoticedMistake } from '../../test/support/faults/broken-store.ts'
import { createMemoryStore } from './store.ts'

/** Of delivery, views, mailboxes, quotas and locks. */
const mistakes: readonly NoticedMistake[] = [
  [
    'stage shows the message at once',
    'stage: shows nothing before commit',
    {
      account: (inner) => ({
        stage: async (...args) => {
          await (await inner.stage(...args)).commit()
          return { commit: async () => {}, abort: async () => {} }
        },
      }),
    },
  ],
  [
    'abort leaves the message',
    'abort: leaves nothing',
    { staged: (inner) => ({ ...inner, abort: inner.commit }) },
  ],
  [
    'commit after abort says yes',
    'commit after abort',
    { staged: ({ commit, abort }) => ({ commit: () => commit().catch(() => {}), abort }) },
  ],
  [
    'a message comes twice',
    'abort or commit after commit',
    {
      account: (inner) => ({
        stage: async (...args) => {
          const [staged, again] = [await inner.stage(...args), await inner.stage(...args)]
          return { abort: staged.abort, commit: () => staged.commit().then(() => again.commit()) }
        },
      }),
    },
  ],
  [
    'a mailbox is made by staging',
    'stage: MAIL_E_NOT_FOUND',
    {
      account: (inner) => ({
        stage: (name, content, options) => inner.stage(name, content, { ...options, create: true }),
      }),
    },
  ],
  [
    'staging makes the mailbox, and an abort leaves it',
    'abort: leaves no mailbox',
    {
      account: (inner) => ({
        stage: async (name, content, options) => {
          if (options?.create === true) await inner.createMailbox(name).catch(() => {})
          return inner.stage(name, content, options)
        },
      }),
    },
  ],
  [
    'preparing shows the message',
    'prepare: shows no message',
    { staged: (inner) => ({ ...inner, prepare: inner.commit }) },
  ],
  [
    'a mailbox that was deleted after the staging is not made anew',
    'commit: makes the mailbox anew',
    {
      account: (inner) => ({
        stage: async (name, content, options) => {
          const names = (await inner.mailboxes()).map((mailbox) => mailbox.name)
          return inner.stage(name, content, { ...options, create: !names.includes(name) })
        },
      }),
    },
  ],
  [
    'an abort gives no room back',
    'quota: room comes back with an abort',
    { staged: ({ commit }) => ({ commit, abort: async () => {} }) },
  ],
  [
    'a parallel delivery gets lost',
    'stage: many at the same time',
    {
      staged: (() => {
        let count = 0
        return (inner: StagedMessage) => (++count % 7 === 0 ? { ...inner, commit: inner.abort } : inner)
      })(),
    },
  ],
  [
    'line ends are changed',
    'content: octets come back',
    {
      mailbox: (inner) => ({
        content: async (uid) => {
          const octets = await readAll(await inner.content(uid))
          return bufferContent(Buffer.from(octets.toString('latin1').replaceAll(/\n\r\n/g, '\n'), 'latin1'))
        },
      }),
    },
  ],
  [
    'octets beyond ASCII are changed',
    'content: octets come back',
    {
      mailbox: (inner) => ({
        content: async (uid) =>
          bufferContent(Buffer.from((await readAll(await inner.content(uid))).toString('utf8'))),
      }),
    },
  ],
  [
    'ranges end one too late',
    'content: any range',
    {
      mailbox: (inner) => ({
        content: async (uid) => {
          const content = await inner.content(uid)
          return { ...content, read: (start: number, end: number) => content.read(start, end + 1) }
        },
      }),
    },
  ],
  [
    'sizes are not those of the octets',
    'sizes:',
    {
      account: (inner) => ({ usage: async () => ({ bytes: (await inner.usage()).bytes + 1, messages: 0 }) }),
    },
  ],
  [
    'INBOX is looked for by its exact name',
    'INBOX: is there',
    {
      account: (inner) => ({
        openMailbox: async (name) => (name === 'inbox' ? notFound() : inner.openMailbox(name)),
      }),
    },
  ],
  ['UIDs are positions', 'UIDs: never come back', { mailbox: (inner) => positions(inner) }],
  [
    'entries change by themselves',
    'entries: change only at refresh',
    {
      mailbox: (inner) => ({
        get entries() {
          void inner.refresh()
          return inner.entries
        },
      }),
    },
  ],
  [
    'refresh always says yes',
    'entries: change only at refresh',
    { mailbox: (inner) => ({ refresh: () => inner.refresh().then(() => true) }) },
  ],
  [
    'a missing mailbox is made by opening it',
    'openMailbox, status',
    {
      account: (inner) => ({
        openMailbox: async (name) => {
          await inner.createMailbox(name).catch(() => {})
          return inner.openMailbox(name)
        },
      }),
    },
  ],
  [
    'an error has no code',
    'content: MAIL_E_NOT_FOUND',
    {
      mailbox: (inner) => ({
        content: (uid) => inner.content(uid).catch(() => Promise.reject(new Error('MAIL_E_NOT_FOUND'))),
      }),
    },
  ],
  [
    'expunge answers what was asked',
    'expunge: what is gone',
    {
      mailbox: (inner) => ({ expunge: async (uids) => inner.expunge(uids).then(() => uids) }),
    },
  ],
  [
    'a copy has no flags',
    'copy: keeps octets, flags',
    {
      account: (inner) => ({
        openMailbox: async (name) => {
          const mailbox = await inner.openMailbox(name)
          if (name === 'Archive')
            await mailbox.changeFlags(
              mailbox.entries.map((entry) => entry.uid),
              { set: [] },
            )
          return mailbox
        },
      }),
    },
  ],
  [
    'a move leaves the originals',
    'move: the messages are in the target',
    { mailbox: (inner) => ({ move: inner.copy.bind(inner) }) },
  ],
  [
    'a move to nowhere loses the messages',
    'copy, move: MAIL_E_NOT_FOUND',
    {
      mailbox: (inner) => ({
        move: async (uids, target) => {
          const { entries } = inner
          return inner.move(uids, target).finally(() => inner.expunge(entries.map((entry) => entry.uid)))
        },
      }),
    },
  ],
  [
    'remove removes nothing',
    'changeFlags: add, remove and set',
    {
      mailbox: (inner) => ({
        changeFlags: (uids, change) => inner.changeFlags(uids, 'remove' in change ? { add: [] } : change),
      }),
    },
  ],
  [
    'a change of flags overwrites another’s',
    'changeFlags: changes of different flags',
    {
      mailbox: (inner) => ({
        changeFlags: (uids, change) => {
          const [own = []] = inner.entries.map((entry) => entry.flags)
          return inner.changeFlags(uids, 'add' in change ? { set: [...own, ...change.add] } : change)
        },
      }),
    },
  ],
  [
    'a change of flags looks at an old view',
    'random: what two views do',
    {
      mailbox: (inner) => ({
        changeFlags: async (uids, change) => {
          const old = new Map(inner.entries.map((entry) => [entry.uid, entry.flags]))
          const changed = await inner.changeFlags(uids, change)
          if (!('add' in change)) return changed
          for (const uid of uids)
            await inner.changeFlags([uid], { set: [...(old.get(uid) ?? []), ...change.add] })
          return changed
        },
      }),
    },
  ],
  [
    'mod-sequences stand still',
    'mod-sequences:',
    {
      mailbox: (inner) => ({
        get highestModSequence() {
          return 1
        },
        refresh: inner.refresh.bind(inner),
      }),
    },
  ],
  [
    'unseen counts all',
    'flags: every system flag',
    {
      account: (inner) => ({
        status: async (name) => inner.status(name).then((status) => ({ ...status, unseen: status.messages })),
      }),
    },
  ],
  [
    'deleting takes the children too',
    'deleteMailbox: takes its messages',
    {
      account: (inner) => ({
        deleteMailbox: async (name) => {
          for (const each of await inner.mailboxes())
            if (each.name.startsWith(`${name}/`)) await inner.deleteMailbox(each.name)
          await inner.deleteMailbox(name)
        },
      }),
    },
  ],
  [
    'INBOX can be deleted',
    'deleteMailbox: takes its messages',
    { account: (inner) => ({ deleteMailbox: (name) => inner.deleteMailbox(name).catch(() => {}) }) },
  ],
  [
    'a mailbox that is deleted goes on',
    'deleteMailbox: whoever has it open',
    { mailbox: (inner) => ({ refresh: () => inner.refresh().catch(() => false) }) },
  ],
  [
    'hostile names pass',
    'names: those that cannot be',
    {
      account: (inner) => ({
        createMailbox: (name) => inner.createMailbox(name.replaceAll(/\p{Cc}/gu, '') || 'x'),
      }),
    },
  ],
  [
    '__proto__ is refused',
    'names: people’s and attackers’',
    {
      account: (inner) => ({
        createMailbox: async (name) => (name === '__proto__' ? notFound() : inner.createMailbox(name)),
      }),
    },
  ],
  [
    'names are changed quietly',
    'names: doubtful ones',
    { account: (inner) => ({ createMailbox: (name) => inner.createMailbox(name.replaceAll('..', '__')) }) },
  ],
  ['quotas are not kept', 'quota: MAIL_E_OVER_QUOTA', { open: ({ quotaBytes: _, ...rest }) => rest }],
  [
    'the maildrop lock lets everybody in',
    'lockMaildrop: MAIL_E_IN_USE',
    { account: () => ({ lockMaildrop: async () => ({ release: async () => {} }) }) },
  ],
  [
    'an old lease ends a new one',
    'lockMaildrop: MAIL_E_IN_USE',
    {
      account: (() => {
        let held = false
        return () => ({
          lockMaildrop: async () => {
            if (held) throw new MailwrightError('MAIL_E_IN_USE', 'held')
            held = true
            return {
              release: async () => {
                held = false
              },
            }
          },
        })
      })(),
    },
  ],
  ['accounts share their mailboxes', 'accounts: are apart', { open: (opened) => ({ ...opened, id: '1' }) }],
  ['it can more than it says', 'createMailbox: lists INBOX first', { supports: { mailboxes: false } }],
]

function notFound(): never {
  throw new MailwrightError('MAIL_E_NOT_FOUND', 'no such mailbox')
}

/** A mailbox whose UIDs are message sequence numbers. */
function positions(inner: Mailbox): Partial<Mailbox> {
  const real = (uid: number): number => inner.entries[uid - 1]?.uid ?? 0
  return {
    get entries() {
      return inner.entries.map((entry, index) => ({ ...entry, uid: index + 1 }))
    },
    get uidNext() {
      return inner.entries.length + 1
    },
    expunge: async (uids) => inner.expunge(uids.map(real)).then(() => uids),
    content: async (uid) => inner.content(real(uid)),
  }
}

describe('the store contract notices', () => {
  it.each(mistakes)('%s', async (_mistake, noticedBy, wrong) => {
    expect(await failedCases(() => brokenFixture(wrong), noticedBy)).not.toEqual([])
  })

  it('a store that says it is persistent', async () => {
    const reopen = async () => createMemoryStore(recordedRetrieval())
    const create = () => brokenFixture({ supports: { persistent: true } }, { reopen })
    expect(await failedCases(create, 'reopen: mailboxes, UIDs')).not.toEqual([])
  })

  it('a store that announces nothing', async () => {
    const failures = await failedCases(() => brokenFixture({}, { announced: () => [] }), 'announced:')
    expect(failures.length).toBeGreaterThan(2)
  })
})
