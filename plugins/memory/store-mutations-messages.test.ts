import {
  type FlagChange,
  type Mailbox,
  type MessageEntry,
  readAll,
  type SearchCriterion,
  summarise,
} from 'mailwright'
import { describe, expect, it } from 'vitest'
import {
  brokenFixture,
  failedCases,
  type NoticedMistake,
  type StoreMistakes,
} from '../../test/support/faults/broken-store.ts'

/** A change with other flags in it. */
function mapFlags(change: FlagChange, map: (flags: readonly string[]) => readonly string[]): FlagChange {
  if ('add' in change) return { add: map(change.add) }
  return 'remove' in change ? { remove: map(change.remove) } : { set: map(change.set) }
}

/** Changes flags otherwise than asked. */
function flagging(map: (flags: readonly string[]) => readonly string[]): StoreMistakes {
  return {
    mailbox: (inner) => ({
      changeFlags: (uids, change, options) => inner.changeFlags(uids, mapFlags(change, map), options),
    }),
  }
}

/** Searches for something else than was asked. */
function searching(map: (criterion: SearchCriterion) => SearchCriterion): StoreMistakes {
  return { mailbox: (inner) => ({ search: (criterion) => inner.search(map(criterion)) }) }
}

/** Takes from messages that are opened in Archive what their copying should have kept. */
function losingInArchive(flags: (entry: MessageEntry) => readonly string[]): StoreMistakes {
  return {
    account: (inner) => ({
      openMailbox: async (name) => {
        const mailbox = await inner.openMailbox(name)
        if (name !== 'Archive') return mailbox
        for (const entry of mailbox.entries) await mailbox.changeFlags([entry.uid], { set: flags(entry) })
        return mailbox
      },
    }),
  }
}

async function currentEntries(inner: Mailbox): Promise<readonly MessageEntry[]> {
  await inner.refresh()
  return inner.entries
}

const replaceMistakes: readonly NoticedMistake[] = [
  [
    'a replacement leaves the other one',
    'replace: the new message is there',
    {
      mailbox: (inner) => ({
        replace: async (_, message) => await inner.replace?.(inner.entries[0]?.uid ?? 0, message),
      }),
    },
  ],
  [
    'a replacement that comes too late is answered',
    'replace: of a message that is gone',
    {
      mailbox: (inner) => ({
        replace: async (...args) =>
          (await inner.replace?.(...args)) ?? { uidValidity: inner.uidValidity, uids: [inner.uidNext] },
      }),
    },
  ],
]

const appendMistakes: readonly NoticedMistake[] = [
  [
    'an append stops where one does not fit',
    'append: all or none where they do not fit',
    {
      account: (inner) => ({
        append: async (name, messages) => {
          const uids: number[] = []
          for (const message of messages) uids.push(...(await inner.append(name, [message])).uids)
          return { uidValidity: (await inner.status(name)).uidValidity, uids }
        },
      }),
    },
  ],
  [
    'an append answers the UIDs of other messages',
    'append: answers the UIDs',
    {
      account: (inner) => ({
        append: async (...args) => {
          const { uidValidity, uids } = await inner.append(...args)
          return { uidValidity, uids: uids.toReversed() }
        },
      }),
    },
  ],
  [
    'an append forgets wanted UIDs',
    'append: gives the wanted UIDs',
    {
      account: (inner) => ({
        append: (name, messages) =>
          inner.append(
            name,
            messages.map(({ uid: _, ...rest }) => rest),
          ),
      }),
    },
  ],
  [
    'an append forgets dates',
    'append: keeps flags and dates',
    {
      account: (inner) => ({
        append: (name, messages) =>
          inner.append(
            name,
            messages.map(({ internalDate: _, ...rest }) => rest),
          ),
      }),
    },
  ],
  [
    'an append makes the mailbox',
    'append: MAIL_E_NOT_FOUND',
    {
      account: (inner) => ({
        append: async (name, ...rest) => {
          await inner.createMailbox(name).catch(() => {})
          return inner.append(name, ...rest)
        },
      }),
    },
  ],
  [
    'an append has no origin',
    'announced: an append',
    { account: (inner) => ({ append: (name, messages) => inner.append(name, messages) }) },
  ],
]

const viewMistakes: readonly NoticedMistake[] = [
  [
    'an own change brings news of others',
    'entries: an own change',
    {
      mailbox: (inner) => ({
        expunge: async (uids) => {
          await inner.refresh()
          return inner.expunge(uids)
        },
      }),
    },
  ],
  [
    'a transfer pairs the wrong messages',
    'copy, move: answer where',
    {
      mailbox: (inner) => ({
        copy: async (...args) => {
          const { uidValidity, uids } = await inner.copy(...args)
          const there = uids.map(([, to]) => to).reverse()
          return { uidValidity, uids: uids.map(([from], index) => [from, there[index] ?? 0] as const) }
        },
      }),
    },
  ],
  [
    'a transfer tells the UIDVALIDITY of its source',
    'copy, move: answer where',
    {
      mailbox: (inner) => ({
        move: async (...args) => ({ ...(await inner.move(...args)), uidValidity: inner.uidValidity }),
      }),
    },
  ],
  [
    'the date of saving is the message’s date',
    'savedDate: is when',
    {
      mailbox: (inner) => ({
        get entries() {
          return inner.entries.map((entry) => ({ ...entry, savedDate: entry.internalDate }))
        },
      }),
    },
  ],
]

