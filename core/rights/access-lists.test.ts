import { beforeEach, describe, expect, test, vi } from 'vitest'
import { UnavailableError } from '../errors.ts'
import type { AccessEntry } from '../model/rights.ts'
import { createLocalNotifier } from '../notifier.ts'
import { capturedLog } from '../testing/captured-log.ts'
import { expectCode, outcomeOf } from '../testing/contracts/expectations.ts'
import type { AccessLists, MailboxShare } from './access-lists.ts'
import { FiledAccessLists, type NamedFiles } from './filed-access-lists.ts'
import { MemoryAccessLists } from './memory-access-lists.ts'

const toBob: readonly AccessEntry[] = [{ identifier: 'bob', rights: 'lr' }]

/** Files in memory, whose calls of `replace` can be made to fail from one on. */
class FilesInMemory implements NamedFiles {
  readonly files = new Map<string, Buffer>()
  replacements = 0
  failFrom: number = Number.POSITIVE_INFINITY
  #turn: Promise<unknown> = Promise.resolve()

  async isEmpty(): Promise<boolean> {
    return this.files.size === 0
  }

  async names(): Promise<readonly string[]> {
    return [...this.files.keys()]
  }

  async read(name: string): Promise<Buffer | undefined> {
    return this.files.get(name)
  }

  async replace(name: string, octets: Buffer | undefined): Promise<void> {
    if (++this.replacements >= this.failFrom) throw new UnavailableError('the disk is full')
    expect(name).toMatch(/^[a-z0-9.]{1,80}$/)
    if (octets === undefined) this.files.delete(name)
    else this.files.set(name, octets)
  }

  alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }
}

function filed(files: NamedFiles): FiledAccessLists {
  return new FiledAccessLists(files, createLocalNotifier(capturedLog()))
}

async function sharedWith(lists: AccessLists, ...identifiers: readonly string[]) {
  const shares = await lists.shares(new Set(identifiers))
  return shares.map(({ owner, mailbox }) => `${owner}:${mailbox}`).sort()
}

