import { describe, expect, test } from 'vitest'
import type { RecipientParameters } from '../model/transaction.ts'
import { parametersForEach } from './several-targets.ts'

describe('what goes on with each of several targets', () => {
  test.each<[RecipientParameters['notify'], RecipientParameters['notify']]>([
    [['SUCCESS'], ['NEVER']],
    [
      ['SUCCESS', 'FAILURE', 'DELAY'],
      ['FAILURE', 'DELAY'],
    ],
    [['FAILURE'], ['FAILURE']],
    [['NEVER'], ['NEVER']],
  ])('NOTIFY %j is %j', (notify, expected) => {
    const parameters = { notify, originalRecipient: 'rfc822;info@here.example' } as RecipientParameters
    expect(parametersForEach(parameters, 2)).toEqual({ ...parameters, notify: expected })
    expect(parametersForEach(parameters, 1)).toBe(parameters)
  })

  test('nothing is said where nothing was', () => {
    expect(parametersForEach({}, 3)).toEqual({})
  })
})
