import { bufferContent, summarise } from 'mailwright'
import { expect, it } from 'vitest'
import { knownSection } from './known-section.ts'
import type { Section } from './section.ts'
import { sectionContent } from './section-content.ts'

const octets = Buffer.from(
  'From: a@b\r\nReceived: x\r\nSubject: o\0e\r\n two\r\nfrom : c@d\r\n\r\nSubject: body',
)
const content = bufferContent(octets)

it.each([undefined, { start: 0, length: 5 }, { start: 20, length: 1_000 }, { start: 9_999, length: 1 }])(
  'says what the message says: %j',
  async (partial) => {
    const summary = await summarise(1, content)
    for (const fields of [['FROM'], ['subject', 'x'], ['Date'], ['from', 'SUBJECT', 'to']]) {
      const section: Section = { part: [], text: 'HEADER.FIELDS', fields }
      const read = await sectionContent(section, content, undefined, partial)
      const found = (await read?.read(0, read.size))?.toString('latin1')
      expect(knownSection(section, partial)?.(summary)).toBe(`{${found?.length}}\r\n${found}`)
    }
  },
)

it('knows no other sections', async () => {
  const unknown: readonly Section[] = [
    { part: [], text: undefined, fields: [] },
    { part: [], text: 'HEADER', fields: [] },
    { part: [], text: 'HEADER.FIELDS', fields: ['received'] },
    { part: [], text: 'HEADER.FIELDS.NOT', fields: ['subject'] },
    { part: [1], text: 'HEADER.FIELDS', fields: ['subject'] },
  ]
  for (const section of unknown) expect(knownSection(section)).toBeUndefined()
  const large = await summarise(1, bufferContent(Buffer.from(`X-Large: ${'x'.repeat(10_000)}\r\n\r\n`)))
  expect(knownSection({ part: [], text: 'HEADER.FIELDS', fields: ['x-large'] })?.(large)).toBeUndefined()
})
