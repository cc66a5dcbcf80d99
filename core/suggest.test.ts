import { describe, expect, test } from 'vitest'
import { didYouMean, nearest } from './suggest.ts'

describe('nearest', () => {
  test.each([
    ['prot', ['port', 'host'], 'port'],
    ['maxConections', ['maxConnections', 'maxErrors'], 'maxConnections'],
    ['PORT', ['port'], 'port'],
    ['x', ['y', 'xy'], 'y'],
    ['hostname', ['host', 'hostnames'], 'hostnames'],
    ['teh', ['the', 'ten'], 'the'],
  ])('%s among %j means %s', (written, candidates, meant) => {
    expect(nearest(written, candidates)).toBe(meant)
  })

  test.each([
    ['banner', ['port', 'host']],
    ['ab', ['wxyz']],
    ['port', []],
    ['x'.repeat(41), ['x'.repeat(41)]],
    ['x'.repeat(40), ['x'.repeat(41)]],
  ])('%s among %j means nothing', (written, candidates) => {
    expect(nearest(written, candidates)).toBeUndefined()
  })

  test('takes the first of two that are equally near', () => {
    expect(nearest('pot', ['port', 'post'])).toBe('port')
  })
})

describe('didYouMean', () => {
  test('asks, or is silent', () => {
    expect(didYouMean('prot', ['port'])).toBe('did you mean "port"?')
    expect(didYouMean('prot', ['quite another'])).toBeUndefined()
  })
})
