import { describe, expect, test } from 'vitest'
import { createMessage } from '../message/create-message.ts'
import type { Address } from '../model/address/address.ts'
import { bufferContent } from '../model/content.ts'
import type { Edit, EditAction } from '../model/edit.ts'
import type { Recipient } from '../model/transaction.ts'
import { makeVariants } from './variants.ts'

const at = (localPart: string): Address => ({ localPart, domain: 'example.org' })
const recipients = ['a', 'b', 'c'].map(
  (name): Recipient => ({ forwardPath: at(name), parameters: {}, claimedBy: 'p/x', routes: [] }),
)
const message = await createMessage(bufferContent(Buffer.from('Subject: hi\r\n\r\nbody')))
const tag: EditAction = { kind: 'insert-field', name: 'X', value: '1' }
const quarantine: EditAction = { kind: 'quarantine', reason: 'virus' }

/** Each variant as `recipients: fields quarantine`. */
async function variants(...edits: readonly Edit[]): Promise<readonly string[]> {
  const made = await makeVariants(message, recipients, edits)
  return made.map(({ recipients: own, message: { header }, quarantine: reason = '' }) => {
    return `${own.map(({ forwardPath }) => forwardPath.localPart).join('')}: ${header.names.join(' ')} ${reason}`.trim()
  })
}

describe('makeVariants', () => {
  test('a changed reverse-path is for its recipients alone, and the last one holds', async () => {
    const made = await makeVariants(message, recipients, [
      { kind: 'change-reverse-path', address: at('first'), where: 'remote', recipients: [at('a')] },
      { kind: 'change-reverse-path', address: at('all'), recipients: [at('a'), at('b')] },
      { kind: 'change-reverse-path', address: null, where: 'remote', recipients: [at('b')] },
    ])
    expect(made).toEqual([
      { recipients: [recipients[0]], message, reversePath: at('all') },
      { recipients: [recipients[1]], message, reversePath: at('all'), remoteReversePath: null },
      { recipients: [recipients[2]], message },
    ])
  })

  test('without edits there is one, the message itself', async () => {
    const [only] = await makeVariants(message, recipients, [])
    expect(only).toEqual({ recipients, message })
    expect(only?.message).toBe(message)
  })

  test.each<[string, readonly Edit[], readonly string[]]>([
    ['one edit for all', [tag], ['abc: x subject']],
    ['one edit for one', [{ ...tag, recipients: [at('b')] }], ['ac: subject', 'b: x subject']],
    [
      'different edits',
      [
        { ...tag, recipients: [at('a'), at('c')] },
        { ...quarantine, recipients: [at('c')] },
      ],
      ['a: x subject', 'b: subject', 'c: x subject virus'],
    ],
    ['quarantine alone', [quarantine], ['abc: subject virus']],
    ['a removed recipient', [{ kind: 'remove-recipient', address: at('B') }], ['ac: subject']],
    [
      'edits of the envelope make no variants',
      [{ kind: 'add-recipient', address: at('z'), recipients: [at('a')] }],
      ['abc: subject'],
    ],
    [
      'edits for nobody',
      [
        { ...tag, recipients: [] },
        { ...tag, recipients: [at('z')] },
      ],
      ['abc: subject'],
    ],
  ])('%s', async (_, edits, result) => {
    expect(await variants(...edits)).toEqual(result)
  })

  test('all removed leaves none', async () => {
    expect(
      await variants(
        ...['a', 'b', 'c'].map((name): Edit => ({ kind: 'remove-recipient', address: at(name) })),
      ),
    ).toEqual([])
  })

  test('a quarantined message that nothing else changes is the message itself', async () => {
    const [only] = await makeVariants(message, recipients, [quarantine])
    expect(only?.message).toBe(message)
  })
})
