import { expect, it } from 'vitest'
import { nameFilter } from './glob.ts'
import { CrlfWriter, LfWriter } from './line-ends.ts'
import { storableFlags } from './message-flags.ts'
import { isPlain, plainName, safeName } from './target-name.ts'
import { uidSet } from './uid-set.ts'

it.each([
  ['*', 'Anything/at all', true],
  ['INBOX', 'inbox', true],
  ['inbox/*', 'INBOX/Sub', true],
  ['Work/*', 'Work', false],
  ['Work/*', 'Work/a/b', true],
  ['work', 'Work', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a*c*e', 'abcde', true],
  ['a*c*e', 'abcd', false],
  ['x, Sent ,y', 'Sent', true],
  ['', 'Sent', false],
  ['a.c', 'abc', false],
  ['[Gmail]/*', '[Gmail]/All Mail', true],
])('the pattern %j on %j: %j', (pattern, name, expected) => {
  expect(nameFilter(pattern)(name)).toBe(expected)
})

it('a pattern of stars takes no longer than others', () => {
  expect(nameFilter(`${'*a'.repeat(2_000)}b`)('a'.repeat(4_000))).toBe(false)
})

it('names of mailboxes', () => {
  expect(plainName(['inbox', 'Inbox'])).toBe('INBOX/Inbox')
  expect(isPlain(['a', 'b.c'])).toBe(true)
  expect(isPlain(['a', ''])).toBe(false)
  expect(isPlain(['a/b'])).toBe(false)
})

it('makes every name safe, and keeps different ones apart', () => {
  const names = [
    ['..'],
    ['.'],
    ['a/b'],
    ['a_b'],
    ['a\0b'],
    ['a\u0001b'],
    [''],
    ['x'.repeat(100)],
    [`${'x'.repeat(99)}y`],
  ]
  const safe = names.map(safeName)
  expect(new Set(safe).size).toBe(names.length)
  for (const name of safe) expect(name).toMatch(/^(?!\.{1,2}$)[^\p{Cc}/]{1,60}$/u)
  expect(safeName(['Work', 'Résumé'])).toBe('Work/Résumé')
  expect(safeName(['\ud800'])).toMatch(/^\ufffd-[0-9a-f]{6}$/)
})

it('keeps flags that the store can keep', () => {
  const flags = ['\\seen', '\\Recent', 'Work', 'work', 'two words', '$Forwarded', '\\Weird', '', 'k]']
  const all = { flags: true, keywords: true }
  expect(storableFlags(flags, all)).toEqual(['\\Seen', 'Work', '$Forwarded'])
  expect(storableFlags(flags, { ...all, keywords: false })).toEqual(['\\Seen'])
  expect(storableFlags(flags, { flags: false, keywords: false })).toEqual([])
})

it.each([
  [[], ''],
  [[7], '7'],
  [[1, 2, 3, 7, 9, 10], '1:3,7,9:10'],
])('%j as a sequence set', (uids, expected) => {
  expect(uidSet(uids)).toBe(expected)
})

/** What a writer makes of a text that comes in chunks of a size. */
function chunked(text: string, size: number, writer: { add(chunk: Buffer): Buffer; end?(): Buffer }): string {
  const octets = Buffer.from(text)
  const parts: Buffer[] = []
  for (let at = 0; at < octets.length; at += size) parts.push(writer.add(octets.subarray(at, at + size)))
  return Buffer.concat([...parts, writer.end?.() ?? Buffer.alloc(0)]).toString()
}

it.each([1, 2, 3, 100])('turns line ends in chunks of %i', (size) => {
  expect(chunked('a\nb\r\n\n\r\r\nc', size, new CrlfWriter())).toBe('a\r\nb\r\n\r\n\r\r\nc')
  expect(chunked('a\r\nb\n\r\n\r\r\nc\r', size, new LfWriter())).toBe('a\nb\n\n\r\nc\r')
})
