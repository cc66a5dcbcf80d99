import { bufferContent, type Mailbox } from 'mailwright'
import { expect, test, vi } from 'vitest'
import { RenamableMailbox } from './renamable-mailbox.ts'

const methods = [
  ['refresh', []],
  ['content', [1]],
  ['summaries', [[1]]],
  ['search', [{ kind: 'all' }]],
  ['vanishedSince', [1]],
  ['changeFlags', [[1], { add: ['a'] }, { unchangedSince: 1 }]],
  ['copy', [[1], 'to']],
  ['close', []],
] as const

const facts = ['name', 'id', 'uidValidity', 'uidNext', 'highestModSequence', 'entries'] as const

/** A mailbox whose facts and answers all tell its name. */
function named(name: string) {
  const calls = new Map(methods.map(([method]) => [method, vi.fn(async () => `${method} of ${name}`)]))
  const mailbox = {
    ...Object.fromEntries(facts.map((fact) => [fact, `${fact} of ${name}`])),
    ...Object.fromEntries(calls),
  }
  return { calls, mailbox: mailbox as unknown as Mailbox }
}

test('everything is that of the mailbox as it is called now', async () => {
  const [before, after] = [named('old'), named('new')]
  const mailbox = new RenamableMailbox(before.mailbox)
  for (const fact of facts) expect(mailbox[fact]).toBe(`${fact} of old`)
  await mailbox.follow(after.mailbox)
  expect(before.calls.get('close')).toHaveBeenCalledOnce()
  for (const fact of facts) expect(mailbox[fact]).toBe(`${fact} of new`)
  for (const [method, args] of methods) {
    const call = mailbox[method].bind(mailbox) as (...args: readonly unknown[]) => Promise<unknown>
    expect(await call(...args)).toBe(`${method} of new`)
    expect(after.calls.get(method)?.mock.calls).toEqual([args])
  }
})

test('what was removed by it is known until it is told', async () => {
  const transfer = { uidValidity: 1, uids: [[4, 9]] }
  const opened = {
    expunge: vi.fn(async () => [2]),
    move: vi.fn(async () => transfer),
    replace: vi.fn(async (uid: number) => (uid === 6 ? { uidValidity: 1, uids: [10] } : undefined)),
  }
  const mailbox = new RenamableMailbox(opened as unknown as Mailbox)
  expect(await mailbox.expunge([1, 2], { onlyDeleted: true })).toEqual([2])
  expect(opened.expunge.mock.calls).toEqual([[[1, 2], { onlyDeleted: true }]])
  expect(await mailbox.move([4, 5], 'to')).toBe(transfer)
  expect(opened.move.mock.calls).toEqual([[[4, 5], 'to']])
  const message = { content: bufferContent(Buffer.alloc(0)) }
  expect(await mailbox.replace?.(6, message, 'me')).toEqual({ uidValidity: 1, uids: [10] })
  expect(await mailbox.replace?.(7, message, 'me')).toBeUndefined()
  mailbox.wereRemoved([8])
  expect([...mailbox.removals]).toEqual([2, 4, 6, 8])
  mailbox.toldRemovals()
  expect(mailbox.removals.size).toBe(0)
})

test('it replaces messages where the mailbox does', () => {
  expect(new RenamableMailbox(named('old').mailbox).replace).toBeUndefined()
})
