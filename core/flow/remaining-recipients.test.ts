import { describe, expect, test } from 'vitest'
import type { Address } from '../model/address/address.ts'
import type { Edit } from '../model/edit.ts'
import type { Recipient, RecipientParameters } from '../model/transaction.ts'
import { addedAddresses, addedParameters, remainingRecipients } from './remaining-recipients.ts'

const at = (localPart: string): Address => ({ localPart, domain: 'example.org' })
const recipients = ['a', 'b'].map(
  (name): Recipient => ({ forwardPath: at(name), parameters: {}, claimedBy: 'p/x', routes: [] }),
)
const add = (name: string): Edit => ({ kind: 'add-recipient', address: at(name) })
const remove = (name: string): Edit => ({ kind: 'remove-recipient', address: at(name) })
const redirect = (name: string): Edit => ({ kind: 'redirect', address: at(name) })
const discard: Edit = { kind: 'discard' }

describe('of the recipients a and b', () => {
  test.each<[string, readonly Edit[], remaining: string, added: string]>([
    ['without edits', [], 'ab', ''],
    ['one is added, twice, and one who is there', [add('c'), add('C'), add('A')], 'ab', 'c'],
    ['one is removed', [remove('B')], 'a', ''],
    ['one who was added is removed', [add('c'), remove('c')], 'ab', ''],
    ['one is removed for another', [{ ...remove('a'), recipients: [at('b')] }], 'ab', ''],
    ['all are discarded', [discard], '', ''],
    ['and whoever is added', [add('c'), discard, add('d'), redirect('e')], '', ''],
    ['all are redirected', [redirect('c')], '', 'c'],
    ['and whoever is added', [add('c'), redirect('d'), add('e'), remove('d')], '', 'd'],
    ['to one of them', [redirect('B'), add('c')], 'b', ''],
    ['the last one holds', [redirect('a'), redirect('c')], '', 'c'],
  ])('%s', (_, edits, remaining, added) => {
    const names = remainingRecipients(recipients, edits).map(({ forwardPath }) => forwardPath.localPart)
    expect(names.join('')).toBe(remaining)
    expect(
      addedAddresses(recipients, edits)
        .map(({ localPart }) => localPart)
        .join(''),
    ).toBe(added)
  })
})

describe('parameters of one who is added', () => {
  const never: RecipientParameters = { notify: ['NEVER'] }
  const success: RecipientParameters = { notify: ['SUCCESS'], originalRecipient: 'rfc822;a@example.org' }

  test.each<[string, readonly RecipientParameters[], readonly Edit[], RecipientParameters]>([
    ['none where the edit has none', [never], [add('c')], {}],
    ['those of the edit', [{}], [{ kind: 'add-recipient', address: at('c'), parameters: never }], never],
    ['those of the one that is redirected', [never], [redirect('c')], never],
    ['also where it was to be a copy', [success], [add('c'), redirect('C')], success],
    ['those of one whom the sender wants to hear of', [never, success, {}], [redirect('c')], success],
  ])('%s', (_, given, edits, expected) => {
    const those = given.map((parameters) => ({ parameters }))
    expect(addedParameters(those, edits, at('c'))).toEqual(expected)
  })
})
