import { bufferContent } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { type OctetFacts, octetFacts } from './octet-facts.ts'

const chunk = 256 * 1024
const none: OctetFacts = { hasNul: false, hasBareLf: false, hasBareCr: false, hasRawHeader: false }

function factsOf(text: string): Promise<OctetFacts> {
  return octetFacts(bufferContent(Buffer.from(text, 'latin1')))
}

/** A message whose octets around the end of the first chunk are these: `|` stands for that end. */
function around(octets: string): string {
  const [before = '', behind = ''] = octets.split('|')
  return `A: b\r\n\r\n${'x'.repeat(chunk - 8 - before.length)}${before}${behind}`
}

describe('octetFacts', () => {
  it.each<[string, Partial<OctetFacts>]>([
    ['', {}],
    ['A: b\r\n\r\nc\r\n', {}],
    ['A: b\r\n\r\n\0', { hasNul: true }],
    ['A: b\n\r\nc', { hasBareLf: true }],
    ['\n', { hasBareLf: true }],
    ['A: b\r\n\r\nc\r', { hasBareCr: true }],
    ['A: b\r\r\n\r\n', { hasBareCr: true }],
    ['A: b\r\n\r\nc\n\rd', { hasBareLf: true, hasBareCr: true }],
    ['A: \xe4\r\n\r\n', { hasRawHeader: true }],
    ['A: \xe4', { hasRawHeader: true }],
    ['A: b\r\n\r\n\xe4', {}],
    ['A: b\n\n\xe4', { hasBareLf: true }],
    ['\r\n\xe4', {}],
    ['A: b\r\n \xe4\r\n\r\n', { hasRawHeader: true }],
  ])('of %j', async (text, facts) => {
    expect(await factsOf(text)).toEqual({ ...none, ...facts })
  })

  it.each<[string, Partial<OctetFacts>]>([
    ['\r|\n', {}],
    ['\r|', { hasBareCr: true }],
    ['\r|x', { hasBareCr: true }],
    ['|\n', { hasBareLf: true }],
    ['x|\n\r', { hasBareLf: true, hasBareCr: true }],
    ['\r\n|\n', { hasBareLf: true }],
    ['|\0', { hasNul: true }],
    ['|\xe4', {}],
  ])('of %j at the end of a chunk', async (octets, facts) => {
    expect(await factsOf(around(octets))).toEqual({ ...none, ...facts })
  })

  it.each<[string, Partial<OctetFacts>]>([
    ['\r\n|\r\n\xe4', {}],
    ['\r|\n\r\n\xe4', {}],
    ['\r\n\r|\n\xe4', {}],
    ['\r\n\r\n|\xe4', {}],
    ['\r\n|A: \xe4', { hasRawHeader: true }],
    ['|\xe4\r\n\r\n', { hasRawHeader: true }],
  ])('of a header that ends or goes on as %j around the end of a chunk', async (octets, facts) => {
    const [before = '', behind = ''] = octets.split('|')
    const header = `A: ${'x'.repeat(chunk - 3 - before.length)}${before}${behind}`
    expect(await factsOf(header)).toEqual({ ...none, ...facts })
  })
})
