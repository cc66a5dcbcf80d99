import { expect, onTestFinished, test, vi } from 'vitest'
import { bufferContent } from '../model/content.ts'
import { parseHeader } from '../model/header/header.ts'
import { HeaderField } from '../model/header/header-field.ts'
import type { SearchCriterion } from '../model/search.ts'
import { Pacer } from '../summary/pacer.ts'
import { summarise } from '../summary/summariser.ts'
import { HeaderSearch, type HeaderTerm } from './header-search.ts'
import { type SearchSource, searchEntries } from './search-entries.ts'
import { textFinder } from './text-finder.ts'

function term(field: string, folded: string): HeaderTerm {
  return { field, folded, isIn: textFinder(folded) }
}

function message(fields: string) {
  return { header: parseHeader(Buffer.from(`${fields}\r\n\r\n`)) }
}

/** A mailbox of one message. */
function sourceOf(text: string): SearchSource {
  const content = bufferContent(Buffer.from(text))
  const moment = new Date()
  const entry = { uid: 1, id: 'a', size: content.size, flags: [], modSequence: 1 }
  return {
    entries: [{ ...entry, internalDate: moment, savedDate: moment }],
    content: async () => content,
    async *summaries() {
      yield await summarise(1, content)
    },
  }
}

test('what may be missing is not known', () => {
  const search = new HeaderSearch(message('Subject: One'), (field) => field === 'to', new Pacer())
  expect(search.has(term('subject', 'ONE'))).toBe(true)
  expect(search.has(term('subject', ''))).toBe(true)
  expect(search.has(term('subject', 'TWO'))).toBe(false)
  expect(search.has(term('to', 'ONE'))).toBeUndefined()
  expect(search.has(term('cc', ''))).toBe(false)
  expect(search.isCut).toBe(false)
})

test('each turn answers one question at least, and none twice', async () => {
  const isDue = vi.spyOn(Pacer.prototype, 'isDue', 'get').mockReturnValue(true)
  onTestFinished(() => isDue.mockRestore())
  const search = new HeaderSearch(message('Subject: One'), () => false, new Pacer())
  const [first, second] = [term('subject', 'ONE'), term('subject', 'TWO')]
  expect([search.has(first), search.has(second), search.isCut]).toEqual([true, undefined, true])
  expect(search.has(first)).toBe(true)
  await search.goOn()
  expect([search.isCut, search.has(first), search.has(second)]).toEqual([false, true, false])
})

test('a field and a text are told apart', async () => {
  const source = sourceOf('Subject: 1 2\r\n\r\n')
  const of: readonly SearchCriterion[] = [
    { kind: 'header', field: 'Subject', text: '1 2' },
    { kind: 'not', of: { kind: 'header', field: 'Subject 1', text: '2' } },
  ]
  expect(await searchEntries(source, { kind: 'and', of }, Date.now())).toEqual([1])
})

test('thousands of terms for one long field fold it once, and hold nobody up', async () => {
  const text = vi.spyOn(HeaderField.prototype, 'text', 'get')
  onTestFinished(() => text.mockRestore())
  const source = sourceOf(`X-Big: ${'grün '.repeat(100_000)}\r\n\r\n`)
  const of = Array.from({ length: 2_400 }, (_, at): SearchCriterion => {
    return { kind: 'not', of: { kind: 'header', field: 'X-Big', text: `grünq${at}` } }
  })
  const rest = vi.spyOn(Pacer.prototype, 'rest')
  onTestFinished(() => rest.mockRestore())
  text.mockClear()
  expect(await searchEntries(source, { kind: 'and', of }, Date.now())).toEqual([1])
  expect(text.mock.calls.length).toBeLessThanOrEqual(10)
  expect(rest.mock.calls.length).toBeGreaterThan(5)
})
