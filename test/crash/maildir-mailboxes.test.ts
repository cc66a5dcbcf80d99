import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccountStore, Metadata } from 'mailwright'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { atEveryCall, type Deaths, labelsIn, openHere, prepare } from './maildir-deaths.ts'
import { deliverLabel } from './maildir-tasks.ts'
import { existing, expectSurvived } from './maildir-witness.ts'

let root = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mailwright-crash-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const prepared = (): string => join(root, 'prepared')
const deaths = (task: Deaths['task'], check: Deaths['check'], more: Partial<Deaths> = {}): Promise<number> =>
  atEveryCall({ root, task, check, ...more })

/** Work with two messages, and a child with one. */
async function prepareWork(): Promise<void> {
  await prepare(prepared())
  const { mailboxes, close } = await openHere(prepared())
  await mailboxes.createMailbox('Work/Bills/2026')
  for (const label of ['w-1', 'w-2']) await deliverLabel(mailboxes, label, 'Work')
  await deliverLabel(mailboxes, 'b-1', 'Work/Bills')
  const mailbox = await mailboxes.openMailbox('Work')
  await mailbox.changeFlags([2], { add: ['Urgent', '\\Flagged'] })
  await mailboxes.setMetadata('Work', new Map([['/private/comment', Buffer.from('kept')]]))
  await close()
}

const texts = (metadata: Metadata): Readonly<Record<string, string>> =>
  Object.fromEntries([...metadata].map(([name, value]) => [name, value.toString()]))
const usesOf = async (mailboxes: AccountStore) =>
  (await mailboxes.mailboxes()).filter(({ specialUse }) => specialUse !== undefined)

it('has every setting that was acknowledged, and no half one, after a death at any call', async () => {
  await prepare(prepared())
  const { mailboxes } = await openHere(prepared())
  await mailboxes.createMailbox('Other', { specialUse: '\\Archive' })
  for (const name of ['Old', 'Other']) await mailboxes.subscribe(name, true)
  const nothing = {}
  const both = { '/private/comment': 'one', '/shared/comment': 'two' }
  await deaths(
    'settings',
    async (at, { said }) => {
      const { mailboxes: found } = await openHere(at)
      const subscriptions = await found.subscriptions()
      expect(subscriptions).toContain('Other')
      if (said.includes('subscribed')) expect(subscriptions).toContain('Archive')
      expect(subscriptions.includes('Old')).toBe(
        !said.includes('unsubscribed') && subscriptions.includes('Old'),
      )
      const uses = await usesOf(found)
      expect(uses.length).toBeLessThanOrEqual(1)
      if (said.includes('used')) expect(uses).toMatchObject([{ name: 'Archive', specialUse: '\\Archive' }])
      for (const [mailbox, line] of [
        ['Archive', 'annotated'],
        [undefined, 'account'],
      ] as const) {
        const metadata = texts(await found.metadata(mailbox))
        expect([nothing, both]).toContainEqual(metadata)
        if (said.includes(line)) expect(metadata).toEqual(both)
      }
      await found.setMetadata('Archive', new Map([['/private/more', Buffer.from('three')]]))
      await found.setSpecialUse('Other', '\\Archive')
      await found.subscribe('Later', true)
      expect(await usesOf((await openHere(at)).mailboxes)).toMatchObject([{ name: 'Other' }])
    },
    { step: 2 },
  )
})

it('has made a mailbox that can be used, or none, after a death at any call', async () => {
  await prepare(prepared())
  await deaths('create', async (at, { said }) => {
    const { mailboxes } = await openHere(at)
    const names = (await mailboxes.mailboxes()).map(({ name }) => name)
    if (said.includes('done')) {
      expect(names).toEqual(['INBOX', 'Archive', 'Work', 'Work/Bills'])
      expect(await usesOf(mailboxes)).toMatchObject([{ name: 'Work/Bills' }])
    }
    if (!names.includes('Work/Bills')) await mailboxes.createMailbox('Work/Bills')
    for (const name of ['Work', 'Work/Bills']) {
      await deliverLabel(mailboxes, 'first-1', name)
      expect(await labelsIn(mailboxes, name)).toEqual(['first-1'])
    }
  })
})

it('has every mailbox with its messages under its old name or its new one after a death at any call', async () => {
  await prepareWork()
  const { mailboxes } = await openHere(prepared())
  const before = new Map(
    await Promise.all(
      ['', '/Bills', '/Bills/2026'].map(
        async (child) => [child, { ...(await mailboxes.status(`Work${child}`)), name: '' }] as const,
      ),
    ),
  )
  await deaths(
    'rename',
    async (at, { said }) => {
      const { mailboxes: found } = await openHere(at)
      for (const [child, status] of before) {
        const names = await existing(found, [`Work${child}`, `Play${child}`])
        expect(names).toHaveLength(1)
        const [name = ''] = names
        if (said.includes('done')) expect(name).toBe(`Play${child}`)
        expect({ ...(await found.status(name)), name: '' }).toEqual(status)
        if (child === '') {
          expect(texts(await found.metadata(name))).toEqual({ '/private/comment': 'kept' })
          expect((await found.openMailbox(name)).entries[1]?.flags).toEqual(['Urgent', '\\Flagged'])
        }
        await expectSurvived(at, name, [])
        expect((await readdir(join(at, 'ann'))).filter((each) => each.endsWith('.lock'))).toEqual([])
      }
    },
    { step: 2 },
  )
})

it('has a mailbox whole or not at all after a death at any call while it is deleted', async () => {
  await prepareWork()
  await deaths('remove', async (at, { said }) => {
    const { mailboxes } = await openHere(at)
    const [name] = await existing(mailboxes, ['Work'])
    if (said.includes('done')) expect(name).toBeUndefined()
    if (name !== undefined) expect((await expectSurvived(at, name, [])).labels).toEqual(['w-1', 'w-2'])
    expect(await labelsIn(mailboxes, 'Work/Bills')).toEqual(['b-1'])
    expect(await labelsIn(mailboxes, 'INBOX')).toHaveLength(5)
    const uidValidity = name === undefined ? 0 : (await mailboxes.status('Work')).uidValidity
    if (name !== undefined) await mailboxes.deleteMailbox('Work')
    await mailboxes.createMailbox('Work')
    const again = await mailboxes.status('Work')
    expect(again.messages).toBe(0)
    expect(again.uidValidity).toBeGreaterThan(uidValidity)
  })
})
