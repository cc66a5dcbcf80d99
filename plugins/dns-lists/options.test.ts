import { expect, it } from 'vitest'
import { faultPathsOf } from '../../test/support/config-faults.ts'
import { parseOptions } from './options.ts'

const lists = [{ zone: 'Zen.Example' }]

it('have defaults', () => {
  expect(parseOptions({ lists })).toEqual({
    lists: [{ zone: 'zen.example', name: 'zen.example', of: 'client', score: 1, answers: [] }],
    threshold: 1,
    refuseAt: 'recipient',
    reachable: expect.objectContaining({ size: 2 }),
    roles: ['transfer'],
    exempt: [],
    ownClients: false,
    timeout: 10_000,
  })
})

it('load with what names nobody', () => {
  expect(parseOptions({ lists, reachable: ['nonsense here', 'postmaster@', '<>'] }).reachable.doubts).toEqual(
    ['`reachable`: "nonsense here" names nobody', '`reachable`: "<>" names nobody'],
  )
})

it.each<[object, readonly string[]]>([
  [{}, ['lists']],
  [{ lists: [{ zone: '[192.0.2.1]' }] }, ['lists[0].zone']],
  [{ lists: [{ zone: 'a.example', score: '1' }] }, ['lists[0].score']],
  [{ lists: [{ zone: 'a.example', answers: ['127.0.0.2', '127.0.0'] }] }, ['lists[0].answers[1]']],
  [{ lists: [{ zone: 'a.example', of: 'recipient' }] }, ['lists[0].of']],
  [{ lists, threshold: Number.NaN, roles: ['pop3'], exempt: ['x'] }, ['threshold', 'roles', 'exempt[0]']],
  [{ lists, treshold: 1 }, ['treshold']],
])('%j has faults at %j', (input, faults) => {
  expect(faultPathsOf(parseOptions, input)).toEqual(faults)
})