describe.each([
  ['in memory', () => new MemoryAccessLists()],
  ['in files', () => filed(new FilesInMemory())],
] as const)('lists %s', (_, create) => {
  let lists: AccessLists

  beforeEach(() => {
    lists = create()
  })

  async function fill(...mailboxes: readonly string[]): Promise<void> {
    for (const mailbox of mailboxes) await lists.update('ann', mailbox, () => toBob)
  }

  test('are what the last change made of them; an empty one is none', async () => {
    await fill('Work')
    expect(await lists.read('ann', 'Work')).toEqual(toBob)
    expect(await lists.read('ann', 'work')).toEqual([])
    expect(await lists.read('bob', 'Work')).toEqual([])
    await lists.update('ann', 'Work', (list) => [...list, { identifier: 'anyone', rights: 'l' }])
    expect(await lists.read('ann', 'Work')).toHaveLength(2)
    await lists.update('ann', 'Work', () => [])
    expect(await lists.read('ann', 'Work')).toEqual([])
    expect(await sharedWith(lists, 'bob', 'anyone')).toEqual([])
  })

  test('are as they were where a change throws', async () => {
    await fill('Work')
    const change = (): never => {
      throw new RangeError('no')
    }
    await expect(lists.update('ann', 'Work', change)).rejects.toThrow(RangeError)
    expect(await lists.read('ann', 'Work')).toEqual(toBob)
  })

  test('lose no change of two at the same time', async () => {
    const add = (number: number) =>
      lists.update('ann', 'Work', (list) => [...list, { identifier: `x${number}`, rights: 'l' }])
    await Promise.all([...Array(20).keys()].map(add))
    expect(await lists.read('ann', 'Work')).toHaveLength(20)
    expect(await sharedWith(lists, 'x0', 'x19')).toEqual(['ann:Work'])
  })

  test('are there or not, for an owner', async () => {
    expect(await lists.has('ann')).toBe(false)
    await fill('Work', 'INBOX')
    expect([await lists.has('ann'), await lists.has('bob')]).toEqual([true, false])
    await lists.removed('ann', ['Work'])
    expect(await lists.has('ann')).toBe(true)
    await lists.removed('ann', ['INBOX'])
    expect(await lists.has('ann')).toBe(false)
  })

  test('that are whole are found so', async () => {
    await fill('Work')
    for (const owner of ['ann', 'bob'])
      for (const repair of [false, true]) expect(await lists.examine(owner, { repair })).toEqual([])
    expect(await sharedWith(lists, 'bob')).toEqual(['ann:Work'])
  })

  test('of others are found by any of the identifiers, once, not by those that only take away', async () => {
    await fill('Work', '__proto__')
    const list = [
      { identifier: 'anyone', rights: 'l' },
      { identifier: 'bob', rights: 'r' },
      { identifier: '-dave', rights: 'l' },
    ]
    await lists.update('carol', 'INBOX', () => list)
    expect(await sharedWith(lists, 'bob')).toEqual(['ann:Work', 'ann:__proto__', 'carol:INBOX'])
    expect(await sharedWith(lists, 'bob', 'anyone', 'nobody')).toEqual([
      'ann:Work',
      'ann:__proto__',
      'carol:INBOX',
    ])
    expect(await lists.shares(new Set(['anyone']))).toEqual([{ owner: 'carol', mailbox: 'INBOX', list }])
    expect(await sharedWith(lists, 'dave', '-dave')).toEqual([])
  })

  test('go with a mailbox that is renamed and with those below it, not with others', async () => {
    await fill('Work', 'Work/Bills', 'Workshop', 'Old/Work')
    await lists.update('bob', 'Work', () => toBob)
    await lists.renamed('ann', 'Work', 'Old')
    expect(await sharedWith(lists, 'bob')).toEqual([
      'ann:Old',
      'ann:Old/Bills',
      'ann:Old/Work',
      'ann:Workshop',
      'bob:Work',
    ])
    await lists.renamed('ann', 'Nowhere', 'Old')
    expect(await lists.read('ann', 'Old'), 'what had no list has none afterwards').toEqual([])
    await lists.renamed('nobody', 'Work', 'Old')
    await lists.removed('ann', ['Old'])
    await lists.removed('ann', ['Old/Work'])
    expect(await sharedWith(lists, 'bob')).toEqual(['ann:Old/Bills', 'ann:Workshop', 'bob:Work'])
  })

  test('tell whoever watches of every change, until the release', async () => {
    await fill('Work')
    const told: (MailboxShare | undefined)[] = []
    const [first, second] = [vi.fn(), vi.fn()]
    const lease = await lists.watch(first)
    const again = await lists.watch(first)
    await lists.watch((changed) => void told.push(changed))
    await again.release()
    await lists.update('ann', 'Work', () => [])
    await lists.removed('ann', ['Work'])
    await vi.waitFor(() => expect(told).toEqual([{ owner: 'ann', mailbox: 'Work' }]))
    expect(first.mock.calls).toEqual([[{ owner: 'ann', mailbox: 'Work' }]])
    await lease.release()
    await lists.watch(second)
    await lists.update('ann', 'INBOX', () => toBob)
    await lists.renamed('ann', 'INBOX', 'Old')
    const wanted = ['Work', 'INBOX', 'INBOX', 'Old'].map((mailbox) => ({ owner: 'ann', mailbox }))
    await vi.waitFor(() => expect(told).toEqual(wanted))
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1, 3])
  })
})