const flagMistakes: readonly NoticedMistake[] = [
  [
    'system flags are compared with case',
    'changeFlags: system flags in any case',
    flagging((flags) => flags.filter((flag) => !/^\\[a-z]/.test(flag))),
  ],
  [
    'keywords are made lower case',
    'keywords: keep their case',
    flagging((flags) => flags.map((flag) => (flag.startsWith('\\') ? flag : flag.toLowerCase()))),
  ],
  [
    'keywords are compared with case',
    'keywords: keep their case',
    {
      mailbox: (inner) => ({
        changeFlags: (uids, change, options) => {
          if (!('remove' in change)) return inner.changeFlags(uids, change, options)
          const spelled = new Set(inner.entries.flatMap((entry) => entry.flags))
          const remove = change.remove.filter((flag) => spelled.has(flag))
          return inner.changeFlags(uids, { remove }, options)
        },
      }),
    },
  ],
  [
    'there is room for 26 keywords',
    'keywords: a hundred in one mailbox',
    flagging((flags) => flags.filter((flag) => !/^label-(?:2[6-9]|[3-9]\d)$/.test(flag))),
  ],
  [
    'some octets of atoms are refused',
    'keywords: of every octet',
    flagging((flags) => flags.filter((flag) => flag !== '~')),
  ],
  [
    'a copy drops the keywords',
    'keywords: go along with copies',
    losingInArchive((entry) => entry.flags.filter((flag) => flag.startsWith('\\'))),
  ],
]

const sequenceMistakes: readonly NoticedMistake[] = [
  [
    'unchangedSince is not looked at',
    'unchangedSince: leaves alone',
    { mailbox: (inner) => ({ changeFlags: (uids, change) => inner.changeFlags(uids, change) }) },
  ],
  [
    'unchangedSince is compared with the mailbox’s mod-sequence',
    'unchangedSince: leaves alone',
    {
      mailbox: (inner) => ({
        changeFlags: async (uids, change, options = {}) => {
          await inner.refresh()
          const { unchangedSince = inner.highestModSequence } = options
          if (unchangedSince >= inner.highestModSequence) return inner.changeFlags(uids, change)
          return { entries: [], modified: [...uids].sort((a, b) => a - b) }
        },
      }),
    },
  ],
  [
    'unchangedSince is checked some time before the change',
    'unchangedSince: of those who change a message',
    {
      mailbox: (inner) => ({
        changeFlags: async (uids, change, options = {}) => {
          const { unchangedSince = Number.POSITIVE_INFINITY } = options
          const late = (await currentEntries(inner)).filter((entry) => entry.modSequence > unchangedSince)
          const modified = late.map((entry) => entry.uid)
          await new Promise((resolve) => setImmediate(resolve))
          const meant = uids.filter((uid) => !modified.includes(uid))
          return { entries: (await inner.changeFlags(meant, change)).entries, modified }
        },
      }),
    },
  ],
  [
    'the status tells an old mod-sequence',
    'mod-sequences: grow',
    {
      account: (inner) => ({
        status: async (name) => {
          const status = await inner.status(name)
          return { ...status, highestModSequence: status.highestModSequence - 1 }
        },
      }),
    },
  ],
  [
    'expunged UIDs are not kept',
    'vanishedSince: right after',
    { mailbox: () => ({ vanishedSince: async () => undefined }) },
  ],
  [
    'expunged UIDs are found a mod-sequence too late',
    'vanishedSince: right after',
    { mailbox: (inner) => ({ vanishedSince: (since) => inner.vanishedSince(since + 1) }) },
  ],
  [
    'only the view’s own expunges are known',
    'vanishedSince: right after',
    {
      mailbox: (inner) => {
        const own: number[] = []
        return {
          vanishedSince: async () => own.toSorted((a, b) => a - b),
          expunge: async (uids) => {
            const gone = await inner.expunge(uids)
            own.push(...gone)
            return gone
          },
        }
      },
    },
  ],
  [
    'all that is not in the view has vanished',
    'vanishedSince: knows what was moved away',
    {
      mailbox: (inner) => ({
        vanishedSince: async () => Array.from({ length: inner.uidNext + 3 }, (_, index) => index + 1),
      }),
    },
  ],
  [
    'moved messages have not vanished',
    'vanishedSince: knows what was moved away',
    {
      mailbox: (inner) => {
        const moved = new Set<number>()
        return {
          move: async (uids, target) => {
            for (const uid of uids) moved.add(uid)
            return inner.move(uids, target)
          },
          vanishedSince: async (since) =>
            (await inner.vanishedSince(since))?.filter((uid) => !moved.has(uid)),
        }
      },
    },
  ],
]

