import { describe, expect, test } from 'vitest'
import { bufferContent, readAll } from '../model/content.ts'
import type { Edit } from '../model/edit.ts'
import { applyEdits } from './apply-edits.ts'
import { createMessage } from './create-message.ts'

const content = (text: string) => bufferContent(Buffer.from(text, 'latin1'))

/** The text of a message after edits. */
async function edited(text: string, ...edits: readonly Edit[]): Promise<string> {
  const message = await applyEdits(await createMessage(content(text)), edits)
  const octets = await readAll(message.content)
  expect(message.size).toBe(octets.length)
  return octets.toString('latin1')
}

const insert = (name: string, value: string, position?: number): Edit => ({
  kind: 'insert-field',
  name,
  value,
  ...(position === undefined ? {} : { position }),
})
const change = (name: string, occurrence: number, value: string): Edit => ({
  kind: 'change-field',
  name,
  occurrence,
  value,
})
const remove = (name: string, occurrence: number): Edit => ({ kind: 'delete-field', name, occurrence })
const body = (text: string): Edit => ({ kind: 'replace-body', body: content(text) })

const mail = 'A: 1\r\nB:2\r\n folded\r\na : 3\r\n\r\nbody\r\n'

describe('applyEdits', () => {
  test.each<[string, readonly Edit[], string]>([
    ['nothing', [], mail],
    ['a field on top', [insert('X', 'new')], `X: new\r\n${mail}`],
    [
      'a field below others',
      [insert('X', 'new', 2)],
      'A: 1\r\nB:2\r\n folded\r\nX: new\r\na : 3\r\n\r\nbody\r\n',
    ],
    [
      'a field below all',
      [insert('X', 'new', 99)],
      'A: 1\r\nB:2\r\n folded\r\na : 3\r\nX: new\r\n\r\nbody\r\n',
    ],
    ['two on top, the later above', [insert('X', '1'), insert('Y', '2')], `Y: 2\r\nX: 1\r\n${mail}`],
    ['a folded field', [insert('X', 'a\r\n b')], `X: a\r\n b\r\n${mail}`],
    ['a change', [change('b', 1, 'two')], 'A: 1\r\nb: two\r\na : 3\r\n\r\nbody\r\n'],
    [
      'a change of the second of a name',
      [change('A', 2, 'three')],
      'A: 1\r\nB:2\r\n folded\r\nA: three\r\n\r\nbody\r\n',
    ],
    ['a deletion', [remove('B', 1)], 'A: 1\r\na : 3\r\n\r\nbody\r\n'],
    ['deletions count anew', [remove('a', 1), remove('a', 1)], 'B:2\r\n folded\r\n\r\nbody\r\n'],
    ['all fields', [remove('a', 2), remove('a', 1), remove('b', 1)], '\r\nbody\r\n'],
    ['what is not there', [remove('X', 1), change('A', 3, 'x'), remove('__proto__', 1)], mail],
    ['the body', [body('other')], 'A: 1\r\nB:2\r\n folded\r\na : 3\r\n\r\nother'],
    ['the last of two bodies', [body('one'), body('')], 'A: 1\r\nB:2\r\n folded\r\na : 3\r\n\r\n'],
    ['a new field can be changed', [insert('X', '1'), change('x', 1, '2')], `x: 2\r\n${mail}`],
    ['edits of the envelope', [{ kind: 'quarantine', reason: 'x' }], mail],
  ])('%s', async (_, edits, result) => {
    expect(await edited(mail, ...edits)).toBe(result)
  })

  test.each([
    ['', 'X: 1\r\n'],
    ['\r\n', 'X: 1\r\n\r\n'],
    ['\r\nbody', 'X: 1\r\n\r\nbody'],
    ['A: 1', 'X: 1\r\nA: 1\r\n'],
    ['A: 1\r\n', 'X: 1\r\nA: 1\r\n'],
    ['stray line\r\nA: 1\r\n\r\nb', 'X: 1\r\nstray line\r\nA: 1\r\n\r\nb'],
    ['A: 1\n\nb', 'X: 1\r\nA: 1\n\nb'],
    ['A: \xff\xfe\r\n\r\n\xff', 'X: 1\r\nA: \xff\xfe\r\n\r\n\xff'],
  ])('%j with a field on top', async (text, result) => {
    expect(await edited(text, insert('X', '1'))).toBe(result)
  })

  test('a field below a last line without an end does not run into it', async () => {
    expect(await edited('A: 1', insert('X', '1', 1))).toBe('A: 1\r\nX: 1\r\n')
  })

  test('a body below a header without an end begins after an empty line', async () => {
    expect(await edited('A: 1', body('new'))).toBe('A: 1\r\n\r\nnew')
    expect(await edited('A: 1\r\n', body('new'))).toBe('A: 1\r\n\r\nnew')
    expect(await edited('', body('new'))).toBe('\r\nnew')
  })

  test('what lies beyond the limits of a header stays as it is', async () => {
    const many = `${'F: x\r\n'.repeat(2_500)}\r\nbody`
    expect(await edited(many, insert('X', '1'))).toBe(`X: 1\r\n${many}`)
    expect(await edited(many, insert('X', '1', 5_000))).toHaveLength(many.length + 6)
    const endless = `${'F: x\r\n'.repeat(200_000)}\r\nbody`
    expect((await edited(endless, insert('X', '1'))) === `X: 1\r\n${endless}`).toBe(true)
    const oneField = `Long: ${'x'.repeat(1_200_000)}\r\n\r\nbody`
    expect((await edited(oneField, insert('X', '1', 9))) === `X: 1\r\n${oneField}`).toBe(true)
  })

  test('shares the octets that no edit touches', async () => {
    const original = await createMessage(content(mail))
    const reads: (readonly [number, number])[] = []
    const watched = {
      ...original.content,
      read: (start: number, end: number) => {
        reads.push([start, end])
        return original.content.read(start, end)
      },
    }
    const message = await applyEdits(await createMessage(watched), [insert('X', '1')])
    reads.length = 0
    expect((await message.content.read(message.size - 6, message.size)).toString()).toBe('body\r\n')
    expect(reads).toEqual([[mail.length - 6, mail.length]])
  })

  test('the edited message has the edited header', async () => {
    const message = await applyEdits(await createMessage(content(mail)), [insert('Subject', 'grüße')])
    expect(message.header.text('subject')).toBe('grüße')
  })
})
