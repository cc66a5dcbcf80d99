import type { Mailbox } from 'mailwright'
import { expect, test, vi } from 'vitest'
import { RenamableMailbox } from './renamable-mailbox.ts'

const methods = [
  ['refresh', []],
  ['content', [1]],
  ['summaries', [[1]]],
  ['search', [{ kind: 'all' }]],
  ['vanishedSince', [1]],
  ['changeFlags', [[1], { add: ['a'] }, { unchangedSince: 1 }]],
  ['expunge', [[1], { onlyDeleted: true }]],
  ['copy', [[1], 'to']],
  ['move', [[1], 'to']],
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