const summaryMistakes: readonly NoticedMistake[] = [
  [
    'summaries are kept by place and not by UID',
    'summaries: say what the octets say',
    {
      mailbox: (inner) => ({
        summaries: async function* (uids) {
          for (const [index, uid] of uids.entries())
            yield await summarise(uid, await inner.content(uids[index ^ 1] ?? uid))
        },
      }),
    },
  ],
  [
    'a summary knows the beginning of a message only',
    'summaries: say what the octets say',
    {
      mailbox: (inner) => ({
        summaries: async function* (uids) {
          for (const uid of uids) {
            const content = await inner.content(uid)
            yield await summarise(uid, { ...content, size: Math.min(content.size, 700) })
          }
        },
      }),
    },
  ],
  [
    'a message that is gone ends the summaries',
    'summaries: of some messages',
    {
      mailbox: (inner) => ({
        summaries: async function* (uids) {
          for (const uid of uids) yield await summarise(uid, await inner.content(uid))
        },
      }),
    },
  ],
]

const searchMistakes: readonly NoticedMistake[] = [
  [
    'bodies are searched undecoded',
    'search: in bodies, decoded',
    {
      mailbox: (inner) => ({
        search: async (criterion) => {
          if (criterion.kind !== 'body') return inner.search(criterion)
          const found: number[] = []
          for (const { uid } of inner.entries) {
            const octets = (await readAll(await inner.content(uid))).toString('latin1').toLowerCase()
            if (octets.includes(criterion.text.toLowerCase())) found.push(uid)
          }
          return found
        },
      }),
    },
  ],
  [
    'encodings are searched too',
    'search: in bodies, not in what is no text',
    searching((criterion) => (criterion.kind === 'body' ? { kind: 'all' } : criterion)),
  ],
  [
    'large bodies are searched at their beginning',
    'search: in large bodies',
    {
      mailbox: (inner) => ({
        search: async (criterion) => {
          const small = inner.entries.filter((entry) => entry.size < 65_536).map((entry) => entry.uid)
          const found = await inner.search(criterion)
          return criterion.kind === 'body' ? found.filter((uid) => small.includes(uid)) : found
        },
      }),
    },
  ],
  [
    'the Date field’s day is that of the internal date',
    'search: by the Date field',
    searching((criterion) => (criterion.kind === 'sent' ? { ...criterion, kind: 'internal' } : criterion)),
  ],
  [
    'the date of saving is taken for the internal date',
    'search: by when it came',
    searching((criterion) => (criterion.kind === 'saved' ? { ...criterion, kind: 'internal' } : criterion)),
  ],
  [
    'days begin a day late',
    'search: by the internal date',
    searching((criterion) =>
      criterion.kind === 'internal' && criterion.day === '2015-03-01'
        ? { ...criterion, day: '2015-03-02' }
        : criterion,
    ),
  ],
  [
    'a size counts as larger than itself',
    'search: by size',
    searching((criterion) =>
      criterion.kind === 'larger' ? { ...criterion, octets: criterion.octets - 1 } : criterion,
    ),
  ],
  [
    'trace fields are not searched',
    'search: in fields of the header',
    searching((criterion) =>
      criterion.kind === 'header' && criterion.field.toLowerCase() === 'received'
        ? { kind: 'or', of: [] }
        : criterion,
    ),
  ],
  [
    'attached messages’ headers are not searched',
    'search: in header and bodies',
    searching((criterion) =>
      criterion.kind === 'text' && criterion.text === 'inner secrét' ? { kind: 'or', of: [] } : criterion,
    ),
  ],
  [
    'keywords are searched with case',
    'search: by flags',
    searching((criterion) =>
      criterion.kind === 'flag' && criterion.flag === '$forwarded' ? { kind: 'or', of: [] } : criterion,
    ),
  ],
  [
    'a mod-sequence is compared strictly',
    'search: by mod-sequence',
    searching((criterion) =>
      criterion.kind === 'modSequence' ? { ...criterion, from: criterion.from + 1 } : criterion,
    ),
  ],
  [
    'a search finds what the view does not have',
    'search: looks at the view',
    {
      mailbox: (inner) => ({
        search: async (criterion) => {
          await inner.refresh()
          return inner.search(criterion)
        },
      }),
    },
  ],
]

describe('the store contract notices', () => {
  it.each([
    ...appendMistakes,
    ...replaceMistakes,
    ...viewMistakes,
    ...flagMistakes,
    ...sequenceMistakes,
    ...summaryMistakes,
    ...searchMistakes,
  ])('%s', async (_mistake, noticedBy, wrong) => {
    expect(await failedCases(() => brokenFixture(wrong), noticedBy)).not.toEqual([])
  })
})
