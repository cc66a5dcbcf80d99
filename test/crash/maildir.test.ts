import { mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from 'mailwright'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeFileSystem } from '../../plugins/maildir/files/file-system.ts'
import { indexFileName } from '../../plugins/maildir/index/index-file.ts'
import { ageLogs, logSegments } from '../support/stores/delivery-logs.ts'
import { fileContents } from '../support/stores/maildir.ts'
import { atEveryCall, type Deaths, labels, labelsIn, openHere, prepare, work } from './maildir-deaths.ts'
import { longKeywords, openMaildir, shownView } from './maildir-tasks.ts'
import { expectSurvived, viewsIn } from './maildir-witness.ts'

let root = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mailwright-crash-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const prepared = (): string => join(root, 'prepared')
const deaths = (task: Deaths['task'], check: Deaths['check'], more: Partial<Deaths> = {}): Promise<number> =>
  atEveryCall({ root, task, check, ...more })
const all = ['a-1', 'a-2', 'a-3', 'a-4', 'a-5']

it('has every acknowledged message whole, and no half one, after a death at any call', async () => {
  await openHere(prepared())
  const calls = await deaths('deliver', async (at, { said }) => {
    const { mailboxes } = await openHere(at)
    const found = await labelsIn(mailboxes, 'INBOX')
    expect(found.slice(0, said.length)).toEqual(said)
    expect(found.length).toBeLessThanOrEqual(said.length + 1)
    expect(await fileContents(join(at, 'ann'))).toHaveLength(found.length)
    expect((await readdir(join(at, 'ann/tmp'))).length).toBeLessThanOrEqual(1)
  })
  expect(calls).toBeGreaterThan(20)
})

it('finds the locks in its copies that somebody has left behind, as they were', async () => {
  await openHere(prepared())
  const text = '0a:1:2:3'
  await symlink(text, join(prepared(), 'left.lock'))
  const check = async (at: string) => expect(await readlink(join(at, 'left.lock'))).toBe(text)
  await deaths('deliver', check, { step: 20, processes: 0 })
})

// How many there may be of the two messages, by what was said last.
const logged: Readonly<Record<string, readonly (readonly number[])[]>> = {
  nothing: [[0, 1], [0]],
  'x-1': [[1], [0, 1]],
  'x-2': [[0, 1], [1]],
  // A move that was cut may leave both.
  expunged: [[0], [1, 2]],
  moved: [[0], [1]],
}

it('has every message that the log made durable, and none that was removed, after a death at any call', async () => {
  const { mailboxes: before } = await openHere(prepared())
  await before.createMailbox('Archive')
  const calls = await deaths(
    'deliverLogged',
    async (at, { said }) => {
      // As after a restart of the machine: what has gone has to stay gone.
      await ageLogs(at)
      const { mailboxes } = await openHere(at)
      const found = [...(await labelsIn(mailboxes, 'INBOX')), ...(await labelsIn(mailboxes, 'Archive'))]
      expect(await logSegments(at)).toEqual([])
      const last = said.at(-1) ?? 'nothing'
      for (const [index, label] of ['x-1', 'x-2'].entries())
        expect(logged[last]?.[index], `${label} after ${last}`).toContain(
          found.filter((each) => each === label).length,
        )
    },
    { step: 2 },
  )
  expect(calls).toBeGreaterThan(100)
}, 120_000)

it('has every delivered message under one UID after a death while it is prepared for', async () => {
  await prepare(prepared())
  const calls = await deaths(
    'deliverAndEnd',
    async (at, { said }) => {
      const { labels: found } = await expectSurvived(at, 'INBOX', said)
      expect(found.slice(0, 5 + said.length)).toEqual([...all, ...said])
    },
    { step: 2 },
  )
  expect(calls).toBeGreaterThan(50)
})

it('has every UID that was shown, on the same message, after a death at any call', async () => {
  await prepare(prepared(), false)
  const calls = await deaths('open', async (at, { said }) => {
    const { labels: found, view } = await expectSurvived(at, 'INBOX', said)
    expect(found).toEqual(all)
    for (const { messages } of viewsIn(said)) expect(view.messages).toEqual(messages)
  })
  expect(calls).toBeGreaterThan(15)
})

it('has expunged all or none after a death at any call', async () => {
  await prepare(prepared())
  await deaths('expunge', async (at, { said }) => {
    const { labels: found } = await expectSurvived(at, 'INBOX', said)
    expect([all, all.slice(3)]).toContainEqual(found)
    if (said.includes('done')) expect(found).toEqual(all.slice(3))
    // Three came and one went since.
    expect(await labelsIn((await openHere(at)).mailboxes, 'INBOX')).toHaveLength(found.length + 1)
    expect(await fileContents(join(at, 'ann'))).toHaveLength(found.length + 1)
  })
})

