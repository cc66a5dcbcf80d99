import { applyEdits, bufferContent, createMessage, type Edit, readAll } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { FieldNames } from './field-names.ts'
import { fieldOctets, viewMessage } from './message-view.ts'

const own =
  'Received: from c by mx.example.org with ESMTP\r\n\tid q1;\r\n\tMon, 1 Jan 2026 00:00:00 +0000\r\n'
const text = `${own}Received: from b by c id q2\r\nstray line\r\nA: 1\r\nReceived: from a by b\r\n\r\nbody\r\n`

async function viewed(source = text) {
  return viewMessage(await createMessage(bufferContent(Buffer.from(source, 'latin1'))), 'q1')
}

describe('viewMessage', () => {
  test('hides the own trace field, and what is no field', async () => {
    const { ownTrace, fields } = await viewed()
    expect(ownTrace).toBe(0)
    expect(fields.map(({ body }) => body)).toEqual(['from b by c id q2', '1', 'from a by b'])
  })

  test('hides nothing where there is none', async () => {
    const { ownTrace, fields } = await viewed(text.slice(own.length))
    expect([ownTrace, fields.length]).toEqual([-1, 3])
  })

  test('finds it below fields that were inserted', async () => {
    expect((await viewed(`X: 1\r\n${text}`)).ownTrace).toBe(1)
  })
})

describe('FieldNames', () => {
  /** The text after changes, which are counted as a milter does. */
  async function changed(change: (names: FieldNames) => readonly (Edit | undefined)[]): Promise<string> {
    const view = await viewed()
    const edits = change(new FieldNames(view)).filter((edit) => edit !== undefined)
    return (await readAll((await applyEdits(view.message, edits)).content)).toString('latin1')
  }

  test('changes and deletes without counting the own trace field', async () => {
    expect(await changed((names) => [names.change(1, 'received', 'x')])).toBe(
      text.replace('Received: from b by c id q2', 'received: x'),
    )
    expect(await changed((names) => [names.delete(2, 'Received')])).toBe(
      text.replace('Received: from a by b\r\n', ''),
    )
    expect(await changed((names) => [names.delete(3, 'Received')])).toBe(text)
  })

  test('inserts above and below the own trace field', async () => {
    expect(await changed((names) => [names.insert(0, 'X', '1')])).toBe(`X: 1\r\n${text}`)
    expect(await changed((names) => [names.insert(1, 'X', '1')])).toBe(
      `${own}X: 1\r\n${text.slice(own.length)}`,
    )
  })

  test('counts on from change to change', async () => {
    const result = await changed((names) => [
      names.insert(0, 'Received', 'new'),
      names.delete(1, 'Received'),
      names.delete(1, 'Received'),
      names.change(1, 'Received', 'last'),
      names.append('Z', 'end'),
    ])
    expect(result).toBe(`${own}stray line\r\nA: 1\r\nReceived: last\r\nZ: end\r\n\r\nbody\r\n`)
  })
})

describe('fieldOctets', () => {
  test.each([
    ['A: b\r\n', false, 'b'],
    ['A: b\r\n', true, ' b'],
    ['A:  b\r\n', false, ' b'],
    ['A:\tb\r\n', false, '\tb'],
    ['A:b\r\n', true, 'b'],
    ['A: b\r\n c\r\n\td\r\n', false, 'b\n c\n\td'],
    ['A: b', false, 'b'],
    ['A:\r\n', false, ''],
    ['A: \xfc\0x\r\n', false, '\xfc x'],
    ['A : b\r\n', false, 'b'],
    ['A: 123456789012345678901234567890\r\n', false, '123456789012'],
  ])('%j, with the space: %j', async (source, keepsSpace, octets) => {
    const { fields } = await viewed(`${source}\r\n`)
    const [field] = fields
    if (field === undefined) throw new RangeError('no field')
    expect(fieldOctets(field, { keepsSpace, longest: 12 }).toString('latin1')).toBe(`${octets}\0`)
  })
})
