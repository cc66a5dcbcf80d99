import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MessageSummary } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestMaildir, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { createContext, type MaildirContext } from '../context.ts'
import { nodeFileSystem } from '../files/file-system.ts'
import { MailboxState } from '../mailbox/mailbox-state.ts'

const count = 1100
const numbers = Array.from({ length: count }, (_, at) => at)
// Large enough for the process to read it itself.
const large = 700

let box: TestMaildir
let context: MaildirContext

const pathOf = (number: number): string => join(box.path, 'cur', `17000${10_000 + number}.M1P1.host:2,S`)

beforeEach(async () => {
  box = await createTestMaildir({ files: nodeFileSystem })
  await Promise.all(
    numbers.map((number) => {
      const body = number === large ? 'x'.repeat(1_100_000) : 'word '.repeat(number % 50)
      return writeFile(pathOf(number), `Subject: number ${number}\n\n${body}\n`)
    }),
  )
  context = createContext({ ...box.options, fullText: true })
  context.threads?.expect(2000)
  await expect.poll(() => context.threads?.areWorth(count), { timeout: 30_000 }).toBe(true)
})
afterEach(async () => {
  context.threads?.end()
  context.batches.end()
  await box.remove()
})

async function open(): Promise<MailboxState> {
  const place = { account: box.account, name: 'INBOX', path: box.path, root: box.path }
  const state = new MailboxState(context, place, () => undefined)
  await state.sync()
  return state
}

async function summaries(
  state: MailboxState,
  first: () => Promise<void> = async () => undefined,
): Promise<readonly MessageSummary[]> {
  const found: MessageSummary[] = []
  for await (const group of state.summaries.read(state.table.records.map(({ entry }) => entry.uid))) {
    if (found.length === 0) await first()
    for (const [, summary] of group) found.push(summary)
  }
  return found
}

const numbersIn = (found: readonly MessageSummary[]): readonly number[] =>
  found.map(({ header }) => Number(header.first('subject')?.text.replace('number ', '')))

describe('what is made of many messages by threads', () => {
  it('comes in the order of the messages, and is kept', async () => {
    const state = await open()
    expect(numbersIn(await summaries(state))).toEqual(numbers)
    expect(state.table.records.every(({ summary }) => summary !== undefined)).toBe(true)
    expect(numbersIn(await summaries(await open()))).toEqual(numbers)
  })

  it('is that of files that are renamed meanwhile; what is removed is left out', async () => {
    const found = await summaries(await open(), async () => {
      for (const number of numbers.slice(600, 900)) {
        if (number % 3 === 0) await rm(pathOf(number))
        else if (number % 3 === 1) await rename(pathOf(number), `${pathOf(number)}F`)
      }
    })
    const left = numbers.filter((number) => number < 600 || number >= 900 || number % 3 !== 0)
    const there = new Set(numbersIn(found))
    expect(left.filter((number) => !there.has(number))).toEqual([])
    expect(there.size).toBe(found.length)
    // A part of them was read before.
    expect(there.size).toBeLessThan(count)
  })

  it('may be given up half-way', async () => {
    const state = await open()
    for await (const [[uid] = [0]] of state.summaries.read(numbers.map((number) => number + 1)))
      if (uid === 3) break
    expect(numbersIn(await summaries(state))).toEqual(numbers)
  })

  it('is made by the process itself when a thread dies', async () => {
    const found = await summaries(await open(), async () => context.threads?.end())
    expect(numbersIn(found)).toEqual(numbers)
  })

  it('are signatures, too', async () => {
    const state = await open()
    const signatures: number[] = []
    for await (const group of state.signatures?.read(numbers.map((number) => number + 1)) ?? [])
      for (const [uid] of group) signatures.push(uid)
    expect(signatures).toEqual(numbers.map((number) => number + 1))
  })
})
