import { describe, expect, test } from 'vitest'
import { bufferContent } from './content.ts'
import { editFault } from './edit.ts'

const address = { localPart: 'jo', domain: 'example.org' }
const body = bufferContent(Buffer.from('body'))

describe('editFault', () => {
  test.each([
    { kind: 'insert-field', name: 'X-Spam', value: 'yes' },
    { kind: 'insert-field', name: 'X-Spam', value: '', position: 3 },
    { kind: 'insert-field', name: 'Subject', value: 'a\r\n b\r\n\tc' },
    { kind: 'insert-field', name: 'Subject', value: 'grüße' },
    { kind: 'change-field', name: 'Subject', occurrence: 1, value: 'x' },
    { kind: 'delete-field', name: 'X_!#', occurrence: 2 },
    { kind: 'replace-body', body },
    { kind: 'add-recipient', address },
    { kind: 'add-recipient', address, parameters: {} },
    { kind: 'add-recipient', address, parameters: { notify: ['NEVER'], originalRecipient: 'rfc822;jo@x' } },
    { kind: 'add-recipient', address, parameters: { notify: ['SUCCESS', 'DELAY'] } },
    { kind: 'add-recipient', address, parameters: { originalRecipient: 'utf-8;"jö b"@bücher.example' } },
    { kind: 'remove-recipient', address },
    { kind: 'change-reverse-path', address },
    { kind: 'change-reverse-path', address: null, where: 'remote' },
    { kind: 'quarantine', reason: 'virus', recipients: [address] },
    { kind: 'discard' },
    { kind: 'redirect', address },
  ])('%j is an edit', (edit) => {
    expect(editFault(edit)).toBeUndefined()
  })

  test.each([
    undefined,
    null,
    'quarantine',
    {},
    { kind: 'explode' },
    { kind: 1n },
    { kind: 'insert-field', name: '', value: 'x' },
    { kind: 'insert-field', name: 'A B', value: 'x' },
    { kind: 'insert-field', name: 'A:', value: 'x' },
    { kind: 'insert-field', name: 'Ä', value: 'x' },
    { kind: 'insert-field', name: 'x'.repeat(77), value: 'x' },
    { kind: 'insert-field', name: 'X', value: 1 },
    { kind: 'insert-field', name: 'X', value: 'a\r\nBcc: b' },
    { kind: 'insert-field', name: 'X', value: 'a\nb' },
    { kind: 'insert-field', name: 'X', value: 'a\rb' },
    { kind: 'insert-field', name: 'X', value: 'a\n b' },
    { kind: 'insert-field', name: 'X', value: 'a\r\n \r\n b' },
    { kind: 'insert-field', name: 'X', value: 'a\r\n ' },
    { kind: 'insert-field', name: 'X', value: 'a\0' },
    { kind: 'insert-field', name: 'X', value: 'x', position: -1 },
    { kind: 'insert-field', name: 'X', value: 'x', position: 1.5 },
    { kind: 'change-field', name: 'X', value: 'x' },
    { kind: 'change-field', name: 'X', value: 'x', occurrence: 0 },
    { kind: 'delete-field', name: 'X' },
    { kind: 'delete-field', occurrence: 1 },
    { kind: 'replace-body' },
    { kind: 'replace-body', body: Buffer.from('x') },
    { kind: 'replace-body', body: { ...body, size: 'large' } },
    { kind: 'add-recipient', address: 'jo@example.org' },
    { kind: 'add-recipient', address: { localPart: 'a\r\nb', domain: 'example.org' } },
    { kind: 'add-recipient', address, parameters: 'NOTIFY=NEVER' },
    { kind: 'add-recipient', address, parameters: { notify: [] } },
    { kind: 'add-recipient', address, parameters: { notify: ['never'] } },
    { kind: 'add-recipient', address, parameters: { notify: ['NEVER', 'DELAY'] } },
    { kind: 'add-recipient', address, parameters: { notify: ['DELAY', 'NEVER'] } },
    { kind: 'add-recipient', address, parameters: { originalRecipient: 1 } },
    ...['', 'jo@x', ';jo@x', 'rfc822;', 'rfc 822;jo@x', 'a\r\nRCPT TO:<z@z>;b', 'rfc822;a\r\nb', 'a;b\0'].map(
      (originalRecipient) => ({ kind: 'add-recipient', address, parameters: { originalRecipient } }),
    ),
    { kind: 'remove-recipient' },
    { kind: 'change-reverse-path' },
    { kind: 'change-reverse-path', address: { localPart: 'a\r\nb', domain: 'example.org' } },
    { kind: 'change-reverse-path', address, where: 'local' },
    { kind: 'quarantine' },
    { kind: 'quarantine', reason: 'x', recipients: address },
    { kind: 'discard', recipients: [address] },
    { kind: 'redirect' },
    { kind: 'redirect', address: null },
    { kind: 'redirect', address, recipients: [address] },
    { kind: 'quarantine', reason: 'x', recipients: ['jo@example.org'] },
  ])('edit %# is none', (edit) => {
    expect(editFault(edit)).toEqual(expect.any(String))
  })

  test('long values of blanks and breaks are judged', () => {
    for (const value of [
      ' '.repeat(1_000_000),
      '\r\n '.repeat(300_000),
      `\r\n${' '.repeat(1_000_000)}`,
      '\r\n x'.repeat(250_000),
    ])
      expect([undefined, expect.any(String)]).toContainEqual(
        editFault({ kind: 'insert-field', name: 'X', value }),
      )
  })
})