describe('files', () => {
  /** What is given to whom: by reading each list, and by the index. */
  async function state(files: NamedFiles) {
    const lists = filed(files)
    const names = ['INBOX', 'Work', 'Work/Bills', 'Old', 'Old/Bills']
    const all = new Map<string, readonly AccessEntry[]>()
    for (const name of names) all.set(name, await lists.read('ann', name))
    const shares = new Map<string, readonly string[]>()
    for (const who of ['bob', 'carol', 'anyone']) shares.set(who, await sharedWith(lists, who))
    return { all, shares }
  }

  /** The index that these lists must have. */
  function sharesOf(all: ReadonlyMap<string, readonly AccessEntry[]>) {
    return new Map(
      ['bob', 'carol', 'anyone'].map((who) => [
        who,
        [...all]
          .filter(([, list]) => list.some((entry) => entry.identifier === who))
          .map(([name]) => `ann:${name}`),
      ]),
    )
  }

  async function prepared(): Promise<FilesInMemory> {
    const files = new FilesInMemory()
    const lists = filed(files)
    await lists.update('ann', 'Work', () => [...toBob, { identifier: 'anyone', rights: 'l' }])
    await lists.update('ann', 'Work/Bills', () => [{ identifier: 'carol', rights: 'lr' }])
    await lists.update('carol', 'INBOX', () => [{ identifier: '-anyone', rights: 'l' }])
    files.replacements = 0
    return files
  }

  test.each<[string, (lists: AccessLists) => Promise<void>]>([
    ['giving', (lists) => lists.update('ann', 'INBOX', () => [{ identifier: 'carol', rights: 'lr' }])],
    ['taking all', (lists) => lists.update('ann', 'Work', () => [])],
    ['exchanging', (lists) => lists.update('ann', 'Work', () => [{ identifier: 'carol', rights: 'l' }])],
    ['renaming', (lists) => lists.renamed('ann', 'Work', 'Old')],
    ['removing', (lists) => lists.removed('ann', ['Work/Bills'])],
  ])(
    'where %s ends half-way there are the old lists or the new ones, and all are found',
    async (_, change) => {
      const whole = await prepared()
      const before = await state(whole)
      await change(filed(whole))
      const after = await state(whole)
      expect(after.all).not.toEqual(before.all)
      expect(whole.replacements).toBeGreaterThan(0)
      for (let from = 1; from <= whole.replacements; from++) {
        const files = await prepared()
        files.failFrom = from
        const { ok } = await outcomeOf(change(filed(files)))
        files.failFrom = Number.POSITIVE_INFINITY
        const { all, shares } = await state(files)
        expect(all, `from ${from}`).toEqual((ok ? after : before).all)
        expect(shares, `from ${from}`).toEqual(sharesOf(all))
      }
    },
  )

  test('that are removed leave nothing', async () => {
    const files = await prepared()
    const lists = filed(files)
    for (const mailbox of ['Work', 'Work/Bills']) await lists.removed('ann', [mailbox])
    await lists.removed('carol', ['INBOX'])
    expect([...files.files.keys()]).toEqual([])
  })

  test('of lists that are damaged close all mailboxes of their owner, and are replaced by the next change', async () => {
    const files = await prepared()
    for (const [name, octets] of files.files)
      if (name.startsWith('lists.')) files.files.set(name, octets.subarray(0, -3))
    const damaged = await state(files)
    expect([...damaged.all.values()].flat()).toEqual([])
    expect([...damaged.shares.values()].flat()).toEqual([])
    await filed(files).update('ann', 'INBOX', () => toBob)
    expect((await state(files)).shares.get('bob')).toEqual(['ann:INBOX'])
  })

  test.each([
    ['cut off', 'mailwright-sharers 1\nto x\nend 7\n'],
    ['of another identifier', 'mailwright-sharers 1\nto x\nend 0\n'],
  ])('of the index that are %s are made anew from the lists', async (_, octets) => {
    const files = await prepared()
    const before = await state(files)
    const damage = () => {
      for (const name of files.files.keys())
        if (name.startsWith('sharers.')) files.files.set(name, Buffer.from(octets))
    }
    damage()
    expect(await state(files)).toEqual(before)
    damage()
    await filed(files).update('ann', 'INBOX', () => toBob)
    expect((await state(files)).shares.get('bob')).toEqual(['ann:INBOX', 'ann:Work'])
    expect((await state(files)).shares.get('carol')).toEqual(['ann:Work/Bills'])
  })

  test('of the index that are lost or under a wrong name are made anew by `rebuild`', async () => {
    const files = await prepared()
    const before = await state(files)
    const contents = [...files.files]
    for (const [name] of contents) if (name.startsWith('sharers.')) files.files.delete(name)
    files.files.set('sharers.x', Buffer.from('left over'))
    files.files.set('other', Buffer.from('of somebody else'))
    await filed(files).rebuild()
    expect(await state(files)).toEqual(before)
    expect([...files.files.keys()].sort()).toEqual([...contents.map(([name]) => name), 'other'].sort())
  })

  test('of the index that are lost are found missing, and made anew by a repair', async () => {
    const files = await prepared()
    const before = await state(files)
    const lose = () => {
      for (const [name, octets] of files.files)
        if (octets.includes('to bob')) files.files.delete(name)
        else if (octets.includes('to anyone')) files.files.set(name, Buffer.from('damaged'))
    }
    lose()
    const lists = filed(files)
    const faults = ['bob', 'anyone'].map((identifier) => ({
      mailbox: 'Work',
      problem: `it is not among the mailboxes of others that ${identifier} sees`,
      remedy: 'the index of access rights is made anew',
    }))
    expect(await lists.examine('ann', { repair: false })).toEqual(faults)
    expect(await lists.examine('carol', { repair: true }), 'of what she only takes away').toEqual([])
    expect(await lists.examine('ann', { repair: true })).toEqual(faults)
    expect(await lists.examine('ann', { repair: false })).toEqual([])
    expect(await state(files)).toEqual(before)
  })

  test('of lists that are damaged are found so, and set aside by a repair', async () => {
    const files = await prepared()
    const [name = '', octets = Buffer.alloc(0)] =
      [...files.files].find(
        ([each, content]) => each.startsWith('lists.') && content.includes('owner ann'),
      ) ?? []
    const damaged = octets.subarray(0, -3)
    files.files.set(name, damaged)
    const lists = filed(files)
    for (const repair of [false, true])
      expect(await lists.examine('ann', { repair })).toMatchObject([{ mailbox: '' }])
    expect(await lists.examine('ann', { repair: true })).toEqual([])
    expect([...files.files].filter(([, content]) => content.equals(damaged))).toEqual([
      [name.replace('lists.', 'damaged.'), damaged],
    ])
    await lists.rebuild()
    expect(await sharedWith(lists, 'bob', 'anyone', 'carol')).toEqual([])
    await lists.update('ann', 'INBOX', () => toBob)
    expect(await sharedWith(lists, 'bob')).toEqual(['ann:INBOX'])
  })

  test('of one owner are not those of another', async () => {
    const files = await prepared()
    const [name = '', octets = Buffer.alloc(0)] =
      [...files.files].find(
        ([each, content]) => each.startsWith('lists.') && content.includes('owner ann'),
      ) ?? []
    await filed(files).update('dave', 'INBOX', () => toBob)
    const daves = [...files.files.keys()].find((each) => files.files.get(each)?.includes('owner dave')) ?? ''
    files.files.set(daves, octets)
    expect(name).not.toBe(daves)
    expect(await filed(files).read('dave', 'Work')).toEqual([])
  })

  test('of a later version are neither read nor replaced', async () => {
    const files = await prepared()
    for (const name of files.files.keys()) files.files.set(name, Buffer.from('mailwright-access 2\n'))
    const later = new Map(files.files)
    const lists = filed(files)
    await expectCode(lists.read('ann', 'Work'), 'MAIL_E_UNAVAILABLE')
    await expectCode(
      lists.update('ann', 'Work', () => toBob),
      'MAIL_E_UNAVAILABLE',
    )
    await expectCode(lists.removed('ann', ['Work']), 'MAIL_E_UNAVAILABLE')
    expect(files.files).toEqual(later)
  })

  test('hold half a million octets for an owner at most', async () => {
    const files = new FilesInMemory()
    const lists = filed(files)
    const long = (mailbox: number): readonly AccessEntry[] =>
      Array.from({ length: 900 }, (_, index) => ({
        identifier: `${mailbox}-${index}-${'x'.repeat(200)}`,
        rights: 'l',
      }))
    await lists.update('ann', '1', () => long(1))
    await lists.update('ann', '2', () => long(2))
    await expectCode(
      lists.update('ann', '3', () => long(3)),
      'MAIL_E_OVER_QUOTA',
    )
    expect(await lists.read('ann', '2')).toHaveLength(900)
    expect(await lists.read('ann', '3')).toEqual([])
  })

  test('are told of between processes by hints, which may hold anything', async () => {
    const notifier = createLocalNotifier(capturedLog())
    const lists = new FiledAccessLists(new FilesInMemory(), notifier)
    const listener = vi.fn()
    await lists.watch(listener)
    for (const payload of [
      undefined,
      null,
      'x',
      { owner: 1, mailbox: 'x' },
      { owner: 'ann', mailbox: 'Work' },
    ])
      notifier.publish('access-lists', payload)
    await vi.waitFor(() =>
      expect(listener.mock.calls.flat()).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
        { owner: 'ann', mailbox: 'Work' },
      ]),
    )
  })
})
