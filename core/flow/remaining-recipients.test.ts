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
  const all: RecipientParameters = { notify: ['DELAY', 'FAILURE', 'SUCCESS'] }
  const success: RecipientParameters = { notify: ['SUCCESS'], originalRecipient: 'rfc822;a@example.org' }

  test.each<[string, readonly RecipientParameters[], readonly Edit[], RecipientParameters]>([
    ['none where the edit has none', [never], [add('c')], {}],
    ['those of the edit', [{}], [{ kind: 'add-recipient', address: at('c'), parameters: never }], never],
    ['those of the one that is redirected', [never], [redirect('c')], never],
    ['also where it was to be a copy', [success], [add('c'), redirect('C')], success],
    ['whatever the sender wants to hear of any', [success, {}], [redirect('c')], all],
    ['in any order', [never, {}, success], [redirect('c')], all],
    ['no failure where nobody wants that', [never, success], [redirect('c')], { notify: ['SUCCESS'] }],
    ['nothing where all are to be silent', [never, never], [redirect('c')], never],
    ['nothing said where nobody says anything', [{ originalRecipient: 'rfc822;b' }, {}], [redirect('c')], {}],
  ])('%s', (_, given, edits, expected) => {
    const those = given.map((parameters) => ({ parameters }))
    const { notify, ...others } = addedParameters(those, edits, at('c'))
    expect({ ...others, ...(notify && { notify: notify.toSorted() }) }).toEqual(expected)
  })

  test('one of them to whom all are redirected is not silent for all', () => {
    const [a, b] = [never, {}].map(
      (parameters, index): Recipient => ({
        ...(recipients[index] as Recipient),
        parameters: { ...parameters, originalRecipient: `rfc822;${index}` },
      }),
    )
    const remaining = remainingRecipients([a, b] as Recipient[], [redirect('a')])
    expect(remaining).toEqual([
      { ...a, parameters: { notify: ['FAILURE', 'DELAY'], originalRecipient: 'rfc822;0' } },
    ])
    expect(remainingRecipients([a, b] as Recipient[], [remove('b')])).toEqual([a])
  })
})
