import type { Address, Edit, Transaction } from 'mailwright'
import { expect, test } from 'vitest'
import type { PolicyAction } from './action.ts'
import { Effects } from './effects.ts'

const at = (localPart: string): Address => ({ localPart, domain: 'here.example' })

/** The envelope's edits for a message to jo and anna, of which an earlier tap has sent a copy to archive. */
function edits(action: PolicyAction): readonly string[] {
  const effects = new Effects()
  effects.add(action)
  const transaction = { recipients: ['jo', 'anna'].map((name) => ({ forwardPath: at(name) })) }
  const earlier: readonly Edit[] = [{ kind: 'add-recipient', address: at('archive') }]
  return effects
    .edits(transaction as unknown as Transaction, earlier)
    .map((edit) => `${edit.kind} ${'address' in edit ? edit.address?.localPart : ''}`)
}

test('DISCARD takes the message from everybody', () => {
  expect(edits({ kind: 'discard', text: '' })).toEqual(['discard '])
})

test('REDIRECT leaves nobody else', () => {
  expect(edits({ kind: 'redirect', address: at('trap') })).toEqual(['redirect trap'])
})

test('BCC adds whom nobody has added', () => {
  expect(edits({ kind: 'bcc', address: at('trap') })).toEqual(['add-recipient trap'])
  expect(edits({ kind: 'bcc', address: at('archive') })).toEqual([])
})

test('the sender hears nothing of a BCC', () => {
  const effects = new Effects()
  effects.add({ kind: 'bcc', address: at('trap') })
  expect(effects.edits({ recipients: [] } as unknown as Transaction)).toEqual([
    { kind: 'add-recipient', address: at('trap'), parameters: { notify: ['NEVER'] } },
  ])
})

test('a message has at most 100 actions, those at its end among them', () => {
  const effects = new Effects()
  for (let asked = 0; asked < 80; asked += 1) effects.add({ kind: 'prepend', name: 'X', value: '1' })
  for (let asked = 0; asked < 80; asked += 1) effects.add({ kind: 'prepend', name: 'X', value: '2' }, true)
  expect([effects.fields([]).length, effects.lateFields([]).length]).toEqual([80, 20])
})
