import type { StoreAbilities } from 'mailwright'
import type { ImapSession, ImapState } from 'mailwright/imap'
import { expect, test } from 'vitest'
import { afterLogin } from './after-login.ts'

const session = (state: ImapState, supports: Partial<StoreAbilities> = {}) =>
  ({ state, server: { store: { supports } } }) as unknown as ImapSession

test('capabilities are told of when somebody has logged in, and the store has all that they need', () => {
  const told = afterLogin(['A', 'B'], 'rights', 'metadata')
  const all = { rights: true, metadata: true }
  expect(told(session('not authenticated', all))).toEqual([])
  expect(told(session('authenticated', { rights: true, metadata: false }))).toEqual([])
  expect(told(session('authenticated', all))).toEqual(['A', 'B'])
  expect(told(session('selected', all))).toEqual(['A', 'B'])
  expect(afterLogin(['C'])(session('selected'))).toEqual(['C'])
})