it('has moved all or copied all or none, and lost none, after a death at any call', async () => {
  await prepare(prepared())
  await deaths('move', async (at, { said }) => {
    const { labels: left } = await expectSurvived(at, 'INBOX', said)
    const { labels: arrived } = await expectSurvived(at, 'Archive', said)
    expect([all, all.slice(3)]).toContainEqual(left)
    expect([['old-1'], ['old-1', ...all.slice(0, 3)]]).toContainEqual(arrived)
    if (left.length < all.length) expect(arrived).toHaveLength(4)
    if (said.includes('done')) expect(left).toEqual(all.slice(3))
  })
})

it('has copied all or none after a death at any call', async () => {
  await prepare(prepared())
  await deaths(
    'copy',
    async (at, { said }) => {
      const { labels: arrived } = await expectSurvived(at, 'Archive', said)
      const { labels: left } = await expectSurvived(at, 'INBOX', said)
      expect([['old-1'], ['old-1', ...all.slice(1, 4)]]).toContainEqual(arrived)
      expect(left).toEqual(all)
      if (said.includes('done')) expect(arrived).toHaveLength(4)
    },
    { step: 2 },
  )
})

it('has appended all or none, with flags, keywords and dates, after a death at any call', async () => {
  await prepare(prepared())
  await deaths(
    'append',
    async (at, { said }) => {
      const { labels: found, view } = await expectSurvived(at, 'INBOX', said)
      const appended = ['x-1', 'x-2', 'x-3']
      expect([all, [...all, ...appended]]).toContainEqual(found)
      for (const [place, { flags, uid }] of view.messages.slice(5).entries()) {
        expect(flags).toEqual(['Label', '\\Seen', appended[place]].toSorted())
        if (said[0] !== undefined) expect((JSON.parse(said[0]) as number[])[place]).toBe(uid)
      }
      if (said.length > 0) expect(found).toHaveLength(8)
    },
    { step: 2 },
  )
})

it('has every message under its UID after a death at any change of flags', async () => {
  await prepare(prepared())
  await deaths('flag', async (at, { said }) => {
    const { labels: found, view } = await expectSurvived(at, 'INBOX', said)
    expect(found).toEqual(all)
    expect(view.messages.map(({ uid }) => uid)).toEqual([1, 2, 3, 4, 5])
    if (said.includes('done')) expect(view.messages).toEqual(viewsIn(said).at(-1)?.messages)
  })
})

/** What each message has after each step of the task `keyword`: flags, then keywords. */
const steps: readonly (readonly (readonly [flags: string, keywords: string])[])[] = [
  Array.from({ length: 5 }, () => ['', ''] as const),
  Array.from({ length: 5 }, (_, at) => (at < 3 ? (['\\Flagged', 'Paid'] as const) : (['', ''] as const))),
  Array.from({ length: 5 }, () => ['', 'Later Paid'] as const),
  Array.from({ length: 5 }, (_, at) => (at < 2 ? (['', 'Later Paid'] as const) : (['', 'Later'] as const))),
]

it('has every flag and keyword that was acknowledged after a death at any call', async () => {
  await prepare(prepared())
  await deaths(
    'keyword',
    async (at, { said }) => {
      const { view } = await expectSurvived(at, 'INBOX', said)
      const told = Math.max(0, viewsIn(said).length - 1)
      const possible = [steps[told] ?? [], steps[Math.min(told + 1, 3)] ?? []]
      for (const [place, { flags }] of view.messages.entries()) {
        const system = flags.filter((flag) => flag.startsWith('\\')).join(' ')
        const keywords = flags.filter((flag) => !flag.startsWith('\\')).join(' ')
        // What was not acknowledged may have happened by half.
        expect(possible.map((step) => step[place]?.[0])).toContain(system)
        expect(possible.map((step) => step[place]?.[1])).toContain(keywords)
      }
    },
    { step: 2 },
  )
})

it('has changed nothing on a condition that did not hold after a death at any call', async () => {
  await prepare(prepared())
  await deaths(
    'unchangedSince',
    async (at, { said }) => {
      const { view } = await expectSurvived(at, 'INBOX', said)
      const [, second, ...others] = view.messages
      expect(second?.flags).not.toContain('Once')
      if (viewsIn(said).length > 1) expect(second?.flags).toEqual(['\\Answered'])
      if (said.includes('done')) for (const { flags } of others) expect(flags).toEqual(['Once'])
    },
    { step: 2 },
  )
})

