import { describe, expect, test } from 'vitest'
import { formatFor, takesGzip } from './negotiation.ts'

describe('the format', () => {
  test.each([
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/plain', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text; version=1.0.0; charset=utf-8', 'openmetrics'],
    ['application/openmetrics-text;version=0.0.1', 'text'],
    // What Prometheus sends.
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    ['application/openmetrics-text;q=0.2, text/plain;q=0.9', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=x', 'text'],
    [',;;=,;q=;,', 'text'],
    [`${'text/html,'.repeat(9_000)}application/openmetrics-text`, 'text'],
  ] as const)('for %j is %s', (accept, format) => {
    expect(formatFor(accept)).toBe(format)
  })
})

describe('gzip', () => {
  test.each([
    [undefined, false],
    ['', false],
    ['identity', false],
    ['gzip', true],
    ['br, GZIP;q=0.1', true],
    ['gzip;q=0', false],
    ['*', true],
    ['*;q=0', false],
    ['gzip;q=0, *', false],
  ])('for %j: %s', (header, taken) => {
    expect(takesGzip(header)).toBe(taken)
  })
})
