import type { Certificate, Certificates } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { generate } from 'selfsigned'
import { beforeAll, expect, test } from 'vitest'
import { CertificateFigures } from './certificate-figures.ts'

const day = 86_400_000
const start = Date.UTC(2026, 0, 1)
let certificate: Certificate

beforeAll(async () => {
  const made = await generate([{ name: 'commonName', value: 'mail.example.org' }], {
    keyType: 'ec',
    notBeforeDate: new Date(start),
    notAfterDate: new Date(start + 30 * day),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'mx.example.org' }] }],
  })
  certificate = { key: made.private, chain: made.cert }
})

function figures(days: number, forName: Certificates['forName'] = async () => certificate) {
  const service: Certificates = { forName, onChange: () => () => undefined }
  return new CertificateFigures(service, 'mail.example.org', fakeClock(start + days * day))
}

test.each([
  [0, undefined, undefined],
  [15.9, undefined, undefined],
  [16, 'warn', /within 14 days/],
  [27.5, 'warn', /within 3 days/],
  [28, 'fail', /within 2 days/],
  [30, 'fail', /has expired/],
  [99, 'fail', /has expired/],
] as const)('after %d of 30 days: %s', async (days, state, reason) => {
  const problem = await figures(days).check(2)
  expect(problem?.state).toBe(state)
  if (reason !== undefined) expect(problem?.reason).toMatch(reason)
})

test('what cannot be read fails', async () => {
  await expect(figures(0, async () => ({ key: '', chain: 'none' })).check(2)).rejects.toThrow()
  await expect(figures(0, () => Promise.reject(new Error('away'))).check(2)).rejects.toThrow('away')
})