it('has everything after a death while the index is written anew', async () => {
  await prepare(prepared())
  const { mailboxes } = await openHere(prepared())
  const mailbox = await mailboxes.openMailbox('INBOX')
  const uids = mailbox.entries.map(({ uid }) => uid)
  const size = async (at: string): Promise<number> => (await stat(join(at, 'ann', indexFileName))).size
  for (let round = 0; (await size(prepared())) < 225_000; round++)
    await mailbox.changeFlags(uids, { set: longKeywords(round) })
  const full = await size(prepared())
  let folded = 0
  await deaths(
    'fold',
    async (at, { said }) => {
      if ((await size(at)) < full / 2) folded += 1
      const { labels: found, view } = await expectSurvived(at, 'INBOX', said)
      expect(found).toEqual(all)
      const told = viewsIn(said).at(-1)
      const keywords = view.messages.map(({ flags }) => flags.find((flag) => flag.startsWith('k')))
      expect(new Set(keywords).size).toBe(1)
      if (said.includes('done')) expect(view.messages).toEqual(told?.messages)
    },
    { step: 2 },
  )
  expect(folded).toBeGreaterThan(1)
})

it('shows what messages are after a death while that is kept', async () => {
  await prepare(prepared(), false)
  await deaths(
    'list',
    async (at, { said }) => {
      await expectSurvived(at, 'INBOX', said)
      const mailbox = await (await openHere(at)).mailboxes.openMailbox('INBOX')
      const found: string[] = []
      for await (const { uid, header } of mailbox.summaries(mailbox.entries.map(({ uid }) => uid)))
        found.push(`summary ${uid} ${header.first('subject')?.text}`)
      for (const line of said.filter((each) => /^summary [1-4] /.test(each))) expect(found).toContain(line)
      expect(found.map((line) => line.split(' ')[2])).toEqual(await labels(mailbox))
      expect(await mailbox.search({ kind: 'body', text: 'of the message a-3' })).toEqual([3])
    },
    { step: 3 },
  )
})

it('keeps the UIDs of the server that was here before after a death while they are taken over', async () => {
  const path = join(prepared(), 'ann')
  await prepare(prepared(), false)
  const names = (await readdir(join(path, 'new'))).sort()
  const uids = [3, 7, 20, 21, 40]
  const lines = names.map((name, at) => `${uids[at]} :${name}`)
  await writeFile(join(path, 'dovecot-uidlist'), `3 V1400000000 N90\n${lines.join('\n')}\n`)
  await deaths('open', async (at, { said }) => {
    const { view, labels: found } = await expectSurvived(at, 'INBOX', said)
    expect([view.uidValidity, view.uidNext]).toEqual([1400000000, 90])
    expect(view.messages.map(({ uid }) => uid)).toEqual(uids)
    expect(found).toEqual(all)
    const later = await (await openHere(at)).mailboxes.status('INBOX')
    expect(later.uidNext).toBeGreaterThanOrEqual(92)
  })
})

it('does not contradict what it told when the last change is damaged, after a death at any call', async () => {
  await prepare(prepared())
  const path = join(prepared(), 'ann', indexFileName)
  const { mailboxes } = await openHere(prepared())
  const mailbox = await mailboxes.openMailbox('INBOX')
  await mailbox.changeFlags([5], { add: ['Lost'] })
  const told = `view ${JSON.stringify(shownView(mailbox))}`
  const octets = await readFile(path)
  octets[octets.length - 9] = 0
  await writeFile(path, octets)
  await deaths('open', async (at, { said }) => {
    const { view } = await expectSurvived(at, 'INBOX', [told, ...said])
    expect(view.messages.map(({ uid, flags }) => [uid, ...flags])).toEqual([[1], [2], [3], [4], [5]])
  })
})

it('loses nothing when processes that deliver side by side are killed, one after the other', async () => {
  const { mailboxes, close } = await openMaildir(root, nodeFileSystem, systemClock)
  const reader = await mailboxes.openMailbox('INBOX')
  const seen = new Map<number, string>()
  const acknowledged: string[] = []
  const rounds = [3, 17, 1, 40, 9, 26].map(async (lines, round) => {
    const ended = await work('flood', [root, `p${round}`], { lines })
    expect(ended.killed).toBe(true)
    acknowledged.push(...ended.said)
  })
  let running = true
  const reading = (async () => {
    while (running) {
      await reader.refresh()
      for (const { uid, id } of reader.entries) {
        expect(seen.get(uid) ?? id).toBe(id)
        seen.set(uid, id)
      }
    }
  })()
  await Promise.all(rounds).finally(() => {
    running = false
  })
  await reading
  await reader.refresh()
  const found = await labels(reader)
  expect(new Set(found).size).toBe(found.length)
  expect(acknowledged.filter((label) => !found.includes(label))).toEqual([])
  for (const [uid, id] of seen) expect(reader.entries.find((entry) => entry.uid === uid)?.id).toBe(id)
  await close()
})
